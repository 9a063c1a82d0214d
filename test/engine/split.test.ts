import { afterAll, beforeAll, expect, test } from "vitest";
import { openControlNet } from "../../engine/src/controlnet/net.ts";
import { controlSums, halvesOf } from "../../engine/src/controlnet/residuals.ts";
import { timeTable } from "../../engine/src/controlnet/time-table.ts";
import {
  CONTROL_PREFIX,
  type ControlNetConfig,
  kv,
  type Precision,
  sinusoids,
  temb,
  type UnetConfig,
  unetDecoder,
  unetEncoder,
  wholeStep,
} from "../../engine/src/graph/index.ts";
import { openNetwork } from "../../engine/src/runtime/network.ts";
import { openRuntime } from "../../engine/src/runtime/open-runtime.ts";
import type { Runtime, Tensor } from "../../engine/src/runtime/runtime.ts";
import { unevenNet, unevenUnet } from "./published-configs.ts";
import { randomWeights, uniform } from "./random-weights.ts";

// The split into graphs is the same network: encoder, sum and decoder give what one graph with everything inside gives.

const runtimes: Runtime[] = [];
let plain: Runtime;
let half: Runtime;
beforeAll(async () => {
  const open = async (precision: Precision) => {
    const runtime = await openRuntime({ device: "cpu", precision });
    runtimes.push(runtime);
    return runtime;
  };
  plain = await open("float32");
  half = await open("float16");
});
afterAll(() => Promise.all(runtimes.map((runtime) => runtime.dispose())));

const numbers = (seed: number, length: number, scale = 1) => {
  const next = uniform(seed);
  return Float32Array.from({ length }, () => next() * scale);
};

interface Sizes {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly context: number;
}
const timestep = 401.25;
const scale = 0.8;

function inputs(runtime: Runtime, unet: UnetConfig, net: ControlNetConfig, { batch, height, width, context }: Sizes) {
  const factor = 2 ** (net.hintChannels.length - 1);
  const floats = (dims: number[], values: Float32Array): Tensor => runtime.tensor(runtime.precision, dims, values);
  const area = height * width;
  return {
    latent: floats([1, unet.inChannels, height, width], numbers(1, unet.inChannels * area, 1.7)),
    states: floats([batch, context, unet.contextWidth], numbers(2, batch * context * unet.contextWidth, 1.7)),
    map: floats([1, 3, height * factor, width * factor], numbers(3, 3 * area * factor * factor).map(Math.abs)),
  };
}

/** One step by the split graphs; `net` null leaves the control away. */
async function splitStep(
  runtime: Runtime,
  unet: UnetConfig,
  net: { readonly config: ControlNetConfig; readonly zero?: RegExp } | null,
  sizes: Sizes,
): Promise<Float32Array> {
  const { precision } = runtime;
  const weights = randomWeights();
  const { latent, states, map } = inputs(runtime, unet, net?.config ?? unevenNet, sizes);
  const load = (graph: Parameters<typeof openNetwork>[1]) => openNetwork(runtime, graph, weights);
  const text = await (await load(kv(unet, precision))).run({ states }, sizes);
  const times = (await timeTable(runtime, await load(temb(unet, precision)), unet, [timestep])).row(0);
  let sums = await (await load(unetEncoder(unet, precision))).run({ latent, ...text, ...times }, sizes);
  if (net) {
    const weightsOfNet = randomWeights({ prefix: CONTROL_PREFIX, ...(net.zero ? { zero: net.zero } : {}) });
    const loaded = await openControlNet(runtime, net.config, weightsOfNet);
    const own = await loaded.pieces.kv.run({ states }, sizes);
    const rows = (await timeTable(runtime, loaded.pieces.temb, net.config, [timestep])).row(0);
    const [, , height = 0, width = 0] = map.dims;
    const hint = await loaded.pieces.hint.run({ map }, { batch: 1, height, width });
    const residuals = await loaded.pieces.control.run({ latent, ...hint, ...own, ...rows }, sizes);
    const all = loaded.names.map(() => scale);
    const strength = { conditional: all, unconditional: all };
    const halves = halvesOf(sizes.batch === 2);
    const control = { index: 0, order: "", residuals, halves, strength, masks: null, globalPool: false };
    const added = await runtime.addScaled(controlSums(loaded.names, sums, [control], sizes.batch === 2));
    sums = Object.fromEntries(loaded.names.map((name, j) => [name, added[j] as Tensor]));
  }
  const { prediction } = await (await load(unetDecoder(unet, precision))).run({ ...sums, ...text, ...times }, sizes);
  return runtime.read(prediction as Tensor);
}

