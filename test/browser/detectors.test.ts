import { blobFile, createPixels, softedgeTeed } from "@underdraw/engine";
import { connectEngine } from "@underdraw/engine/worker";
import { afterAll, describe, expect, test } from "vitest";
import { drawingGraph } from "../../engine/src/detectors/drawing.ts";
import { openDetector } from "../../engine/src/detectors/open.ts";
import { memoryFolder, memorySource } from "../../engine/src/models/memory.ts";
import type { ModelSource } from "../../engine/src/models/source.ts";
import { openRuntime } from "../../engine/src/runtime/open-runtime.ts";
import type { Runtime } from "../../engine/src/runtime/runtime.ts";
import { namedFile } from "../engine/detectors-named.ts";

// Nets that see, in a real browser: every operation of theirs has a kernel on WebGPU, and a file that was picked goes into
// the engine's worker once.

const address = (path: string): string => `${location.origin}/test/golden/detectors/${path}`;

async function bytesOf(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(address(path));
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

async function fileOf(path: string): Promise<ModelSource> {
  const bytes = await bytesOf(path);
  return { kind: "file", name: path, open: async () => memorySource(path, bytes) };
}

interface Case {
  readonly dims: readonly number[];
  readonly values: Float32Array;
}

/** The tensors of a golden file: uint8 or float32. */
async function casesOf(path: string): Promise<ReadonlyMap<string, Case>> {
  const bytes = await bytesOf(path);
  const start = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, start))) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  return new Map(
    Object.entries(header).map(
      ([
        name,
        {
          dtype,
          shape,
          data_offsets: [from, to],
        },
      ]) => {
        const part = bytes.slice(start + from, start + to);
        return [
          name,
          { dims: shape, values: dtype === "U8" ? Float32Array.from(part) : new Float32Array(part.buffer) },
        ];
      },
    ),
  );
}

/** The largest error over the largest value. */
function error(found: ArrayLike<number>, { values }: Case): number {
  expect(found.length).toBe(values.length);
  let [most, scale] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    most = Math.max(most, Math.abs((found[i] as number) - (values[i] as number)));
    scale = Math.max(scale, Math.abs(values[i] as number));
  }
  return most / scale;
}

describe.each(["webgpu", "cpu"] as const)("on %s", (device) => {
  let opening: Promise<Runtime> | undefined;
  // Strict: an operation that WebGPU has no kernel for is refused.
  const runtime = () => {
    opening ??= openRuntime({ device, strict: device === "webgpu" });
    return opening;
  };
  afterAll(async () => (await opening)?.dispose());

  test.each([
    ["hed", "16x80", (key: string) => `side.${key}`],
    ["pidinet", "24x72", (key: string) => (key === "4" ? "edges" : `side.${key}`)],
    ["teed", "32x48", (key: string) => `side.${key}`],
  ] as const)("%s computes what its own module computes", async (name, size, rename) => {
    const net = await openDetector(await runtime(), name, await fileOf(`${name}.safetensors`));
    const cases = await casesOf(`${name}-cases.safetensors`);
    const outputs = await net.run({ picture: cases.get(`${size}.picture`) as Case });
    let compared = 0;
    for (const [key, expected] of cases) {
      if (!key.startsWith(`${size}.`) || key.endsWith("picture")) continue;
      const found = outputs[rename(key.slice(size.length + 1))];
      expect(error(found?.values ?? [], expected), key).toBeLessThan(1e-3);
      compared++;
    }
    expect(compared).toBeGreaterThan(3);
    await net.release();
  });

  test("the generator of line drawings computes what its own module computes", async () => {
    const bytes = namedFile(drawingGraph(64, 3));
    const source: ModelSource = { kind: "file", name: "lines", open: async () => memorySource("lines", bytes) };
    const net = await openDetector(await runtime(), "lineart", source);
    const cases = await casesOf("lineart-cases.safetensors");
    const { drawing } = await net.run({ picture: cases.get("32x24.picture") as Case });
    expect(error(drawing?.values ?? [], cases.get("32x24.0") as Case)).toBeLessThan(1e-3);
    await net.release();
  });

  test("Depth Anything computes what transformers computes", async () => {
    const folder = memoryFolder("depth-anything", {
      "config.json": await bytesOf("depth-anything/config.json"),
      "model.safetensors": await bytesOf("depth-anything/model.safetensors"),
    });
    const net = await openDetector(await runtime(), "depth-anything", folder);
    const cases = await casesOf("depth-anything-cases.safetensors");
    for (const size of ["42x70", "98x28"]) {
      const { depth } = await net.run({ picture: cases.get(`${size}.picture`) as Case });
      expect(error(depth?.values ?? [], cases.get(`${size}.depth`) as Case), size).toBeLessThan(1e-3);
    }
    await net.release();
  });
});

test("a picked file goes into the worker, where its net stays open from map to map", async () => {
  await using engine = connectEngine(
    () => new Worker(new URL("./worker-script.ts", import.meta.url), { type: "module" }),
  );
  const teed = blobFile(new File([await bytesOf("teed.safetensors")], "teed.safetensors"));
  const source = createPixels(96, 64);
  for (let i = 0; i < 96 * 64; i++) source.data.set(i % 96 < 40 ? [220, 60, 30, 255] : [20, 40, 120, 255], 4 * i);
  const compiles: string[] = [];
  const draw = () =>
    engine.extract(softedgeTeed(), source, {
      models: { teed },
      onProgress: (one) => one.phase === "compile" && compiles.push(one.model),
    });
  const first = await draw();
  expect(new Set(first.pixels.data).size).toBeGreaterThan(1);
  expect(await draw()).toEqual(first);
  expect(compiles).toEqual(["teed"]);
});
