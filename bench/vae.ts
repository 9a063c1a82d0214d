import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { nodeFolder } from "@underdraw/engine/node";
import { readPicture, writePicture } from "@underdraw/engine/pictures";
import { miniFolder } from "@underdraw/model-mini/node";
import { decodeLatent, encodePicture, toPixels, vaeFactor } from "../engine/src/diffusion/latent.ts";
import { cellColours, drawColours } from "../engine/src/diffusion/preview.ts";
import { oneTile, type Tiles, vaeTilesFor } from "../engine/src/diffusion/tiles.ts";
import { runMemory, runWork, vaeDecoder, vaeEncoder } from "../engine/src/graph/index.ts";
import { openBase } from "../engine/src/models/base.ts";
import { weightsOf } from "../engine/src/models/weights.ts";
import { openNetwork } from "../engine/src/runtime/network.ts";
import { openRuntime } from "../engine/src/runtime/open-runtime.ts";
import { resample } from "../engine/src/vision/resample.ts";
import { loadNow, machine, megabytes, numberOption, seconds, table } from "./measure/report.ts";

// What tiles of the autoencoder save in memory and cost in time and in likeness to the whole, with the pack's own, which
// is trained: a picture is encoded whole and decoded whole and in tiles. Then what a preview by colours costs, and how
// like the picture it is. (Against diffusers' tiles: test/golden/vae, with random weights.)
//
//   node scripts/run.mjs bench/vae.ts [--picture FILE] [--side 1024] [--out FOLDER]     (with --out the pictures are written)

const { values } = parseArgs({
  options: {
    picture: { type: "string", default: "test/golden/conditions/sources/astronaut.png" },
    side: { type: "string", default: "1024" },
    out: { type: "string" },
  },
});
const load = loadNow();
const runtime = await openRuntime({ device: "cpu" });
const base = await openBase(nodeFolder(miniFolder()));
const { config, tensors } = base.vae;
const factor = vaeFactor(config);
const side = Math.ceil(numberOption("side", values.side, factor) / factor) * factor;
const cells = { height: side / factor, width: side / factor };
const shape = { channels: config.latentChannels, ...cells };
const decoder = await openNetwork(runtime, vaeDecoder(config, "float32"), weightsOf(tensors));
const encoder = await openNetwork(runtime, vaeEncoder(config, "float32"), weightsOf(tensors));

const { pixels } = await readPicture(await readFile(values.picture));
const source = resample(pixels, side, side, "area");
const planes = Float32Array.from({ length: 3 * side * side }, (_, n) => {
  const [c, at] = [Math.floor(n / (side * side)), n % (side * side)];
  return ((source.data[4 * at + c] as number) / 255) * 2 - 1;
});
const moments = await encodePicture(runtime, { config, encoder }, planes, { width: side, height: side });
const latent = moments
  .subarray(0, moments.length / 2)
  .map((value) => (value - config.shiftFactor) * config.scalingFactor);

/** Decodes, and says how long it took. */
async function decoded(tiles: Tiles) {
  const started = performance.now();
  const picture = await decodeLatent(runtime, { config, decoder }, latent, shape, { tiles });
  return { picture, time: performance.now() - started };
}

/** How two pictures differ, in levels of 255: on average, of all but a thousandth of the numbers, at the most. */
function apart(one: Float32Array, other: Float32Array): string[] {
  const level = (value: number) => 127.5 * Math.min(1, Math.max(-1, value));
  const differences = one.map((value, n) => Math.abs(level(value) - level(other[n] as number))).sort();
  const mean = differences.reduce((sum, value) => sum + value, 0) / differences.length;
  const at = (share: number) => differences[Math.floor(share * (differences.length - 1))] as number;
  return [mean, at(0.999), at(1)].map((value) => value.toFixed(2));
}

const peakOf = ({ height, width }: Tiles) => runMemory(decoder.graph, { batch: 1, height, width }).peak;
const whole = oneTile(cells);
const free = { precision: "float32", memory: null, tensor: null } as const;
const ways: [name: string, tiles: Tiles][] = [
  ["whole", whole],
  ["half of its memory", vaeTilesFor(config, cells, { ...free, memory: peakOf(whole) / 2 })],
  ["a quarter", vaeTilesFor(config, cells, { ...free, memory: peakOf(whole) / 4 })],
  ["tiles: always", vaeTilesFor(config, cells, { ...free, tiles: "always" })],
];
await decoded(whole); // warms up
const { picture: goal, time: wholeTime } = await decoded(whole);
const rows: string[][] = [];
for (const [name, tiles] of ways) {
  const { picture, time } = await decoded(tiles);
  const cut = `${tiles.rows}x${tiles.columns} of ${tiles.height}x${tiles.width}`;
  rows.push([name, cut, megabytes(peakOf(tiles)), seconds(time), ...apart(picture, goal)]);
  await save(name.replace(/\W+/g, "-"), picture, side);
}
const started = performance.now();
const colours = await cellColours(runtime, { config, decoder });
const found = performance.now();
const seen = drawColours(colours, latent, shape);
const drawn = performance.now();
await save("preview", seen, cells.width);

console.log(
  machine(
    `${runtime.provider}, ${runtime.precision}`,
    [
      `work      the pack's autoencoder, ${side} x ${side} pixels, ${cells.height} x ${cells.width} cells; ${values.picture}`,
      `          ${(runWork(decoder.graph, { batch: 1, ...cells }) / 1e9).toFixed(1)}e9 multiplications for the whole`,
    ],
    load,
  ),
);
console.log(table(["decoded", "tiles", "memory, counted", "time", "mean", "99.9 %", "largest"], rows));
console.log(`preview   colours found in ${seconds(found - started)}, once; drawn in ${(drawn - found).toFixed(2)} ms`);
console.log(
  `          against the cells' mean colours: ${apart(seen, cellMeans(goal)).join(", ")} (mean, 99.9 %, largest)`,
);
console.log(
  `ratio     time of a preview by colours / by the decoder: ${((drawn - found) / wholeTime).toExponential(1)}`,
);
base.close();
await runtime.dispose();

/** The mean of each cell, [3, cells]. */
function cellMeans(picture: Float32Array): Float32Array {
  const means = new Float32Array(3 * cells.height * cells.width);
  for (let n = 0; n < picture.length; n++) {
    const [c, y, x] = [Math.floor(n / side ** 2), Math.floor(n / side) % side, n % side];
    const at = (c * cells.height + Math.floor(y / factor)) * cells.width + Math.floor(x / factor);
    means[at] = (means[at] as number) + Math.min(1, Math.max(-1, picture[n] as number)) / factor ** 2;
  }
  return means;
}

async function save(name: string, picture: Float32Array, width: number): Promise<void> {
  if (values.out === undefined) return;
  await mkdir(values.out, { recursive: true });
  const image = toPixels(picture, { width, height: picture.length / 3 / width });
  await writeFile(join(values.out, `${name}.png`), await writePicture(image, { format: "png" }));
}
