"use strict";
/*
 * Runs Azurite's blob service on a Unix socket for the front of the local Azure, and nothing else.
 *
 * Usage: node blobs.js NODE_MODULES DATA_FOLDER SOCKET
 *
 * Standard input carries one JSON document a line: {"accounts": {NAME: [KEY1, KEY2], ...}}, the whole set each time;
 * "ready" and "accounts" lines on standard output say that it holds. The end of standard input is the order to save
 * and stop, so that no Azurite outlives its front, however that ended.
 */
const fs = require("fs");
const path = require("path");
const readline = require("readline");

const [modules, folder, socket] = process.argv.slice(2);
const file = (name) => path.join(modules, "azurite", "dist", "src", name);
const azurite = (name) => require(file(name));

// Azurite's telemetry stays out: it is never to run, and loading it is most of the time to start.
const telemetry = require.resolve(file("common/Telemetry"));
const silent = new Proxy({}, { get: () => () => {} });
require.cache[telemetry] = { id: telemetry, filename: telemetry, loaded: true, exports: { AzuriteTelemetryClient: silent } };

const BlobConfiguration = azurite("blob/BlobConfiguration").default;
const BlobServer = azurite("blob/BlobServer").default;

// Azurite keeps its databases in memory and writes each one whole: every five seconds is too often for many blobs.
const SAVE_EVERY_MS = 30000;
// Longer than the front keeps idle connections, so that never a request meets a connection just being closed.
const KEEP_ALIVE_SECONDS = 3600;

function configuration() {
  const extents = [{ locationId: "Default", locationPath: path.join(folder, "extents"), maxConcurrency: 50 }];
  return new BlobConfiguration(
    undefined, socket, KEEP_ALIVE_SECONDS,
    path.join(folder, "blobs.json"), path.join(folder, "extents.json"), extents,
    false, undefined, false, undefined, // neither access log nor debug log: the front logs
    false, true, "", "", "", "basic", false,
  );
}

function setAccounts(server, accounts) {
  const store = server.accountDataStore;
  const entries = Object.entries(accounts);
  store.accounts = Object.fromEntries(entries.map(([name, [key1, key2]]) => [
    name, { name, key1: Buffer.from(key1, "base64"), key2: Buffer.from(key2, "base64") },
  ]));
}

function say(document) {
  process.stdout.write(JSON.stringify(document) + "\n");
}

async function stop(server) {
  await server.close();
  fs.rmSync(socket, { force: true });
  try {
    fs.rmdirSync(path.dirname(socket)); // left behind when the front was killed
  } catch {
    // The front removes its folder itself.
  }
  process.exit(0);
}

async function main() {
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const lokijs = require(require.resolve("lokijs", { paths: [path.join(modules, "azurite")] }));
  require("./completions").install(azurite, lokijs);
  require("./scopes").install(azurite);
  require("./keys").install(azurite);
  require("./limits").install(azurite);
  require("./names").install(azurite);
  require("./hierarchy").install(azurite);
  require("./templates").install(azurite);
  const server = new BlobServer(configuration());
  server.accountDataStore.refresh = () => {}; // accounts come over standard input only
  server.accountDataStore.accounts = {};
  server.metadataStore.db.autosaveDisable();
  await server.start();
  server.metadataStore.db.options.autosaveInterval = SAVE_EVERY_MS;
  server.metadataStore.db.autosaveInterval = SAVE_EVERY_MS;
  server.metadataStore.db.autosaveEnable();
  fs.chmodSync(socket, 0o600);
  const lines = readline.createInterface({ input: process.stdin, terminal: false });
  lines.on("line", (line) => {
    const message = JSON.parse(line);
    setAccounts(server, message.accounts);
    say({ accounts: Object.keys(message.accounts).length });
  });
  lines.on("close", () => stop(server));
  say({ ready: true });
}

// The front decides when to stop; a Ctrl-C in the terminal reaches the whole process group.
process.on("SIGINT", () => {});
main().catch((error) => {
  console.error(error.stack);
  process.exit(1);
});
