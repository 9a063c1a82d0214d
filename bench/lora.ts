import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { partsOf } from "../engine/src/diffusion/loaded-base.ts";
import { narrowHalf } from "../engine/src/graph/half.ts";
import { elements, kv, temb, unetDecoder, unetEncoder } from "../engine/src/graph/index.ts";
import type { BaseModel } from "../engine/src/models/base.ts";
import { unetConfig } from "../engine/src/models/configs.ts";
import { openLora, withLoras } from "../engine/src/models/lora.ts";
import { nodeFile } from "../engine/src/models/node-files.ts";
import { type Tensors, withRead } from "../engine/src/models/tensors.ts";
import { loadNow, machine, median, milliseconds, numberOption, table } from "./measure/report.ts";
import { unetShape } from "./measure/shapes.ts";

// What a LoRA of Stable Diffusion 1.5's whole UNet costs while weights are read: the same weights with and without it, so
// that what is left is the LoRA's own. Beside it the same sums by NumPy, on one thread as well. The LoRA is made up, in
// kohya's spelling and half precision, in a folder of the system's; the base is one block of numbers over and over.
//
//   node scripts/run.mjs bench/lora.ts [--python PYTHON] [--rank 16] [--rounds 3] [--convolutions]

const { values } = parseArgs({
  options: {
    python: { type: "string" },
    rank: { type: "string", default: "16" },
    rounds: { type: "string", default: "3" },
    convolutions: { type: "boolean", default: false },
  },
});
const rank = numberOption("rank", values.rank, 1);
const rounds = numberOption("rounds", values.rounds, 1);
const load = loadNow();
const ALPHA = 8;
/** As much as is read at once when a network is loaded. */
const PIECE = 1 << 18;

const config = unetConfig(unetShape(1), "unet");
const graphs = [kv, temb, unetEncoder, unetDecoder].map((build) => build(config, "float32"));
const shapes = new Map(partsOf(graphs).map(({ key, dims }) => [key, dims]));
const layers = [...shapes]
  .filter(
    ([key, dims]) =>
      dims.length > 1 && key.endsWith(".weight") && (values.convolutions || key.includes(".attentions.")),
  )
  .map(([key, shape]) => ({
    key,
    shape,
    name: `lora_unet_${key.replace(/\.weight$/, "").replaceAll(".", "_")}`,
    factor: ALPHA / rank,
  }));

let state = 15;
const random = (): number => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return (state / 2 ** 31 - 1) * 0.05;
};

/** A file of halves: factors for each layer, and its strength. */
function loraFile(): Uint8Array {
  const header: Record<string, unknown> = {};
  const pieces: Uint8Array[] = [];
  let end = 0;
  const put = (name: string, shape: readonly number[], next: () => number) => {
    const numbers = Float32Array.from({ length: elements(shape) }, next);
    const halves = new Uint16Array(numbers.length);
    narrowHalf(new Uint32Array(numbers.buffer), halves);
    header[name] = { dtype: "F16", shape, data_offsets: [end, end + halves.byteLength] };
    end += halves.byteLength;
    pieces.push(new Uint8Array(halves.buffer));
  };
  for (const { name, shape } of layers) {
    const [rows = 1, ...rest] = shape;
    put(`${name}.lora_down.weight`, [rank, ...rest], random);
    put(`${name}.lora_up.weight`, [rows, rank, ...rest.slice(1).map(() => 1)], random);
    put(`${name}.alpha`, [], () => ALPHA);
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(json.length), true);
  return Buffer.concat([length, json, ...pieces]);
}

const block = Float32Array.from({ length: PIECE }, random);
const repeated = (label: string, all: ReadonlyMap<string, readonly number[]>): Tensors =>
  withRead({
    label,
    keys: () => all.keys(),
    has: (key) => all.has(key),
    shape: (key) => all.get(key) ?? [],
    dtype: () => "F32",
    file: () => label,
    nameInFile: (key) => key,
    bytes: () => undefined,
    place: () => null,
    floats(_, into, from) {
      for (let done = 0; done < into.length; ) {
        const piece = block.subarray((from + done) % block.length).subarray(0, into.length - done);
        into.set(piece, done);
        done += piece.length;
      }
    },
    close: () => undefined,
  });
