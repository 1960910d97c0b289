"use strict";
/*
 * What Azurite lacks and Azure has, added on top of its own stores.
 *
 * - Put Blob From URL, which Azurite answers with "not implemented"; its source may be a blob of any type, its target is
 *   a block blob (learn.microsoft.com/azure/storage/blobs/storage-blob-copy-url-python, "About copying blobs");
 * - Put Block From URL and Copy Blob from any account, with any authorization: the front has already asked for the
 *   source with the source's authorization when such a request arrives here, so that here it is only read;
 * - requests count as HTTPS, which they were when they reached the front;
 * - two answers that differ from Azure's are put right;
 * - blobs are looked up by their name first, not by their account.
 *
 * A copied blob refers to the bytes of its source, as Azurite's own copies do: bytes are never changed in place.
 */
const crypto = require("crypto");
const { USES } = require("./keys");
const { refuseLarge, LARGEST_COPY, LARGEST_BLOCK } = require("./limits");

function install(azurite, lokijs) {
  const Adapter = azurite("blob/generated/ExpressRequestAdapter").default;
  Adapter.prototype.getProtocol = () => "https";
  Adapter.prototype.getEndpoint = function endpoint() {
    return `https://${this.getHeader("host")}`;
  };
  const BlobHandler = azurite("blob/handlers/BlobHandler").default;
  BlobHandler.prototype.validateCopySource = async () => {};
  withoutInventedMd5(BlobHandler);
  withoutUnaskedCrc64(azurite);
  refusingWrongSignatures(azurite);
  findingByName(lokijs);
  const BlockBlobHandler = azurite("blob/handlers/BlockBlobHandler").default;
  const tools = toolbox(azurite);
  BlockBlobHandler.prototype.putBlobFromUrl = function put(contentLength, copySource, options, context) {
    return putBlobFromUrl(this, tools, copySource, options, context);
  };
  BlockBlobHandler.prototype.stageBlockFromURL = function stage(blockId, contentLength, source, options, context) {
    return stageBlockFromUrl(this, tools, blockId, source, options, context);
  };
  require("./ranges").install(azurite, { tools, sourceOf, rangeOf, pieceOf });
}

function toolbox(azurite) {
  return {
    errors: azurite("blob/errors/StorageErrorFactory").default,
    StorageError: azurite("blob/errors/StorageError").default,
    Context: azurite("blob/context/BlobStorageContext").default,
    parts: azurite("blob/middlewares/blobStorageContext.middleware").extractStoragePartsFromPath,
    readConditions: azurite("blob/conditions/ReadConditionalHeadersValidator").validateReadConditions,
    checksums: azurite("blob/utils/utils").computeAndValidateTransactionalChecksums,
    tagsOf: azurite("blob/utils/utils").getTagsFromString,
    pages: new (azurite("blob/handlers/PageBlobRangesManager").default)(),
    ...azurite("common/utils/utils"),
  };
}

/* Azurite answers a read of a blob that has no Content-MD5 with one of its own making; Azure does not. */
function withoutInventedMd5(BlobHandler) {
  for (const name of ["downloadBlockBlobOrAppendBlob", "downloadPageBlob"]) {
    const download = BlobHandler.prototype[name];
    BlobHandler.prototype[name] = async function honest(options, context, blob) {
      const answer = await download.call(this, options, context, blob);
      if (!context.request.getHeader("x-ms-range-get-content-md5")) {
        answer.contentMD5 = answer.contentRange ? undefined : blob.properties.contentMD5;
      }
      return answer;
    };
  }
}

/* A CRC-64 in JavaScript takes longer than all else of an upload; it is computed for those who send one. */
function withoutUnaskedCrc64(azurite) {
  const utilities = azurite("common/utils/utils");
  const compute = utilities.computeTransactionalChecksums;
  utilities.computeTransactionalChecksums = (stream, expected, force) =>
    compute(stream, expected, { ...force, crc64: false });
}

/* Azurite answers a wrong shared-key signature as a malformed bearer token, with 400; Azure with 403. */
function refusingWrongSignatures(azurite) {
  const Authenticator = azurite("blob/authentication/BlobTokenAuthenticator").default;
  const errors = azurite("blob/errors/StorageErrorFactory").default;
  const validate = Authenticator.prototype.validate;
  Authenticator.prototype.validate = async function checked(request, context) {
    if ((request.getHeader("authorization") || "").startsWith("SharedKey")) {
      throw errors.getAuthenticationFailed(context.contextId,
        "The MAC signature found in the HTTP request is not the same as any computed signature.");
    }
    return validate.call(this, request, context);
  };
}

/*
 * Azurite's queries name account, container and blob, and its database takes an index for the first of them only: each
 * call would look at every blob of the account. A listing by prefix has no index at all. With the name in front, calls
 * take as long with a hundred thousand blobs as with ten, as in Azure.
 */
