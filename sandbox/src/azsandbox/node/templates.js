"use strict";
/*
 * Which operation a request is for, found at a tenth of the cost.
 *
 * Azurite holds each request against some seventy operations, whose paths follow a handful of templates, and reads the
 * template anew for each. Whether a path follows one is asked of Azurite once for each template; the answers are kept
 * until another path is asked about.
 */
function install(azurite) {
  const utils = azurite("blob/generated/utils/utils");
  const matches = utils.isURITemplateMatch;
  let path;
  let known = new Map();
  utils.isURITemplateMatch = (url, template) => {
    if (url !== path) {
      path = url;
      known = new Map();
    }
    if (!known.has(template)) {
      known.set(template, matches(url, template));
    }
    return known.get(template);
  };
}

module.exports = { install };
