import { Engine, type Pixels } from "@underdraw/engine";
import { readPicture } from "@underdraw/engine/pictures";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { halves, widened } from "../../engine/src/graph/half.ts";
import type { Precision } from "../../engine/src/graph/index.ts";
import { DeviceRuntime } from "../../engine/src/runtime/device-runtime.ts";
import { openRuntime } from "../../engine/src/runtime/open-runtime.ts";
import type { Runtime, Tensor } from "../../engine/src/runtime/runtime.ts";
import { addScaled, products, type ScaledSum } from "../../engine/src/runtime/scaled-sum.ts";
import { seeded } from "../engine/runtime-reference.ts";
import { parityCase, parseCase } from "../parity/case.ts";
import { disagreement, limitOf } from "../parity/compare.ts";
import { generateCase } from "../parity/generate-case.ts";
import { parseTensors } from "../parity/tensor-file.ts";

// Our own kernels on WebGPU against the plain loops. Half precision is whole numbers to them, so that it is tested here
// too, where the adapter has none: tensors of it lie in buffers, and no session reads them.

/** A device of the smallest limits, which every browser has: kernels see five terms at once. */
async function openShared(limits: Record<string, number> = {}): Promise<GPUDevice> {
  const adapter = await navigator.gpu.requestAdapter();
  if (!adapter) throw new Error("no WebGPU adapter");
  return adapter.requestDevice({ requiredLimits: limits });
}

/** The buffers of a device that were made and not yet destroyed. */
function countBuffers(gpu: GPUDevice): ReadonlySet<GPUBuffer> {
  const alive = new Set<GPUBuffer>();
  const create = gpu.createBuffer.bind(gpu);
  gpu.createBuffer = (descriptor) => {
    const buffer = create(descriptor);
    alive.add(buffer);
    const destroy = buffer.destroy.bind(buffer);
    buffer.destroy = () => {
      alive.delete(buffer);
      return destroy();
    };
    return buffer;
  };
  return alive;
}

/** What a kernel's numbers are made from. */
interface Given {
  readonly dims: readonly number[];
  readonly type: Precision;
  readonly values: Float32Array<ArrayBuffer>;
}

function given(type: Precision, dims: readonly number[], seed: number): Given {
  const values = seeded(
    dims.reduce((a, b) => a * b, 1),
    seed,
  ) as Float32Array<ArrayBuffer>;
  return { dims, type, values: type === "float16" ? widened(halves(values)) : values };
}

const place = (runtime: Runtime, { type, dims, values }: Given): Tensor => runtime.tensor(type, dims, values);

/** The largest distance, relative to the largest value. */
function error(actual: Float32Array, expected: Float32Array): number {
  expect(actual.length).toBe(expected.length);
  let [most, size] = [0, 0];
  for (const [n, value] of expected.entries()) {
    const distance = Math.abs(value - (actual[n] as number));
    if (!(distance <= Number.MAX_VALUE)) return Number.POSITIVE_INFINITY;
    most = Math.max(most, distance);
    size = Math.max(size, Math.abs(value));
  }
  return size === 0 ? most : most / size;
}

async function summed(runtime: Runtime, sum: ScaledSum<Given>): Promise<Float32Array> {
  const base = place(runtime, sum.base);
  const terms = sum.terms.map((term) => ({ ...term, tensor: place(runtime, term.tensor) }));
  const [result] = await runtime.addScaled([{ base, terms }]);
  const values = await runtime.read(result as Tensor);
  expect([result?.type, result?.dims]).toEqual([sum.base.type, sum.base.dims]);
  // What went in is as it was.
  expect(await runtime.read(base)).toEqual(sum.base.values);
  for (const tensor of [base, ...terms.map((term) => term.tensor), result]) tensor?.dispose();
  return values;
}

const plain = ({ base, terms }: ScaledSum<Given>): Float32Array =>
  addScaled({ base: { ...base, values: base.values.slice() }, terms });

/** Terms of every kind: rows left out, rows exchanged, one row for both, a mask, a mean, a mean under a mask. */
function mixedTerms(type: Precision, [, channels = 1, height = 1, width = 1]: readonly number[], count: number) {
  const area = height * width;
  const mask = seeded(area, 90).map(Math.abs);
  return Array.from({ length: count }, (_, n) => {
    const kind = n % 6;
    const rows = [
      [
        { row: 0, scale: 0.7 },
        { row: 1, scale: -1.3 },
      ],
      [{ row: 1, scale: 0.31 }, null],
      [null, { row: 0, scale: 2 }],
      [
        { row: 2, scale: 0.9 },
        { row: 0, scale: 0.4 },
      ],
    ][n % 4] as readonly ({ row: number; scale: number } | null)[];
    return {
      tensor: given(type, [3, channels, height, width], 10 + n),
      rows,
      pool: kind >= 4,
      ...(kind % 2 === 1 ? { mask } : {}),
    };
  });
}

