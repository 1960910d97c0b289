// Holds captured exchanges to Microsoft's descriptions with oav's LiveValidator: a JSON line for each exchange.
// Usage: node validate.cjs SPECS CAPTURE; oav is found beside the working folder.
"use strict";
const fs = require("node:fs");
const { createRequire } = require("node:module");
const path = require("node:path");

const load = createRequire(path.join(process.cwd(), "package.json"));
const { LiveValidator } = load("oav/dist/lib/liveValidation/liveValidator");
const [specs, capture] = process.argv.slice(2);

const issues = (result) => {
  const found = (result.errors ?? []).map((one) => ({
    code: one.code,
    message: one.message,
    params: one.params ?? [],
    paths: one.jsonPathsInPayload ?? [],
    place: one.source?.jsonRef ?? "",
  }));
  if (result.runtimeException) {
    const { code, message } = result.runtimeException;
    found.push({ code: code ?? "RUNTIME", message, params: [], paths: [], place: "" });
  }
  return found;
};

const main = async () => {
  const failures = [];
  const validator = new LiveValidator(
    {
      directory: specs,
      swaggerPathsPattern: [
        "specification/machinelearningservices/resource-manager/Microsoft.MachineLearningServices/stable/2023-04-01/*.json",
      ],
      excludedSwaggerPathsPattern: [],
      git: { shouldClone: false },
      isArmCall: true,
      loadValidatorInBackground: false,
      loadValidatorInInitialize: true,
    },
    (message, level) => { if (level === "error") failures.push(message); },
  );
  await validator.initialize();
  if (validator.swaggerList.length === 0 || failures.length > 0) {
    throw new Error(`the descriptions were not loaded: ${failures.slice(0, 3).join("; ") || "there are none"}`);
  }
  for (const line of fs.readFileSync(capture, "utf8").split("\n").filter(Boolean)) {
    const { request, response } = JSON.parse(line);
    const result = await validator.validateLiveRequestResponse({
      liveRequest: { url: request.url, method: request.method, headers: request.headers, body: request.body ?? undefined },
      liveResponse: { statusCode: String(response.status), headers: response.headers, body: response.body ?? undefined },
    });
    const { requestValidationResult: asked, responseValidationResult: answered } = result;
    process.stdout.write(JSON.stringify({
      method: request.method,
      url: request.url,
      status: response.status,
      operation: asked.operationInfo?.operationId ?? "",
      request: issues(asked).concat(result.runtimeException ? issues(result) : []),
      response: issues(answered),
    }) + "\n");
  }
};

main().catch((error) => { process.stderr.write(`${error.stack}\n`); process.exit(1); });
