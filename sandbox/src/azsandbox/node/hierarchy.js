"use strict";
/*
 * Lists of blobs in accounts with a hierarchical namespace, which the front names by a header.
 *
 * A directory is a thing of its own there: without a delimiter it is listed as a blob without bytes (learn.microsoft.com/
 * rest/api/storageservices/list-blobs), with one as a prefix alone, empty or not (cloudyr/AzureStor, its tests). The
 * same page: from version 2020-10-02 on each path has a ResourceType, `file` or `directory`.
 */
const HEADER = "azsandbox-hns";
const TYPED_SINCE = "2020-10-02";

function install(azurite) {
  const { BlobPropertiesInternal } = azurite("blob/generated/artifacts/mappers");
  BlobPropertiesInternal.type.modelProperties.resourceType = { xmlName: "ResourceType", serializedName: "ResourceType", type: { name: "String" } };
  const Store = azurite("blob/persistence/LokiBlobMetadataStore").default.prototype;
  const list = Store.listBlobs;
  Store.listBlobs = async function listed(context, account, container, delimiter, ...rest) {
    const [found, prefixes, next] = await list.call(this, context, account, container, delimiter, ...rest);
    const request = context.request;
    if (!request.getHeader(HEADER)) {
      return [found, prefixes, next];
    }
    const version = request.getHeader("x-ms-version") || request.getQuery("sv") || "";
    const blobs = version < TYPED_SINCE ? found : found.map(typed);
    if (!delimiter) {
      return [blobs, prefixes, next];
    }
    const names = new Set(prefixes.map((each) => each.name));
    blobs.filter(isDirectory).forEach((each) => names.add(each.name + delimiter));
    return [blobs.filter((each) => !isDirectory(each)), [...names].sort().map((name) => ({ name })), next];
  };
}

function typed(blob) {
  return { ...blob, properties: { ...blob.properties, resourceType: isDirectory(blob) ? "directory" : "file" } };
}

function isDirectory(blob) {
  return Object.entries(blob.metadata || {}).some(([name, value]) => name.toLowerCase() === "hdi_isfolder" && value === "true");
}

module.exports = { install };
