"use strict";
/*
 * Lists of blobs in accounts with a hierarchical namespace, which the front names by a header.
 *
 * A directory is a thing of its own there: without a delimiter it is listed as a blob without bytes (learn.microsoft.com/
 * rest/api/storageservices/list-blobs), with one as a prefix alone, empty or not (cloudyr/AzureStor, its tests).
 */
const HEADER = "azsandbox-hns";

function install(azurite) {
  const Store = azurite("blob/persistence/LokiBlobMetadataStore").default.prototype;
  const list = Store.listBlobs;
  Store.listBlobs = async function listed(context, account, container, delimiter, ...rest) {
    const [blobs, prefixes, next] = await list.call(this, context, account, container, delimiter, ...rest);
    if (!delimiter || !context.request.getHeader(HEADER)) {
      return [blobs, prefixes, next];
    }
    const names = new Set(prefixes.map((each) => each.name));
    blobs.filter(isDirectory).forEach((each) => names.add(each.name + delimiter));
    return [blobs.filter((each) => !isDirectory(each)), [...names].sort().map((name) => ({ name })), next];
  };
}

function isDirectory(blob) {
  return Object.entries(blob.metadata || {}).some(([name, value]) => name.toLowerCase() === "hdi_isfolder" && value === "true");
}

module.exports = { install };
