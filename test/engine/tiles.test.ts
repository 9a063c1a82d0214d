import { nodeFolder } from "@underdraw/engine/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeLatent, encodePicture } from "../../engine/src/diffusion/latent.ts";
import { inTiles, oneTile, type Tiles, vaeTilesFor } from "../../engine/src/diffusion/tiles.ts";
import { runMemory, vaeDecoder, vaeEncoder } from "../../engine/src/graph/index.ts";
import { openVae, type VaeModel } from "../../engine/src/models/vae.ts";
import { weightsOf } from "../../engine/src/models/weights.ts";
import { type Network, openNetwork } from "../../engine/src/runtime/network.ts";
import { openRuntime } from "../../engine/src/runtime/open-runtime.ts";
import type { Runtime } from "../../engine/src/runtime/runtime.ts";
import { errors, golden, readJson, readTensors } from "./golden.ts";
import { sdVae } from "./published-configs.ts";

const free = { precision: "float32", memory: null, tensor: null } as const;

describe("how a picture is cut", () => {
  test("it is not where nothing limits it, nor where tiles are not wanted", () => {
    const size = { height: 300, width: 200 };
    expect(vaeTilesFor(sdVae, size, free)).toEqual(oneTile(size));
    expect(vaeTilesFor(sdVae, size, { ...free, memory: 1, tensor: 1, tiles: "never" })).toEqual(oneTile(size));
  });

  test.each([
    [128, 128],
    [65, 64],
    [20, 300],
    [129, 97],
  ])("%i x %i cells fit a device's largest tensor, in as few tiles as do", (height, width) => {
    const tensor = 2 ** 27; // what WebGPU allows by default
    const cut = vaeTilesFor(sdVae, { height, width }, { ...free, tensor });
    const largest = (tile: Tiles): number =>
      runMemory(vaeDecoder(sdVae, "float32"), { batch: 1, height: tile.height, width: tile.width }).largest;
    expect(largest(cut)).toBeLessThanOrEqual(tensor);
    expect(cut.rows * cut.columns).toBeGreaterThan(1);
    // As large as fit: neither a cell more nor a tile less would.
    const more = (side: number, parts: number, whole: number) => Math.min(side + 1, parts > 1 ? whole - 1 : whole);
    const larger = { ...cut, height: more(cut.height, cut.rows, height), width: more(cut.width, cut.columns, width) };
    expect(larger).not.toEqual(cut);
    expect(largest(larger)).toBeGreaterThan(tensor);
  });

  test("a limit of memory counts all that a run makes, of either half", () => {
    const size = { height: 128, width: 128 };
    for (const half of ["decoder", "encoder"] as const) {
      const scale = half === "decoder" ? 1 : 8;
      const graph = (half === "decoder" ? vaeDecoder : vaeEncoder)(sdVae, "float16");
      const limits = { precision: "float16", memory: 4e8, tensor: null } as const;
      const cut = vaeTilesFor(sdVae, size, limits, half);
      const extent = { batch: 1, height: cut.height * scale, width: cut.width * scale };
      expect(runMemory(graph, extent).peak).toBeLessThanOrEqual(4e8);
      expect(cut.rows * cut.columns).toBeGreaterThan(1);
    }
  });

  test("tiles that are asked for have 512 pixels at the most, and where nothing fits they are the smallest", () => {
    const size = { height: 128, width: 65 };
    expect(vaeTilesFor(sdVae, size, { ...free, tiles: "always" })).toEqual({
      rows: 3,
      columns: 2,
      height: 64,
      width: 64,
    });
    const deep = { ...sdVae, channels: [16, 24, 48, 96, 160] };
    const cut = vaeTilesFor(deep, { height: 64, width: 64 }, { ...free, tiles: "always" });
    expect(Math.max(cut.height, cut.width)).toBe(32);
    const least = vaeTilesFor(sdVae, size, { ...free, tensor: 1 });
    expect([least.height, least.width]).toEqual([32, 32]);
    // A side of one tile and a bit has two; one that is shorter than the smallest tile is whole.
    expect(vaeTilesFor(sdVae, { height: 33, width: 20 }, { ...free, tensor: 1 })).toEqual({
      rows: 2,
      columns: 1,
      height: 32,
      width: 20,
    });
  });
});