describe.each(["all that the adapter has", "the smallest limits"] as const)("kernels on a device with %s", (limits) => {
  let runtime: Runtime;
  let shared: GPUDevice | undefined;
  beforeAll(async () => {
    shared = limits === "the smallest limits" ? await openShared() : undefined;
    runtime = await openRuntime({ device: "webgpu", strict: true, ...(shared ? { gpu: shared } : {}) });
    if (shared) expect(shared.limits.maxStorageBuffersPerShaderStage).toBe(8);
  });
  afterAll(async () => {
    await runtime.dispose();
    shared?.destroy();
  });

  const sides = [
    [2, 5, 7, 9],
    [2, 3, 1, 1],
    [2, 8, 16, 8],
  ];
  test.each(sides.flatMap((dims) => [0, 1, 2, 7, 23].map((count) => [dims, count] as const)))(
    "[%s] and %i terms are summed as by the plain loop",
    async (dims, count) => {
      const sum = { base: given("float32", dims, 1), terms: mixedTerms("float32", dims, count) };
      expect(error(await summed(runtime, sum), plain(sum))).toBeLessThan(1e-6);
    },
  );

  test.each(sides.flatMap((dims) => [1, 7, 23].map((count) => [dims, count] as const)))(
    "[%s] in half precision and %i terms are rounded once, at the end",
    async (dims, count) => {
      const sum = { base: given("float16", dims, 1), terms: mixedTerms("float16", dims, count) };
      const expected = plain(sum);
      // Half a step of eleven bits.
      expect(error(await summed(runtime, sum), expected)).toBeLessThanOrEqual(2 ** -11);
      const rounded = widened(halves(expected));
      const actual = await summed(runtime, sum);
      // A sum that lies in the middle between two may fall to either side.
      const differing = actual.filter((value, n) => value !== rounded[n]).length;
      expect(differing).toBeLessThanOrEqual(Math.ceil(actual.length / 100));
    },
  );

  test("terms of one precision are added to a base of the other", async () => {
    for (const [one, other] of [
      ["float32", "float16"],
      ["float16", "float32"],
    ] as const) {
      const sum = { base: given(one, [2, 3, 5, 5], 1), terms: mixedTerms(other, [2, 3, 5, 5], 6) };
      expect(error(await summed(runtime, sum), plain(sum))).toBeLessThan(one === "float16" ? 2 ** -11 : 1e-6);
    }
  });

  test("several sums of a call, some without terms, come in their order", async () => {
    const specs = [sides[0], sides[1], sides[2]].map((dims = [], n) => ({
      base: given("float32", dims, 20 + n),
      terms: mixedTerms("float32", dims, [0, 6, 2][n] as number),
    }));
    const results = await runtime.addScaled(
      specs.map(({ base, terms }) => ({
        base: place(runtime, base),
        terms: terms.map((term) => ({ ...term, tensor: place(runtime, term.tensor) })),
      })),
    );
    for (const [n, spec] of specs.entries()) {
      expect(error(await runtime.read(results[n] as Tensor), plain(spec))).toBeLessThan(1e-6);
      results[n]?.dispose();
    }
    expect(await runtime.addScaled([])).toEqual([]);
  });

  test("products are those of the plain loop, of rows that are named, with themselves and with others", async () => {
    for (const type of ["float32", "float16"] as const)
      for (const dims of [
        [3, 5, 7, 9],
        [3, 70, 3, 3],
        [3, 1, 1, 1],
      ]) {
        const [one, other] = [given(type, dims, 1), given("float32", [2, ...dims.slice(1)], 2)];
        const pairs = [
          { one, other: one, rows: [[0, 0] as const, [1, 1] as const, [2, 2] as const] },
          { one, other, rows: [[2, 0] as const, [0, 1] as const] },
          { one, other, rows: [] },
        ];
        const tensors = new Map([one, other].map((each) => [each, place(runtime, each)]));
        const of = (each: Given) => tensors.get(each) as Tensor;
        const found = await runtime.products(
          pairs.map((pair) => ({ ...pair, one: of(pair.one), other: of(pair.other) })),
        );
        for (const [n, pair] of pairs.entries())
          expect(error(found[n] as Float32Array, products(pair))).toBeLessThan(1e-6);
        for (const tensor of tensors.values()) tensor.dispose();
      }
    expect(await runtime.products([])).toEqual([]);
  });
});

