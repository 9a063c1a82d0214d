import { Engine, type Pipeline } from "@underdraw/engine";
import { readPicture } from "@underdraw/engine/pictures";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parityCase, parseCase } from "../parity/case.ts";
import { disagreement, limitOf } from "../parity/compare.ts";
import { generateCase } from "../parity/generate-case.ts";
import { parseTensors } from "../parity/tensor-file.ts";

// The engine in a browser, on WebAssembly and on WebGPU: a small model fetched from the test server, and the numbers of
// diffusers at the same tolerance as in Node.

// Not `new URL(…, import.meta.url)`: the test server takes that for an asset and rewrites it.
const at = `${location.origin}/test/golden/parity/sd15-tiny/`;
const bytes = async (path: string) => new Uint8Array(await (await fetch(at + path)).arrayBuffer());

describe.each(["cpu", "webgpu"] as const)("on %s", (device) => {
  let engine: Engine;
  let pipeline: Pipeline;
  beforeAll(async () => {
    engine = new Engine({ models: at, runtime: { device } });
    pipeline = await engine.load({ base: "base", nets: { canny: "controlnets/canny" } });
  }, 120_000);
  afterAll(() => engine.dispose());

  test("the numbers are those of diffusers", { timeout: 240_000 }, async () => {
    expect((await engine.device()).provider).toBe(device === "cpu" ? "wasm" : "webgpu");
    const found = parityCase.parse(parseCase(new TextDecoder().decode(await bytes("case.json"))));
    if (found.kind !== "generation") throw new Error("not a generation");
    const map = "map-canny.png";
    const maps = new Map([[map, (await readPicture(await bytes(map), { name: map })).pixels]]);
    const inputs = parseTensors("inputs", await bytes("inputs.safetensors"));
    const actual = await generateCase(pipeline, found.request, { inputs, maps }, () => {});
    const faults = [...parseTensors("expected", await bytes("expected.safetensors"))].flatMap(([name, tensor]) => {
      const fault = disagreement(name, tensor, actual.get(name), limitOf(name));
      return fault ? [fault] : [];
    });
    expect(faults).toEqual([]);
  });
});

test("a lost device is told, and the same pipeline draws again on a new one", { timeout: 240_000 }, async () => {
  const adapter = await navigator.gpu.requestAdapter();
  const gpu = await adapter?.requestDevice();
  if (!gpu) throw new Error("no WebGPU device");
  await using engine = new Engine({ models: at, runtime: { device: "webgpu", gpu } });
  await using pipeline = await engine.load({ base: "base" });
  const request = { prompt: "a boat", controls: [], width: 32, height: 32, steps: 2, guidance: 1, seed: 1 };
  const first = await pipeline.generate(request);
  gpu.destroy();
  const error = await pipeline.generate(request).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: "device-lost" });
  expect(first.pixels.width).toBe(32);
});
