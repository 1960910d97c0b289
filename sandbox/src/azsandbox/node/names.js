"use strict";
/*
 * Names that XML cannot hold, in lists of blobs.
 *
 * Since version 2021-02-12 names, prefixes and delimiters with U+FFFE or U+FFFF are percent-encoded as a whole and their
 * element says Encoded="true" (Azure/azure-rest-api-specs#16140, Azure/azure-sdk-for-net#24198). Earlier versions wrote
 * what no reader of XML takes. A marker is opaque, as in Azure, so that it needs no such care.
 */
const crypto = require("crypto");

const UNHOLDABLE = /[\ufffe\uffff]/g;
const SINCE = "2021-02-12";
// Stand for what is put into the text once it is written, since the writer refuses such characters itself.
const MARK = crypto.randomUUID();
const RAW = { "\ufffe": `${MARK}-e`, "\uffff": `${MARK}-f` };
const MARKER = "2!";

function install(azurite) {
  const xml = azurite("blob/generated/utils/xml");
  const stringify = xml.stringifyXML;
  xml.stringifyXML = (...given) => finished(stringify(...given));

  const ContainerHandler = azurite("blob/handlers/ContainerHandler").default;
  const { listBlobFlatSegment: flat, listBlobHierarchySegment: deep } = ContainerHandler.prototype;
  ContainerHandler.prototype.listBlobFlatSegment = async function list(options, context) {
    return held(await flat.call(this, { ...options, marker: opened(options.marker) }, context), options, context);
  };
  ContainerHandler.prototype.listBlobHierarchySegment = async function list(delimiter, options, context) {
    const given = { ...options, marker: opened(options.marker) };
    return held(await deep.call(this, delimiter, given, context), options, context);
  };
}

function finished(text) {
  return text.includes(MARK)
    ? text.replaceAll(RAW["\ufffe"], "\ufffe").replaceAll(RAW["\uffff"], "\uffff").replaceAll(`>${MARK}`, ' Encoded="true">')
    : text;
}

/* The answer as XML can hold it. */
function held(answer, options, context) {
  answer.marker = options.marker || "";
  answer.nextMarker = answer.nextMarker && MARKER + Buffer.from(answer.nextMarker).toString("base64");
  const version = context.request.getHeader("x-ms-version") || context.request.getQuery("sv") || "";
  const shown = (name) => (version < SINCE ? name?.replace(UNHOLDABLE, (one) => RAW[one]) : encoded(name));
  for (const name of ["prefix", "delimiter"]) {
    answer[name] = shown(answer[name]);
  }
  for (const each of ["blobItems", "blobPrefixes"]) {
    answer.segment[each] = answer.segment[each]?.map((item) => ({ ...item, name: shown(item.name) }));
  }
  return answer;
}

function encoded(name) {
  return name && name.search(UNHOLDABLE) >= 0 ? MARK + name.split("/").map(encodeURIComponent).join("/") : name;
}

function opened(marker) {
  return marker?.startsWith(MARKER) ? Buffer.from(marker.slice(MARKER.length), "base64").toString() : marker;
}

module.exports = { install };