describe("half precision in kernels", () => {
  let runtime: Runtime;
  beforeAll(async () => {
    runtime = await openRuntime({ device: "webgpu" });
  });
  afterAll(() => runtime.dispose());

  test("every one of its numbers is read and written back as it was", async () => {
    const bits = Uint16Array.from({ length: 65536 }, (_, n) => n);
    const base = runtime.tensor("float16", [1, 1, 256, 256], widened(bits));
    const [copy] = await runtime.addScaled([{ base, terms: [] }]);
    expect(await runtime.read(copy as Tensor)).toEqual(widened(bits));
  });

  test("float32 is rounded to it as the plain loop does: ties to even, small and large numbers, none", async () => {
    const edges = [
      0,
      -0,
      1 + 2 ** -11,
      1 + 3 * 2 ** -11,
      65504,
      65519.996,
      65520,
      -65536,
      1e30,
      2 ** -14,
      2 ** -14 - 2 ** -26,
      2 ** -24,
      2 ** -25,
      2 ** -25 * 1.001,
      -3 * 2 ** -25,
      1023.5 * 2 ** -24,
      1e-20,
    ];
    const values = Float32Array.of(...edges, ...seeded(1000, 3).map((value, n) => value * 10 ** ((n % 16) - 9)));
    const dims = [1, 1, 1, values.length];
    const base = runtime.tensor("float16", dims, new Float32Array(values.length));
    const tensor = runtime.tensor("float32", dims, values);
    const terms = [{ tensor, rows: [{ row: 0, scale: 1 }], pool: false }];
    const [result] = await runtime.addScaled([{ base, terms }]);
    // 0 + -0 is 0, and what is negative and too small is -0.
    const expected = widened(halves(values.map((value) => 0 + value)));
    expect(await runtime.read(result as Tensor)).toEqual(expected);
  });
});

test("a tensor of more workgroups than fit beside each other is summed whole", async () => {
  const runtime = await openRuntime({ device: "webgpu" });
  const [height, width] = [2049, 2049];
  const values = Float32Array.from({ length: height * width }, (_, n) => n % 1021);
  const base = runtime.tensor("float32", [1, 1, height, width], values);
  const terms = [{ tensor: base, rows: [{ row: 0, scale: 0.5 }], pool: false }];
  const [result] = await runtime.addScaled([{ base, terms }]);
  const sums = await runtime.read(result as Tensor);
  expect(sums.findIndex((value, n) => value !== 1.5 * (values[n] as number))).toBe(-1);
  const [squares] = await runtime.products([{ one: base, other: base, rows: [[0, 0]] }]);
  expect(squares?.findIndex((value, n) => value !== (values[n] as number) ** 2)).toBe(-1);
  await runtime.dispose();
});

describe("a device's memory", () => {
  const dims = [2, 3, 5, 7];
  const tensors = (runtime: Runtime) => ({
    base: place(runtime, given("float16", dims, 1)),
    terms: mixedTerms("float16", dims, 12).map((term) => ({ ...term, tensor: place(runtime, term.tensor) })),
  });

  test("a sum leaves its result and a product nothing, and kernels are compiled once", async () => {
    const gpu = await openShared();
    const runtime = await openRuntime({ device: "webgpu", gpu });
    const compile = vi.spyOn(gpu, "createComputePipelineAsync");
    const alive = countBuffers(gpu);
    const { base, terms } = tensors(runtime);
    const before = alive.size;
    expect(before).toBe(13);
    let kernels = 0;
    for (let n = 0; n < 3; n++) {
      const results = await runtime.addScaled([
        { base, terms },
        { base, terms: terms.slice(0, 1) },
      ]);
      expect(alive.size).toBe(before + 2);
      for (const tensor of results) tensor.dispose();
      const rows = [[0, 1]] as const;
      await runtime.products(terms.map(({ tensor }) => ({ one: tensor, other: base, rows })));
      await runtime.read(base);
      expect(alive.size).toBe(before);
      if (n === 0) kernels = compile.mock.calls.length;
      else expect(compile.mock.calls.length).toBe(kernels);
    }
    expect(kernels).toBeGreaterThan(2);
    for (const { tensor } of terms) tensor.dispose();
    base.dispose();
    await runtime.dispose();
    expect(alive.size).toBe(0);
    gpu.destroy();
  });

  test("a sum that finds no memory says so, frees what it had, and the next one works", async () => {
    // A limit is no promise: the adapter in software allows 1 GiB and has not got it.
    const adapter = await navigator.gpu.requestAdapter();
    const { maxBufferSize = 0, maxStorageBufferBindingSize = 0 } = adapter?.limits ?? {};
    const gpu = await openShared({ maxBufferSize, maxStorageBufferBindingSize });
    const runtime = await openRuntime({ device: "webgpu", gpu });
    const alive = countBuffers(gpu);
    const { base, terms } = tensors(runtime);
    const before = alive.size;
    const create = gpu.createBuffer;
    gpu.createBuffer = (descriptor) =>
      create(descriptor.mappedAtCreation ? descriptor : { ...descriptor, size: maxBufferSize });
    await expect(runtime.addScaled([{ base, terms }])).rejects.toMatchObject({ code: "out-of-memory" });
    await expect(runtime.products([{ one: base, other: base, rows: [[0, 0]] }])).rejects.toMatchObject({
      code: "out-of-memory",
    });
    gpu.createBuffer = create;
    expect(runtime.lost).toBeNull();
    await runtime.read(base);
    expect(alive.size).toBe(before);
    const [result] = await runtime.addScaled([{ base, terms }]);
    expect(result?.dims).toEqual(dims);
    await runtime.dispose();
    gpu.destroy();
  });

  test.each(["before", "during"] as const)("a device that is lost %s a sum is told", async (when) => {
    const gpu = await openShared();
    const runtime = await openRuntime({ device: "webgpu", gpu });
    const { base, terms } = tensors(runtime);
    if (when === "before") {
      gpu.destroy();
      await gpu.lost;
    }
    const running = [
      runtime.addScaled([{ base, terms }]),
      runtime.products([{ one: base, other: base, rows: [[0, 0]] }]),
    ];
    if (when === "during") gpu.destroy();
    for (const result of await Promise.allSettled(running))
      expect(result).toMatchObject({ status: "rejected", reason: { code: "device-lost" } });
    expect(runtime.lost).toMatchObject({ code: "device-lost" });
    await runtime.dispose();
  });
});

