import { existsSync, mkdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Extractor, ExtractorConfig } from "@microsoft/api-extractor";

// Holds the public API of every package against the reports that are committed beside it, so that every change of it is
// seen in review: `npm run api`. After a wanted change, `npm run api:accept` writes the reports anew.

/** Each package and its entries: the report's name, and the declaration file that `tsc -b` wrote. */
const packages = {
  engine: {
    engine: "index",
    "engine.core": "core/index",
    "engine.node": "node",
    "engine.pictures": "pictures/index",
    "engine.training": "training/index",
    "engine.svg": "svg/index",
    "engine.testing": "testing/index",
    "engine.worker": "worker/index",
  },
  sdk: { sdk: "index", "sdk.host": "host/index", "sdk.panel": "panel/index", "sdk.testing": "testing/index" },
  models: { models: "index", "models.node": "node" },
  "models/pose": { "models-pose": "index", "models-pose.node": "node" },
};

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const accept = process.argv.includes("--accept");

/** Options of the compiler for reading declarations: without our source condition, which would lead to TypeScript. */
const compilerOptions = {
  target: "ES2022",
  module: "nodenext",
  lib: ["ES2023", "DOM", "DOM.AsyncIterable", "ESNext.Disposable"],
  types: ["@webgpu/types", "node"],
  strict: true,
  skipLibCheck: true,
};

/** Makes one report, or holds the API against it. True when they agree, or when the change was accepted. */
function report(name, projectFolder, entry) {
  const mainEntryPointFilePath = join(projectFolder, "dist", `${entry}.d.ts`);
  if (!existsSync(mainEntryPointFilePath)) {
    console.error(`${mainEntryPointFilePath} is missing: run \`npx tsc -b\` first.`);
    return false;
  }
  const reportTempFolder = join(root, "out", "api");
  mkdirSync(reportTempFolder, { recursive: true });
  const configObject = {
    projectFolder,
    mainEntryPointFilePath,
    compiler: { overrideTsconfig: { compilerOptions, include: ["dist"] } },
    apiReport: { enabled: true, reportFileName: `${name}.api.md`, reportFolder: projectFolder, reportTempFolder },
    docModel: { enabled: false },
    dtsRollup: { enabled: false },
    tsdocMetadata: { enabled: false },
    messages: { extractorMessageReporting: { "ae-missing-release-tag": { logLevel: "none" } } },
    newlineKind: "lf",
  };
  const config = ExtractorConfig.prepare({
    configObject,
    configObjectFullPath: undefined,
    packageJsonFullPath: join(projectFolder, "package.json"),
  });
  const messageCallback = (message) => {
    if (message.messageId.startsWith("console-")) message.handled = message.logLevel !== "error";
  };
  const { succeeded, apiReportChanged } = Extractor.invoke(config, { localBuild: accept, messageCallback });
  const verdict = apiReportChanged ? (accept ? "written" : "CHANGED: run `npm run api:accept` if it is meant") : "same";
  console.log(`${name}.api.md: ${verdict}`);
  return accept || succeeded;
}

const results = Object.entries(packages).flatMap(([folder, entries]) =>
  Object.entries(entries).map(([name, entry]) => report(name, resolve(root, folder), entry)),
);
process.exitCode = results.every(Boolean) ? 0 : 1;
