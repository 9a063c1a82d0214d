import { Engine, type EngineLike, type EngineOptions } from "@underdraw/engine";
import { connectEngine, serveEngine } from "@underdraw/engine/worker";
import {
  askedLoader,
  gathered,
  type OpenPacked,
  type PackedIndex,
  type PieceChannel,
  type PieceLoader,
  packedFiles,
  servePieces,
} from "./packed-files.ts";
import { checkWorker, startWorker } from "./worker-check.ts";

/** Models and onnxruntime from the package, without a fetch. */
const enginePacked = (open: OpenPacked): EngineOptions => ({
  models: open,
  runtime: { assets: async (file) => gathered(await open(file)) },
});

/** Serves the engine: what the page's own script does when it runs in a worker. */
export function serveFromPackage(index: PackedIndex): void {
  const scope = globalThis as unknown as PieceChannel;
  serveEngine(enginePacked(packedFiles(index, askedLoader(scope))));
}

/** An engine, and where it runs. */
export interface PlacedEngine {
  readonly engine: EngineLike;
  /** True when it computes on the page's own thread, which then answers slowly. */
  readonly onPage: boolean;
}

/**
 * Starts the engine in a worker made of the page's own script. Where there are no workers, or only workers without the
 * GPU that the page has, it runs on the page.
 */
export async function startEngine(script: string, index: PackedIndex, load: PieceLoader): Promise<PlacedEngine> {
  const worker = await checkWorker();
  if (!worker || ("gpu" in navigator && !worker.webgpu)) {
    return { engine: new Engine(enginePacked(packedFiles(index, load))), onPage: true };
  }
  const start = (): Worker => {
    const started = startWorker(script);
    servePieces(started, load);
    return started;
  };
  return { engine: connectEngine(start), onPage: false };
}