describe("tiles", () => {
  const numbers = (count: number) => Float32Array.from({ length: count }, (_, n) => Math.sin(n * 1.7) + n / count);

  test.each([
    [
      { height: 65, width: 33 },
      { rows: 2, columns: 1, height: 41, width: 33 },
    ],
    [
      { height: 1, width: 100 },
      { rows: 1, columns: 4, height: 1, width: 37 },
    ],
    [
      { height: 113, width: 97 },
      { rows: 4, columns: 5, height: 41, width: 33 },
    ],
  ])("of %o fade into each other so that what is the same in both stays the same", async (size, tiles) => {
    const values = numbers(2 * size.height * size.width);
    const from = { values, channels: 2, scale: 1 };
    const same = await inTiles(tiles, size, from, { channels: 2, scale: 1 }, async (tile) => tile);
    expect(errors(same, values).largest).toBeLessThan(1e-6);
    // Doubled both ways, as a decoder does, and halved, as an encoder does.
    const doubled = await inTiles(tiles, size, from, { channels: 2, scale: 2 }, async (tile, cells) =>
      enlarged(tile, cells),
    );
    expect(errors(doubled, enlarged(values, size)).largest).toBeLessThan(1e-6);
    const back = { values: doubled, channels: 2, scale: 2 };
    const halved = await inTiles(tiles, size, back, { channels: 2, scale: 1 }, async (tile, cells) =>
      reduced(tile, cells),
    );
    expect(errors(halved, values).largest).toBeLessThan(1e-6);
  });

  test("are told of, and one that fails stops the rest", async () => {
    const size = { height: 65, width: 65 };
    const tiles = { rows: 2, columns: 2, height: 41, width: 41 };
    const from = { values: numbers(65 * 65), channels: 1, scale: 1 };
    const told: string[] = [];
    const run = async (tile: Float32Array) => {
      if (told.length === 2) throw new Error("stopped");
      return tile;
    };
    const job = inTiles(tiles, size, from, { channels: 1, scale: 1 }, run, (done, of) => told.push(`${done}/${of}`));
    await expect(job).rejects.toThrow("stopped");
    expect(told).toEqual(["1/4", "2/4"]);
  });
});

function enlarged(values: Float32Array, { height, width }: { height: number; width: number }): Float32Array {
  const out = new Float32Array(values.length * 4);
  for (let c = 0; c < values.length / (height * width); c++)
    for (let y = 0; y < 2 * height; y++)
      for (let x = 0; x < 2 * width; x++)
        out[(c * 2 * height + y) * 2 * width + x] = values[(c * height + (y >> 1)) * width + (x >> 1)] as number;
  return out;
}

