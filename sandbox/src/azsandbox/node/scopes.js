"use strict";
/*
 * Encryption scopes, which Azurite does not know: each container has a default one, each blob the one that it was
 * written under, and both are shown in listings and headers.
 *
 * Which scopes the account has, and which of them cannot be used, comes with each call from the front, which has them
 * from Azure Resource Manager. Overriding where that is denied: recorded in Azure/azure-sdk-for-js, storage-blob. A
 * container is made with both headers or none: pulumi/pulumi-azure-nextgen#222. A blob that is written under a scope has
 * the account's tier, and none under a scope goes into the archive: learn.microsoft.com, encryption-scope-overview. What
 * the service says of these, of a scope that is not there, and of blocks under another scope than their blob, is not
 * told: inferred (AZ-LOCAL-5).
 */
const ACCOUNT = "$account-encryption-key";

function install(azurite) {
  const Store = azurite("blob/persistence/LokiBlobMetadataStore").default;
  const StorageError = azurite("blob/errors/StorageError").default;
  const fail = (context, status, code, text) => {
    throw new StorageError(status, code, text, context.contextId);
  };
  const scopes = { ...checks(fail), Store: Store.prototype };
  makingContainers(scopes, fail);
  writingBlobs(scopes);
  writingBlocks(scopes, fail);
  changingBlobs(scopes, fail);
  readingBlobs(scopes);
  settingTiers(scopes, fail);
}

const header = (context, name) => (context && context.request && context.request.getHeader(name)) || undefined;

function checks(fail) {
  const known = (context) => JSON.parse(header(context, "azsandbox-scopes") || "{}");
  /* Ends the call where a scope cannot be used. */
  function usable(context, name) {
    if (!name || name === ACCOUNT) {
      return;
    }
    const all = known(context);
    if (!(name in all)) {
      fail(context, 404, "EncryptionScopeNotFound", "The specified encryption scope does not exist.");
    }
    if (all[name]) {
      fail(context, ...all[name]);
    }
  }
  /* The scope that a call writes under; undefined for the account's own key. */
  function written(context, container) {
    const asked = header(context, "x-ms-encryption-scope");
    const properties = (container && container.properties) || {};
    const own = properties.defaultEncryptionScope || ACCOUNT;
    if (asked && asked !== own && properties.denyEncryptionScopeOverride) {
      fail(context, 403, "RequestForbiddenByContainerEncryptionPolicy",
        "The request is forbidden by the container encryption policy.");
    }
    const name = asked || own;
    usable(context, name);
    if (name !== ACCOUNT && header(context, "x-ms-access-tier")) {
      noTier(fail, context);
    }
    return name === ACCOUNT ? undefined : name;
  }
  return { usable, written };
}

function makingContainers({ Store, usable }, fail) {
  const create = Store.createContainer;
  Store.createContainer = async function createContainer(context, container) {
    const scope = header(context, "x-ms-default-encryption-scope");
    const deny = header(context, "x-ms-deny-encryption-scope-override");
    if ((scope === undefined) !== (deny === undefined)) {
      fail(context, 400, "MissingRequiredHeader", "Container encryption policy missing header:"
        + " x-ms-default-encryption-scope and x-ms-deny-encryption-scope-override are required.");
    }
    usable(context, scope);
    const denied = (deny || "").toLowerCase() === "true";
    Object.assign(container.properties, {
      defaultEncryptionScope: scope || ACCOUNT, denyEncryptionScopeOverride: denied, preventEncryptionScopeOverride: denied,
    });
    return create.call(this, context, container);
  };
}

/* Put Blob, Put Blob From URL, Copy Blob: what is written anew has the scope of the call. */
function writingBlobs({ Store, written }) {
  const create = Store.createBlob;
  Store.createBlob = async function createBlob(context, blob, ...rest) {
    const container = await this.getContainer(blob.accountName, blob.containerName, context, false);
    blob.properties.encryptionScope = written(context, container);
    return create.call(this, context, blob, ...rest);
  };
  for (const name of ["copyFromURL", "startCopyFromURL"]) {
    const copy = Store[name];
    Store[name] = async function copied(context, source, destination, ...rest) {
      const { account, container, blob } = destination;
      const scope = written(context, await this.getContainer(account, container, context, false));
      const properties = await copy.call(this, context, source, destination, ...rest);
      await rescoped(this, context, { accountName: account, containerName: container, name: blob }, scope);
      return properties;
    };
  }
}

