// What a training needs besides `Engine.train`, whose own types are the engine's: pairs from files, a look at them before a
// minute is spent, and places for checkpoints and the finished net.

export { checkPairs, type PairCheck, type PairReport } from "./check-pairs.ts";
export { memoryPlace } from "./memory-place.ts";
export { type OpenPairsOptions, openPairs } from "./open-pairs.ts";
export { type DrawMap, type OpenPicturesOptions, openPictures } from "./open-pictures.ts";
export { opfsPlace } from "./opfs-place.ts";
export type { PairReading, PairSource, TrainingPair } from "./pair.ts";
export type { PairFault } from "./pair-fault.ts";
export { type KnownPairs, type PairSplit, splitPairs } from "./split-pairs.ts";
export type { TrainingPlace } from "./training-place.ts";
