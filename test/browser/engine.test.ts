import { Engine, type Pixels } from "@underdraw/engine";
import { readPicture } from "@underdraw/engine/pictures";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parityCase, parseCase } from "../parity/case.ts";
import { disagreement, limitOf } from "../parity/compare.ts";
import { generateCase } from "../parity/generate-case.ts";
import { parseTensors } from "../parity/tensor-file.ts";

// The engine in a browser, on WebAssembly and on WebGPU: a small model fetched from the test server, and the numbers of
// diffusers at the same tolerance as in Node.

// Not `new URL(…, import.meta.url)`: the test server takes that for an asset and rewrites it.
const golden = `${location.origin}/test/golden/parity/`;
const at = `${golden}sd15-tiny/`;
const bytes = async (path: string) => new Uint8Array(await (await fetch(golden + path)).arrayBuffer());

describe.each(["cpu", "webgpu"] as const)("on %s", (device) => {
  let engine: Engine;
  beforeAll(() => {
    engine = new Engine({ models: golden, runtime: { device } });
  });
  afterAll(() => engine.dispose());

  // The second one inpaints with a UNet of nine channels, which WebGPU's convolutions cannot take as they are.
  test.each(device === "webgpu" ? ["sd15-tiny", "inpaint-nine"] : ["sd15-tiny"])(
    "the numbers are those of diffusers in %s",
    { timeout: 360_000 },
    async (name) => {
      expect((await engine.device()).provider).toBe(device === "cpu" ? "wasm" : "webgpu");
      const found = parityCase.parse(parseCase(new TextDecoder().decode(await bytes(`${name}/case.json`))));
      if (found.kind !== "generation") throw new Error("not a generation");
      const { controls, init } = found.request;
      const pictures = new Map<string, Pixels>();
      for (const file of [...controls.map(({ map }) => map), ...(init ? [init.image, init.mask] : [])])
        if (file) pictures.set(file, (await readPicture(await bytes(`${name}/${file}`), { name: file })).pixels);
      const inputs = parseTensors("inputs", await bytes(`${name}/inputs.safetensors`));
      await using pipeline = await engine.load({
        base: `${name}/base`,
        nets: { canny: `${name}/controlnets/canny` },
      });
      const actual = await generateCase(pipeline, found.request, { inputs, pictures }, () => {});
      const faults = [...parseTensors("expected", await bytes(`${name}/expected.safetensors`))].flatMap(
        ([key, tensor]) => {
          const fault = disagreement(key, tensor, actual.get(key), limitOf(key, found.tolerance));
          return fault ? [fault] : [];
        },
      );
      expect(faults).toEqual([]);
    },
  );
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
  const error = await pipeline.generate({ ...request, seed: 2 }).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: "device-lost" });
  expect(first.pixels.width).toBe(32);
});