function findingByName({ Resultset }) {
  const find = Resultset.prototype.find;
  Resultset.prototype.find = function findSelective(query, firstOnly) {
    const fresh = !this.filterInitialized && query !== null && typeof query === "object";
    const key = fresh ? ["blobName", "name"].find((name) => query[name] !== undefined) : undefined;
    if (key === undefined || Object.keys(query).length < 2 || !this.collection.binaryIndices[key]) {
      return find.call(this, query, firstOnly);
    }
    const { [key]: wanted, ...rest } = query;
    return find.call(this, { $and: [...selective(key, wanted), rest] }, firstOnly);
  };
}

/* What an index can answer of a condition on a name, before the condition itself. */
function selective(key, wanted) {
  const prefix = /^\^((?:[^\\^$.*+?()[\]{}|]|\\.)*)$/.exec((wanted && wanted.$regex) || "");
  const text = prefix ? prefix[1].replace(/\\(.)/g, "$1") : "";
  // The index has all that could be a number in an order of its own: nothing with a slash could.
  return text.includes("/") ? [{ [key]: { $between: [text, `${text}\uffff`] } }, { [key]: wanted }] : [{ [key]: wanted }];
}

async function sourceOf(handler, tools, copySource, options, context) {
  const url = new URL(copySource);
  const [account, container, blob] = tools.parts(url.hostname, url.pathname, false);
  const snapshot = url.searchParams.get("snapshot") || "";
  const document = await handler.metadataStore.getBlobWithLeaseUpdated(
    account, container, blob, snapshot, context, true, true);
  const asked = options.sourceModifiedAccessConditions || {};
  tools.readConditions(context, {
    ifModifiedSince: asked.sourceIfModifiedSince, ifUnmodifiedSince: asked.sourceIfUnmodifiedSince,
    ifMatch: asked.sourceIfMatch, ifNoneMatch: asked.sourceIfNoneMatch, ifTags: asked.sourceIfTags,
  }, document, true);
  if (document.properties.accessTier === "Archive") {
    throw tools.errors.getBlobArchived(context.contextId);
  }
  if (document.properties.customerProvidedKeySha256) {
    throw new tools.StorageError(409, ...USES, context.contextId);
  }
  return document;
}

/* The bytes of a blob; where pages of a page blob were never written, zeros. */
function chunksOf(document, tools) {
  const length = document.properties.contentLength;
  if (document.properties.blobType === "PageBlob") {
    const ranges = length > 0 ? tools.pages.fillZeroRanges(document.pageRangesInOrder || [], { start: 0, end: length - 1 }) : [];
    return ranges.map((range) => range.persistency);
  }
  const blocks = document.committedBlocksInOrder;
  if (blocks && blocks.length > 0) {
    return blocks.map((block) => block.persistency);
  }
  return document.persistency ? [document.persistency] : [];
}

/* The bytes must be what the caller says they are: 400 Md5Mismatch is what the service answers otherwise. */
async function checkMd5(handler, tools, document, expected, context) {
  const stream = await handler.extentStore.readExtents(
    chunksOf(document, tools), 0, document.properties.contentLength, context.contextId);
  const hash = crypto.createHash("md5");
  for await (const piece of stream) {
    hash.update(piece);
  }
  const actual = hash.digest("base64");
  if (actual !== Buffer.from(expected).toString("base64")) {
    throw new tools.StorageError(400, "Md5Mismatch",
      "The MD5 value specified in the request did not match with the MD5 value calculated by the server.",
      context.contextId, { UserSpecifiedMd5: Buffer.from(expected).toString("base64"), ServerCalculatedMd5: actual });
  }
}

/*
 * The headers of the source unless the request has its own: those that learn.microsoft.com/rest/api/storageservices/
 * put-blob-from-url lists, Content-Language not among them.
 * Inferred (AZ-BLOB-15): Content-MD5 too, a label and no proof.
 */
function contentHeaders(source, options, context) {
  const asked = options.blobHTTPHeaders || {};
  const wanted = context.request.getHeader("x-ms-copy-source-blob-properties");
  const inherited = wanted !== undefined && wanted.toLowerCase() === "false" ? {} : source.properties;
  return {
    contentType: asked.blobContentType || inherited.contentType || "application/octet-stream",
    contentEncoding: asked.blobContentEncoding || inherited.contentEncoding,
    contentLanguage: asked.blobContentLanguage,
    contentDisposition: asked.blobContentDisposition || inherited.contentDisposition,
    cacheControl: asked.blobCacheControl || inherited.cacheControl,
    contentMD5: asked.blobContentMD5 || inherited.contentMD5,
  };
}

function tagsFor(tools, source, options, context) {
  const copy = (context.request.getHeader("x-ms-copy-source-tag-option") || "").toUpperCase() === "COPY";
  if (copy && options.blobTagsString !== undefined) {
    throw tools.errors.getBothUserTagsAndSourceTagsCopyPresentException(context.contextId);
  }
  if (copy) {
    return source.blobTags;
  }
  return options.blobTagsString === undefined ? undefined : tools.tagsOf(options.blobTagsString, context.contextId);
}

