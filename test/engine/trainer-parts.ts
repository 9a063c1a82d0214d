import { createHash } from "node:crypto";
import {
  Engine,
  type ModelFolder,
  type Trainer,
  type TrainingMoment,
  type TrainingRun,
  type TrainRequest,
} from "@underdraw/engine";
import { afterAll, beforeAll, expect, onTestFinished } from "vitest";
import type { PairSource } from "../../engine/src/training/pair.ts";
import { tinyBase } from "./trainer-base.ts";
import { lines, madePairs, square } from "./training-pairs-made.ts";

// Trainers on a tiny base, pairs that nobody stores, and runs of a few steps for the tests of trainers.

/** The side of the pictures. */
export const side = 64;

const base = await tinyBase();

/** Pairs of squares and their outlines. Tells which were read. */
export const squares = (count = 8) =>
  madePairs(count, (n) => ({ map: lines(n, side), picture: square(n, side), prompt: `square ${n % 3}` }));

/**
 * Settings of a short run: what is learnt shows after a few steps, and nothing is measured. With another seed a trainer
 * begins anew, without opening its sessions again.
 */
export const quick: TrainingRun = { steps: 3, learningRate: 1e-3, warmUp: 0, heldOut: 0, mirror: false, seed: 7 };

/** An engine that is disposed when its test ends. */
export function testEngine(options: ConstructorParameters<typeof Engine>[0] = {}): Engine {
  const engine = new Engine({ runtime: { device: "cpu", threads: 1 }, ...options });
  onTestFinished(() => engine.dispose());
  return engine;
}

/** The engine of the test file that runs. */
let shared: Engine;

/**
 * Gives a test file an engine of its own, which ends with it; files share this module. One trainer holds the base open, so
 * that its text encoder is loaded once.
 */
export function shareEngine(): void {
  beforeAll(async () => {
    shared = new Engine({ runtime: { device: "cpu", threads: 1 } });
    await shared.train({ base, width: side, height: side });
  });
  afterAll(() => shared.dispose());
}

/** A trainer on a tiny base, which ends with its engine: the file's where none is given. */
export const testTrainer = (request: TrainRequest = {}, engine = shared): Promise<Trainer> =>
  engine.train({ base, width: side, height: side, batch: 2, ...request });

/** Moments of a kind. */
export const only = <K extends TrainingMoment["kind"]>(moments: readonly TrainingMoment[], kind: K) =>
  moments.filter((moment): moment is Extract<TrainingMoment, { kind: K }> => moment.kind === kind);

/** Trains to the end and gives all moments. */
export async function trained(
  trainer: Trainer,
  settings: TrainingRun = {},
  pairs: PairSource = squares(),
): Promise<TrainingMoment[]> {
  const moments: TrainingMoment[] = [];
  for await (const moment of trainer.run(pairs, { ...quick, ...settings })) moments.push(moment);
  return moments;
}

/** The report that a run ends with. */
export function reportIn(moments: readonly TrainingMoment[]) {
  const [end] = only(moments, "end");
  if (!end) throw new Error("The run has no end.");
  return end.report;
}

/** The losses of a run's steps. */
export const losses = (moments: readonly TrainingMoment[]): number[] => only(moments, "step").map(({ loss }) => loss);

/** A file of a folder. */
export async function fileOf(folder: ModelFolder, path: string): Promise<Uint8Array<ArrayBuffer>> {
  const source = await folder.open(path);
  if (!source) throw new Error(`There is no ${path}.`);
  const bytes = new Uint8Array(source.size);
  source.read(bytes, 0);
  source.close();
  return bytes;
}

/** What tells bytes from others: comparing millions of them one by one takes long. */
export const digestOf = (bytes: Uint8Array | Float32Array | null): string =>
  createHash("sha256")
    .update(bytes ?? "")
    .digest("hex");

/** The digest of a trainer's net as it would be written. */
export const netDigest = async (trainer: Trainer): Promise<string> =>
  digestOf(await fileOf(await trainer.net(), "diffusion_pytorch_model.safetensors"));

/** A file's tensors by name: float32, or float16 widened. */
export function tensorsIn(bytes: Uint8Array<ArrayBuffer>): Map<string, Float32Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = Number(view.getBigUint64(0, true));
  const table = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + size))) as Record<
    string,
    { dtype: string; data_offsets: [number, number] }
  >;
  const found = new Map<string, Float32Array>();
  for (const [name, { dtype, data_offsets: [from, to] = [0, 0] }] of Object.entries(table)) {
    if (name === "__metadata__") continue;
    const piece = bytes.slice(8 + size + from, 8 + size + to).buffer;
    expect(["F16", "F32"]).toContain(dtype);
    found.set(name, dtype === "F32" ? new Float32Array(piece) : Float32Array.from(new Uint16Array(piece), widened));
  }
  return found;
}

/** A half-precision number from its bits. */
function widened(bits: number): number {
  const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}
