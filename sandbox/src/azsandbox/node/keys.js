"use strict";
/*
 * Keys that clients send along (customer-provided keys), which Azurite does not know: a blob that was written with one is
 * read, and changed, with that very key only, and shown by the key's SHA-256.
 *
 * Headers, and the 409 without them: learn.microsoft.com/azure/storage/blobs/encryption-customer-provided-keys. Codes and
 * texts are recorded (Azure/azure-sdk-for-js, storage-blob and storage-file-datalake), and that HTTP headers are set
 * without the key. What a list shows: its page, and Metadata with the attribute Encrypted where there is any. Inferred
 * (AZ-BLOB-16): Put Blob overwrites a blob of another key, or of none; snapshots, which were recorded without the key,
 * take it where it is the blob's. Inferred (AZ-LOCAL-5): what wrong headers, and a copy of such a blob, are answered.
 */
const crypto = require("crypto");

const USES = ["BlobUsesCustomerSpecifiedEncryption",
  "The blob is encrypted with customer specified encryption, but it was not provided in the request."];
const USES_NOT = ["BlobDoesNotUseCustomerSpecifiedEncryption",
  "The blob is not encrypted with customer specified encryption, but one was provided in the request."];
const MISMATCH = ["BlobCustomerSpecifiedEncryptionMismatch",
  "The given customer specified encryption does not match the encryption used to encrypt the blob."];
const KEY = "x-ms-encryption-key";

function install(azurite) {
  const Store = azurite("blob/persistence/LokiBlobMetadataStore").default.prototype;
  const StorageError = azurite("blob/errors/StorageError").default;
  const fail = (context, status, code, text) => {
    throw new StorageError(status, code, text, context.contextId);
  };
  const keys = { Store, ...checks(fail) };
  lettingKeysPass(azurite("blob/middlewares/StrictModelMiddlewareFactory"));
  writingBlobs(keys);
  writingBlocks(keys);
  changingBlobs(keys);
  readingBlobs(keys);
  copyingBlobs(keys);
  listingBlobs(keys);
}

/* Azurite refuses the headers of keys, of which it knows nothing. */
function lettingKeysPass(strict) {
  const block = strict.UnsupportedHeadersBlocker;
  strict.UnsupportedHeadersBlocker = (request, ...rest) => block(
    { getHeader: (name) => (name.startsWith("x-ms-encryption-") ? undefined : request.getHeader(name)) }, ...rest);
}

const header = (context, name) => (context && context.request && context.request.getHeader(name)) || undefined;
const own = (document) => document && document.properties.customerProvidedKeySha256;

function checks(fail) {
  const wrong = (context, name) => fail(context, 400, "InvalidHeaderValue",
    `The value for one of the HTTP headers is not in the correct format: ${name}.`);
  /* The SHA-256 of the key that a call sends along; undefined where it sends none. */
  function sent(context, { writes }) {
    const [key, sha, algorithm] = ["", "-sha256"].map((end) => header(context, KEY + end))
      .concat(header(context, "x-ms-encryption-algorithm"));
    if (!key && !sha && !algorithm) {
      return undefined;
    }
    if (!key || !sha || (writes && !algorithm)) {
      fail(context, 400, "MissingRequiredHeader", "An HTTP header that's mandatory for this request is not specified.");
    }
    const bytes = Buffer.from(key, "base64");
    if (bytes.length !== 32) {
      wrong(context, KEY);
    }
    if (crypto.createHash("sha256").update(bytes).digest("base64") !== sha) {
      wrong(context, `${KEY}-sha256`);
    }
    if (algorithm && algorithm !== "AES256") {
      wrong(context, "x-ms-encryption-algorithm");
    }
    return sha;
  }
  /* Ends the call unless it sends the key that something has. */
  function same(context, has, given) {
    if (has !== given) {
      fail(context, 409, ...(given === undefined ? USES : has === undefined ? USES_NOT : MISMATCH));
    }
  }
  return { sent, same };
}

function writingBlobs({ Store, sent }) {
  const create = Store.createBlob;
  Store.createBlob = async function createBlob(context, blob, ...rest) {
    blob.properties.customerProvidedKeySha256 = sent(context, { writes: true });
    return create.call(this, context, blob, ...rest);
  };
}

/* Blocks have the key that they were put with, and their blob must have the same. */
function writingBlocks({ Store, sent, same }) {
  const stage = Store.stageBlock;
  Store.stageBlock = async function stageBlock(context, block, ...rest) {
    block.customerProvidedKeySha256 = sent(context, { writes: true });
    return stage.call(this, context, block, ...rest);
  };
  const commit = Store.commitBlockList;
  Store.commitBlockList = async function commitBlockList(context, blob, ...rest) {
    const given = sent(context, { writes: true });
    const { accountName, containerName, name: blobName } = blob;
    const blocks = this.db.getCollection(this.BLOCKS_COLLECTION).find({ accountName, containerName, blobName });
    blocks.filter((block) => !block.isCommitted)
      .forEach((block) => same(context, block.customerProvidedKeySha256 || undefined, given));
    const answer = await commit.call(this, context, blob, ...rest);
    const document = await this.getBlobWithLeaseUpdated(accountName, containerName, blobName, "", context, false);
    if (own(document) !== given) {
      document.properties.customerProvidedKeySha256 = given;
      this.db.getCollection(this.BLOBS_COLLECTION).update(document);
    }
    return answer;
  };
}

function changingBlobs({ Store, sent, same }) {
  const places = {
    setBlobMetadata: (account, container, blob) => [account, container, blob],
    createSnapshot: (account, container, blob) => [account, container, blob],
    appendBlock: ({ accountName, containerName, blobName }) => [accountName, containerName, blobName],
    uploadPages: ({ accountName, containerName, name }) => [accountName, containerName, name],
  };
  for (const [name, place] of Object.entries(places)) {
    const change = Store[name];
    Store[name] = async function changed(context, ...rest) {
      const document = await this.getBlobWithLeaseUpdated(...place(...rest), "", context, false);
      const given = sent(context, { writes: true });
      if (document && (name !== "createSnapshot" || given !== undefined)) {
        same(context, own(document), given);
      }
      return change.call(this, context, ...rest);
    };
  }
}

function readingBlobs({ Store, sent, same }) {
  for (const name of ["getBlobProperties", "downloadBlob"]) {
    const read = Store[name];
    Store[name] = async function readable(context, ...rest) {
      const found = await read.call(this, context, ...rest);
      const has = own(found);
      same(context, has, sent(context, { writes: false }));
      // A copy, since what is read is the document itself.
      return has ? { ...found, properties: { ...found.properties, encryptionKeySha256: has } } : found;
    };
  }
}

/* Nobody sends the key of a source: Copy Blob and Copy Blob From URL have no header for it. */
function copyingBlobs({ Store, same }) {
  for (const name of ["copyFromURL", "startCopyFromURL"]) {
    const copy = Store[name];
    Store[name] = async function copied(context, source, ...rest) {
      const { account, container, blob, snapshot } = source;
      same(context, own(await this.getBlobWithLeaseUpdated(account, container, blob, snapshot || "", context, false)));
      return copy.call(this, context, source, ...rest);
    };
  }
}

function listingBlobs({ Store }) {
  const list = Store.listBlobs;
  Store.listBlobs = async function listed(...asked) {
    const [found, ...rest] = await list.apply(this, asked);
    return [found.map((blob) => (own(blob) && Object.keys(blob.metadata || {}).length > 0 ? sealed(blob) : blob)), ...rest];
  };
}

function sealed(blob) {
  return { ...blob, metadata: { encrypted: "true" } };
}

module.exports = { install, USES };