test("a generation with two controls has the numbers of diffusers, is summed on the device and opens no session", {
  timeout: 360_000,
}, async () => {
  const folder = `${location.origin}/test/golden/parity/`;
  const bytes = async (path: string) =>
    new Uint8Array(await (await fetch(`${folder}two-controls/${path}`)).arrayBuffer());
  const gpu = await openShared();
  const compiled = vi.spyOn(gpu, "createComputePipelineAsync");
  const kernels = () =>
    compiled.mock.calls.flatMap(([{ label = "" }]) => (label.startsWith("underdraw") ? [label] : []));
  const opened = vi.spyOn(DeviceRuntime.prototype, "open");
  await using engine = new Engine({ models: folder, runtime: { device: "webgpu", gpu } });
  await using pipeline = await engine.load({
    base: "sd15-tiny/base",
    nets: { canny: "sd15-tiny/controlnets/canny", depth: "two-controls/controlnets/depth" },
  });
  expect(opened).toHaveBeenCalled();
  opened.mockClear();
  const found = parityCase.parse(parseCase(new TextDecoder().decode(await bytes("case.json"))));
  if (found.kind !== "generation") throw new Error("not a generation");
  const { request } = found;
  const readMap = async (name: string) => (await readPicture(await bytes(name), { name })).pixels;
  const names = request.controls.map(({ map }) => map);
  const pictures = new Map(await Promise.all(names.map(async (name) => [name, await readMap(name)] as const)));
  const inputs = parseTensors("inputs", await bytes("inputs.safetensors"));
  const actual = await generateCase(pipeline, request, { inputs, pictures }, () => {});
  const faults = [...parseTensors("expected", await bytes("expected.safetensors"))].flatMap(([name, tensor]) => {
    const fault = disagreement(name, tensor, actual.get(name), limitOf(name));
    return fault ? [fault] : [];
  });
  expect(faults).toEqual([]);
  // In each step one of them acts, so that one kernel does.
  expect(kernels()).toEqual(["underdraw sum single single single"]);

  // The same sizes once more, both at once and with other weights.
  const { prompt, negativePrompt, width, height, guidance } = request;
  const { influence } = await pipeline.generate(
    {
      ...{ prompt, negativePrompt, width, height, guidance, steps: 1, seed: 1 },
      controls: request.controls.map(({ net, map }, n) => ({
        net,
        map: { condition: net, pixels: pictures.get(map) as Pixels },
        weight: 1 - n / 2,
      })),
    },
    { measure: false, influence: true },
  );
  expect(influence?.controls.map((control) => (control?.mean ?? 0) > 0)).toEqual([true, true]);
  expect(influence?.conflicts).toHaveLength(1);
  expect(kernels().slice(1)).toEqual(["underdraw sum single single single single", "underdraw product single single"]);
  expect(opened).not.toHaveBeenCalled();
  vi.restoreAllMocks();
});