function reduced(values: Float32Array, { height, width }: { height: number; width: number }): Float32Array {
  const out = new Float32Array(values.length / 4);
  for (let c = 0; c < out.length / (height * width); c++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        out[(c * height + y) * width + x] = values[(c * 2 * height + 2 * y) * 2 * width + 2 * x] as number;
  return out;
}

describe("a decoder in tiles", () => {
  let runtime: Runtime;
  let vae: VaeModel;
  let decoder: Network;
  beforeAll(async () => {
    runtime = await openRuntime({ device: "cpu" });
    vae = await openVae(nodeFolder(golden("vae/diffusers").pathname));
    decoder = await openNetwork(runtime, vaeDecoder(vae.config, "float32"), weightsOf(vae.tensors));
  });
  afterAll(async () => {
    vae.close();
    await runtime.dispose();
  });

  // `tiles.json` has what diffusers' tiles of 64 cells with 16 of overlap make of the same weights and latents.
  test.each([["100x33"], ["80x112"], ["65x9"]])(
    "is at least as near to the whole as diffusers' is, of %s cells",
    { timeout: 120_000 },
    async (name) => {
      const [height = 0, width = 0] = name.split("x").map(Number);
      const theirs = readJson("vae/tiles.json")[name];
      const latent = goldenLatent(name);
      const shape = { channels: 4, height, width };
      const loaded = { config: vae.config, decoder };
      const whole = await decodeLatent(runtime, loaded, latent, shape);
      const first = [0, 1, 2].map((c) => whole[(c * 4 * height + 3) * 4 * width + 5] as number);
      expect(errors(first, theirs.checked).largest).toBeLessThan(1e-3);
      const tiles = vaeTilesFor(vae.config, shape, { ...free, tiles: "always" });
      expect(tiles.rows * tiles.columns).toBeGreaterThan(1);
      const told: number[] = [];
      const cut = await decodeLatent(runtime, loaded, latent, shape, { tiles, onTile: (done) => told.push(done) });
      expect(told).toHaveLength(tiles.rows * tiles.columns);
      const { mean, largest } = apartness(cut, whole);
      expect(mean).toBeLessThanOrEqual(theirs.mean);
      expect(largest).toBeLessThanOrEqual(theirs.largest);
      expect(mean).toBeGreaterThan(0);
    },
  );

  test("stops between two tiles", async () => {
    const shape = { channels: 4, height: 100, width: 33 };
    const tiles = vaeTilesFor(vae.config, shape, { ...free, tiles: "always" });
    const stopping = new AbortController();
    const before = decoder.runs;
    const job = decodeLatent(runtime, { config: vae.config, decoder }, goldenLatent("100x33"), shape, {
      signal: stopping.signal,
      tiles,
      onTile: () => stopping.abort(new Error("enough")),
    });
    await expect(job).rejects.toThrow("enough");
    expect(decoder.runs - before).toBe(1);
  });

  test("has an encoder that goes the same way", async () => {
    const encoder = await openNetwork(runtime, vaeEncoder(vae.config, "float32"), weightsOf(vae.tensors));
    const [width, height] = [4 * 33, 4 * 70];
    const wave = (n: number) => Math.sin(n / 900) + 0.3 * Math.sin((n % width) / 7);
    const picture = Float32Array.from({ length: 3 * width * height }, (_, n) => wave(n));
    const loaded = { config: vae.config, encoder };
    const whole = await encodePicture(runtime, loaded, picture, { width, height });
    const tiles = vaeTilesFor(vae.config, { height: 70, width: 33 }, { ...free, tiles: "always" }, "encoder");
    expect(tiles).toEqual({ rows: 2, columns: 1, height: 64, width: 33 });
    const cut = await encodePicture(runtime, loaded, picture, { width, height }, { tiles });
    const { mean, largest } = apartness(cut, whole);
    const theirs = readJson("vae/tiles.json").encoded;
    expect(mean).toBeLessThanOrEqual(theirs.mean);
    expect(largest).toBeLessThanOrEqual(theirs.largest);
    expect(mean).toBeGreaterThan(0);
    await encoder.release();
  });
});

/** The mean and the largest difference. */
function apartness(one: Float32Array, other: Float32Array): { readonly mean: number; readonly largest: number } {
  let [sum, largest] = [0, 0];
  for (let n = 0; n < one.length; n++) {
    const apart = Math.abs((one[n] as number) - (other[n] as number));
    sum += apart;
    largest = Math.max(largest, apart);
  }
  return { mean: sum / one.length, largest };
}

/** A latent of the goldens. */
function goldenLatent(name: string): Float32Array {
  const tensor = readTensors("vae/latents.safetensors").get(name);
  if (!tensor) throw new RangeError(`There is no latent ${name}.`);
  return Float32Array.from(tensor.values);
}