const unet = repeated("unet", shapes);
// Of a base, LoRAs ask for tensors and widths alone.
const base = {
  name: "base",
  unet: { config, tensors: unet },
  text: { config: { width: config.contextWidth }, tensors: repeated("text", new Map()) },
  warnings: [],
} as unknown as BaseModel;

const scratch = new Float32Array(PIECE);
/** Reads all layers in pieces; gives the time, and three numbers of each layer. */
function readAll(tensors: Tensors): { readonly time: number; readonly samples: number[][] } {
  let time = 0;
  const samples: number[][] = [];
  for (const { key, shape } of layers) {
    const count = elements(shape);
    const places = [0, Math.floor(count / 2), count - 1];
    const found: number[] = [];
    const began = performance.now();
    for (let at = 0; at < count; at += PIECE) {
      const piece = scratch.subarray(0, Math.min(PIECE, count - at));
      tensors.floats(key, piece, at);
      for (const place of places) if (place >= at && place < at + piece.length) found.push(piece[place - at] as number);
    }
    time += performance.now() - began;
    samples.push(found);
  }
  return { time, samples };
}

const folder = mkdtempSync(join(tmpdir(), "underdraw-lora-"));
try {
  const path = join(folder, "lora.safetensors");
  const bytes = loraFile();
  writeFileSync(path, bytes);
  writeFileSync(join(folder, "block.f32"), block);
  const own: number[] = [];
  let samples: number[][] = [];
  for (let round = 0; round < rounds; round++) {
    const lora = await openLora(nodeFile(path));
    const began = performance.now();
    const merged = withLoras(base, [{ lora, weight: 1, textWeight: 1 }]);
    const matching = performance.now() - began;
    const plain = readAll(unet);
    const whole = readAll(merged.unet.tensors);
    samples = whole.samples;
    own.push(matching + whole.time - plain.time);
    lora.close();
  }
  const rows = [["engine, one thread", ...[median(own), Math.min(...own)].map(milliseconds)]];
  let ratio = "";
  if (values.python !== undefined) {
    const script = fileURLToPath(new URL("lora_reference.py", import.meta.url));
    const { stdout, stderr, status } = spawnSync(values.python, [script, path, join(folder, "block.f32")], {
      input: JSON.stringify({ rounds, layers }),
      encoding: "utf8",
      env: { ...process.env, OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1", MKL_NUM_THREADS: "1" },
    });
    if (status !== 0) throw new Error(stderr);
    const peer = JSON.parse(stdout) as { readonly rounds: number[]; readonly samples: number[][] };
    const worst = Math.max(
      ...peer.samples.flatMap((numbers, n) => numbers.map((x, i) => Math.abs(x - (samples[n]?.[i] ?? Number.NaN)))),
    );
    if (!(worst < 1e-6)) throw new Error(`The two do not come to the same weights: they differ by ${worst}.`);
    const times = peer.rounds.map((time) => time * 1000);
    rows.push(["NumPy, one thread", ...[median(times), Math.min(...times)].map(milliseconds)]);
    ratio = `NumPy / engine: ${(median(times) / median(own)).toFixed(2)} (fastest ${(Math.min(...times) / Math.min(...own)).toFixed(2)}); weights differ by ${worst.toExponential(1)} at most`;
  }
  const parameters = layers.reduce((sum, { shape }) => sum + elements(shape), 0);
  console.log(machine("no device", [], load));
  console.log(
    `${layers.length} layers of ${(parameters / 1e6).toFixed(0)} M weights, rank ${rank}, a file of ${(bytes.length / 1e6).toFixed(1)} MB`,
  );
  console.log(table(["what a LoRA costs", "median", "fastest"], rows));
  if (ratio) console.log(ratio);
} finally {
  rmSync(folder, { recursive: true });
}
