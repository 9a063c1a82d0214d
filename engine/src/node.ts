// What only Node has: model files on disk. Pages take everything else from the package's main entry.

export { nodeFile, nodeFolder, nodeModel } from "./models/node-files.ts";
export type { ByteSource, ModelFile, ModelFolder, ModelSource } from "./models/source.ts";
export type {
  AddOptions,
  DownloadPlan,
  ModelStore,
  PlannedFile,
  PlanOptions,
  StoredFile,
  StoredFolder,
  StoredModel,
  StoreSpace,
  TokenOption,
  UnfinishedModel,
} from "./store/model-store.ts";
export { modelCache, type NodeStoreOptions, nodeStore } from "./store/node-store.ts";
export type { StoreOptions } from "./store/opened-store.ts";
export { nodePlace } from "./training/node-training-place.ts";
export type { TrainingPlace } from "./training/training-place.ts";