/* Blocks have the scope that they were put under, and their blob must have the same. */
function writingBlocks({ Store, written }, fail) {
  const stage = Store.stageBlock;
  Store.stageBlock = async function stageBlock(context, block, ...rest) {
    const container = await this.getContainer(block.accountName, block.containerName, context, false);
    block.encryptionScope = written(context, container);
    return stage.call(this, context, block, ...rest);
  };
  const commit = Store.commitBlockList;
  Store.commitBlockList = async function commitBlockList(context, blob, ...rest) {
    const container = await this.getContainer(blob.accountName, blob.containerName, context, false);
    const scope = written(context, container);
    const { accountName, containerName, name: blobName } = blob;
    const blocks = this.db.getCollection(this.BLOCKS_COLLECTION).find({ accountName, containerName, blobName });
    if (blocks.some((block) => !block.isCommitted && block.encryptionScope !== scope)) {
      otherKey(fail, context);
    }
    const answer = await commit.call(this, context, blob, ...rest);
    await rescoped(this, context, blob, scope);
    return answer;
  };
}

async function rescoped(store, context, { accountName, containerName, name }, scope) {
  const document = await store.getBlobWithLeaseUpdated(accountName, containerName, name, "", context, false);
  if (document && document.properties.encryptionScope !== scope) {
    document.properties.encryptionScope = scope;
    store.db.getCollection(store.BLOBS_COLLECTION).update(document);
  }
}

/* Recorded for keys that are sent along (azure-sdk-for-js, storage-blob); for scopes inferred (AZ-LOCAL-5). */
function otherKey(fail, context) {
  fail(context, 409, "BlobUsesCustomerSpecifiedEncryption",
    "The blob is encrypted with customer specified encryption, but it was not provided in the request.");
}

/* What changes a blob that is there has to name its scope, unless that is the container's. */
function changingBlobs({ Store, written }, fail) {
  const places = {
    setBlobMetadata: (account, container, blob) => ({ account, container, blob }),
    createSnapshot: (account, container, blob) => ({ account, container, blob }),
    appendBlock: ({ accountName, containerName, blobName }) => (
      { account: accountName, container: containerName, blob: blobName }),
    uploadPages: ({ accountName, containerName, name }) => (
      { account: accountName, container: containerName, blob: name }),
  };
  for (const [name, place] of Object.entries(places)) {
    const change = Store[name];
    Store[name] = async function changed(context, ...rest) {
      const { account, container, blob } = place(...rest);
      const document = await this.getBlobWithLeaseUpdated(account, container, blob, "", context, false);
      const scope = written(context, await this.getContainer(account, container, context, false));
      if (document && document.properties.encryptionScope !== scope) {
        otherKey(fail, context);
      }
      return change.call(this, context, ...rest);
    };
  }
}

function readingBlobs({ Store, usable }) {
  for (const name of ["getBlobProperties", "downloadBlob"]) {
    const read = Store[name];
    Store[name] = async function readable(context, ...rest) {
      const found = await read.call(this, context, ...rest);
      usable(context, found.properties.encryptionScope);
      return found;
    };
  }
}

/* Older versions of that page forbid every change of a tier: hot and cool are allowed by the newer alone. */
function settingTiers({ Store }, fail) {
  const set = Store.setTier;
  Store.setTier = async function setTier(context, account, container, blob, tier, ...rest) {
    const document = await this.getBlobWithLeaseUpdated(account, container, blob, undefined, context, true, true);
    if (tier === "Archive" && document.properties.encryptionScope) {
      noTier(fail, context);
    }
    return set.call(this, context, account, container, blob, tier, ...rest);
  };
}

function noTier(fail, context) {
  fail(context, 409, "AccessTierNotSupportedWithEncryptionScope",
    "The access tier of a blob that uses an encryption scope cannot be set.");
}

module.exports = { install };