const relative = (a: Float32Array, b: Float32Array): number => {
  let [difference, size] = [0, 0];
  for (const [n, value] of a.entries()) {
    difference += (value - (b[n] ?? 0)) ** 2;
    size += value ** 2;
  }
  return Math.sqrt(difference / size);
};

test.each([
  { batch: 2, height: 13, width: 22, context: 5 },
  { batch: 1, height: 8, width: 8, context: 9 },
])("the split graphs give what one graph gives ($height x $width, batch $batch)", async (sizes) => {
  const { latent, states, map } = inputs(plain, unevenUnet, unevenNet, sizes);
  const [, ...sides] = latent.dims;
  const row = await plain.read(latent);
  const repeated = Float32Array.from({ length: sizes.batch * row.length }, (_, n) => row[n % row.length] as number);
  const each = plain.tensor("float32", [sizes.batch, ...sides], repeated);
  const whole = await openNetwork(plain, wholeStep(unevenUnet, unevenNet, "float32"), randomWeights());
  const sinusoid = plain.tensor("float32", [1, 16], sinusoids([timestep], unevenUnet));
  const strength = plain.tensor("float32", [sizes.batch, 1, 1, 1], new Float32Array(sizes.batch).fill(scale));
  const { prediction } = await whole.run({ latent: each, sinusoid, states, map, scale: strength }, sizes);
  const expected = await plain.read(prediction as Tensor);
  const actual = await splitStep(plain, unevenUnet, { config: unevenNet }, sizes);
  expect(relative(expected, actual)).toBeLessThan(2e-6);
  const without = await splitStep(plain, unevenUnet, null, sizes);
  expect(relative(expected, without)).toBeGreaterThan(0.05);
});

test("a UNet whose encoder has no attention gives both rows the same, and its decoder tells them apart", async () => {
  const sizes = { batch: 2, height: 9, width: 12, context: 5 };
  const config = { ...unevenUnet, downAttention: unevenUnet.downAttention.map(() => false) };
  const { latent, states } = inputs(plain, config, unevenNet, sizes);
  const load = (graph: Parameters<typeof openNetwork>[1]) => openNetwork(plain, graph, randomWeights());
  const text = await (await load(kv(config, "float32"))).run({ states }, sizes);
  const times = (await timeTable(plain, await load(temb(config, "float32")), config, [timestep])).row(0);
  const sums = await (await load(unetEncoder(config, "float32"))).run({ latent, ...text, ...times }, sizes);
  for (const [name, tensor] of Object.entries(sums)) {
    const values = await plain.read(tensor);
    const [one, other] = [values.subarray(0, values.length / 2), values.subarray(values.length / 2)];
    expect(one, name).toEqual(other);
  }
  const { prediction } = await (await load(unetDecoder(config, "float32"))).run({ ...sums, ...text, ...times }, sizes);
  const values = await plain.read(prediction as Tensor);
  const [one, other] = [values.subarray(0, values.length / 2), values.subarray(values.length / 2)];
  expect(relative(one, other)).toBeGreaterThan(0.01);
});

test("fresh zero convolutions change nothing, in no bit", async () => {
  const sizes = { batch: 2, height: 9, width: 12, context: 5 };
  const fresh = { config: unevenNet, zero: /^controlnet_(down_blocks|mid_block)/ };
  const steered = await splitStep(plain, unevenUnet, fresh, sizes);
  expect(steered).toEqual(await splitStep(plain, unevenUnet, null, sizes));
});

test("half precision stays near single precision", async () => {
  const sizes = { batch: 1, height: 9, width: 12, context: 5 };
  const expected = await splitStep(plain, unevenUnet, { config: unevenNet }, sizes);
  const actual = await splitStep(half, unevenUnet, { config: unevenNet }, sizes);
  const error = relative(expected, actual);
  expect(error).toBeLessThan(1e-2);
  expect(error).toBeGreaterThan(1e-6); // it did compute in halves
});
