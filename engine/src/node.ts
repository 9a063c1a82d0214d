// What only Node has: model files on disk. Pages take everything else from the package's main entry.

export { nodeFile, nodeFolder, nodeModel } from "./models/node-files.ts";
export type { ByteSource, ModelFile, ModelFolder, ModelSource } from "./models/source.ts";
