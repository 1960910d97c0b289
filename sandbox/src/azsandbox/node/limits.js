"use strict";
/*
 * Limits of block blobs that Azurite does not keep: what is copied at once, and of how much a blob is made.
 *
 * learn.microsoft.com/rest/api/storageservices: put-blob-from-url (5,000 MiB), put-block-from-url (blocks of 4,000 MiB),
 * put-block-list (50,000 blocks) and blob-service-error-codes (BlockListTooLong, BlockCountExceedsLimit for 100,000
 * blocks that no blob was made of). Inferred (AZ-LOCAL-5): what is too large to copy is answered
 * as a body that is too large.
 */
const MIB = 2 ** 20;
const LARGEST_COPY = 5000 * MIB;
const LARGEST_BLOCK = 4000 * MIB;
const MOST_BLOCKS = 50000;
const MOST_WAITING = 100000;

function install(azurite) {
  const Store = azurite("blob/persistence/LokiBlobMetadataStore").default.prototype;
  const StorageError = azurite("blob/errors/StorageError").default;
  const commit = Store.commitBlockList;
  Store.commitBlockList = async function commitBlockList(context, blob, blocks, ...rest) {
    if (blocks.length > MOST_BLOCKS) {
      throw new StorageError(400, "BlockListTooLong", "The block list may not contain more than 50,000 blocks.",
        context.contextId);
    }
    return commit.call(this, context, blob, blocks, ...rest);
  };
  const stage = Store.stageBlock;
  Store.stageBlock = async function stageBlock(context, block, ...rest) {
    const { accountName, containerName, blobName } = block;
    const place = { accountName, containerName, blobName, isCommitted: false };
    const waiting = this.db.getCollection(this.BLOCKS_COLLECTION);
    if (waiting.count() >= MOST_WAITING && waiting.count(place) >= MOST_WAITING) {
      throw new StorageError(409, "BlockCountExceedsLimit",
        "The uncommitted block count cannot exceed the maximum limit of 100,000 blocks.", context.contextId);
    }
    return stage.call(this, context, block, ...rest);
  };
}

/* Ends the call where it would copy more than the service does at once. */
function refuseLarge(tools, length, largest, context) {
  if (length > largest) {
    throw new tools.StorageError(413, "RequestBodyTooLarge",
      "The request body is too large and exceeds the maximum permissible limit.", context.contextId,
      { MaxLimit: `${largest}` });
  }
}

module.exports = { install, refuseLarge, LARGEST_COPY, LARGEST_BLOCK };