function tierFor(handler, tools, options, context) {
  if (options.tier === undefined) {
    return { accessTier: "Hot", accessTierInferred: true };
  }
  const accessTier = handler.parseTier(options.tier);
  if (accessTier === undefined) {
    throw tools.errors.getInvalidHeaderValue(
      context.contextId, { HeaderName: "x-ms-access-tier", HeaderValue: `${options.tier}` });
  }
  return { accessTier, accessTierInferred: false };
}

/* Where the bytes of a copy lie: with its source's, but the pages of a page blob, which are put into one piece. */
async function contentOf(handler, tools, source, context) {
  const length = source.properties.contentLength;
  if (source.properties.blobType !== "PageBlob") {
    return { persistency: source.persistency, committedBlocksInOrder: source.committedBlocksInOrder };
  }
  return { persistency: length > 0 ? await pieceOf(handler, tools, source, 0, length, context) : undefined };
}

async function putBlobFromUrl(handler, tools, copySource, options, context) {
  const target = new tools.Context(context);
  const source = await sourceOf(handler, tools, copySource, options, context);
  refuseLarge(tools, source.properties.contentLength, LARGEST_COPY, context);
  if (options.sourceContentMD5 !== undefined) {
    await checkMd5(handler, tools, source, options.sourceContentMD5, context);
  }
  const date = context.startTime;
  const properties = {
    creationTime: date, lastModified: date, etag: tools.newEtag(), contentLength: source.properties.contentLength,
    ...contentHeaders(source, options, context), ...tierFor(handler, tools, options, context),
    blobType: "BlockBlob", leaseStatus: "unlocked", leaseState: "available", serverEncrypted: true,
    accessTierChangeTime: date,
  };
  await handler.metadataStore.createBlob(context, {
    deleted: false, snapshot: "", isCommitted: true, properties,
    metadata: tools.convertRawHeadersToMetadata(target.request.getRawHeaders(), context.contextId),
    accountName: target.account, containerName: target.container, name: target.blob,
    ...await contentOf(handler, tools, source, context),
    blobTags: tagsFor(tools, source, options, context),
  }, options.leaseAccessConditions, options.modifiedAccessConditions);
  return {
    statusCode: 201, eTag: properties.etag, lastModified: date, contentMD5: properties.contentMD5,
    requestId: target.contextId, version: target.request.getHeader("x-ms-version"), date,
    isServerEncrypted: true, clientRequestId: options.requestId,
  };
}

/* First byte and number of bytes; a range that reaches over the end is cut, as the service does. */
function rangeOf(tools, document, asked, context) {
  const length = document.properties.contentLength;
  if (asked === undefined) {
    return [0, length];
  }
  const match = /^bytes=(\d+)-(\d*)$/.exec(asked);
  const first = match ? Number(match[1]) : -1;
  const last = match && match[2] !== "" ? Math.min(Number(match[2]), length - 1) : length - 1;
  if (!match || last < first) {
    throw tools.errors.getInvalidHeaderValue(
      context.contextId, { HeaderName: "x-ms-source-range", HeaderValue: asked });
  }
  return [first, last - first + 1];
}

/* Bytes of a range: shared where they lie in one piece, else copied into one. */
async function pieceOf(handler, tools, document, first, count, context) {
  let start = 0;
  const chunks = chunksOf(document, tools);
  for (const chunk of document.properties.blobType === "PageBlob" ? [] : chunks) {
    if (first >= start && first + count <= start + chunk.count) {
      return { id: chunk.id, offset: chunk.offset + first - start, count };
    }
    start += chunk.count;
  }
  const stream = await handler.extentStore.readExtents(chunks, first, count, context.contextId);
  return handler.extentStore.appendExtent(stream, context.contextId);
}

async function stageBlockFromUrl(handler, tools, blockId, copySource, options, context) {
  const target = new tools.Context(context);
  handler.validateBlockId(blockId, target);
  await handler.metadataStore.checkContainerExist(context, target.account, target.container);
  const source = await sourceOf(handler, tools, copySource, options, context);
  const [first, count] = rangeOf(tools, source, options.sourceRange, context);
  refuseLarge(tools, count, LARGEST_BLOCK, context);
  const persistency = await pieceOf(handler, tools, source, first, count, context);
  const stream = await handler.extentStore.readExtent(persistency, context.contextId);
  const sums = await tools.checksums(
    stream, { md5: options.sourceContentMD5, crc64: options.sourceContentcrc64 },
    context.contextId, { md5: true, crc64: options.sourceContentMD5 === undefined });
  await handler.metadataStore.stageBlock(context, {
    accountName: target.account, containerName: target.container, blobName: target.blob,
    isCommitted: false, name: blockId, size: count, persistency,
  }, options.leaseAccessConditions);
  return {
    statusCode: 201, contentMD5: sums.md5, xMsContentCrc64: sums.crc64, requestId: target.contextId,
    version: target.request.getHeader("x-ms-version"), date: context.startTime,
    isServerEncrypted: true, clientRequestId: options.requestId,
  };
}

module.exports = { install };
