import { Engine, type Pipeline, type Pixels } from "@underdraw/engine";
import { readPicture } from "@underdraw/engine/pictures";
import { expect, test, vi } from "vitest";
import { parityCase, parseCase } from "../parity/case.ts";
import { disagreement, limitOf } from "../parity/compare.ts";
import { generateCase } from "../parity/generate-case.ts";
import { parseTensors } from "../parity/tensor-file.ts";

// The engine in a browser, on WebAssembly and on WebGPU: a small model fetched from the test server, and the numbers of
// diffusers at the same tolerance as in Node.

// Not `new URL(…, import.meta.url)`: the test server takes that for an asset and rewrites it.
const golden = `${location.origin}/test/golden/parity/`;
const bytes = async (path: string) => new Uint8Array(await (await fetch(golden + path)).arrayBuffer());

/** Draws a case and holds its numbers against the reference's. Gives what draws something else with the same pipeline. */
async function hold(engine: Engine, name: string): Promise<(prompt: string) => Promise<unknown>> {
  const found = parityCase.parse(parseCase(new TextDecoder().decode(await bytes(`${name}/case.json`))));
  if (found.kind !== "generation") throw new Error("not a generation");
  const { request, tolerance } = found;
  const { controls, init } = request;
  const pictures = new Map<string, Pixels>();
  for (const file of [...controls.map(({ map }) => map), ...(init ? [init.image, init.mask] : [])])
    if (file) pictures.set(file, (await readPicture(await bytes(`${name}/${file}`), { name: file })).pixels);
  const inputs = parseTensors("inputs", await bytes(`${name}/inputs.safetensors`));
  const pipeline: Pipeline = await engine.load({
    base: `${name}/base`,
    nets: { canny: `${name}/controlnets/canny` },
  });
  const draw = (asked: typeof request) => generateCase(pipeline, asked, { inputs, pictures }, () => {});
  const actual = await draw(request);
  const faults = [...parseTensors("expected", await bytes(`${name}/expected.safetensors`))].flatMap(([key, tensor]) => {
    const fault = disagreement(key, tensor, actual.get(key), limitOf(key, tolerance));
    return fault ? [fault] : [];
  });
  expect(faults).toEqual([]);
  return (prompt) => draw({ ...request, prompt });
}

test("on cpu the numbers are those of diffusers", { timeout: 360_000 }, async () => {
  await using engine = new Engine({ models: golden, runtime: { device: "cpu" } });
  expect((await engine.device()).provider).toBe("wasm");
  await hold(engine, "sd15-tiny");
});

// A UNet of nine channels is what WebGPU's convolutions cannot take as it is. The model above has its numbers on WebGPU
// under two controls (runtime-kernels.test.ts): once is long enough on a processor that plays a GPU.
test("on webgpu they are too, and a device that is lost then is told", { timeout: 360_000 }, async () => {
  await using engine = new Engine({ models: golden, runtime: { device: "webgpu" } });
  const asked = vi.spyOn(GPUAdapter.prototype, "requestDevice");
  expect((await engine.device()).provider).toBe("webgpu");
  const gpu: GPUDevice = await asked.mock.results.at(-1)?.value;
  asked.mockRestore();
  const draw = await hold(engine, "inpaint-nine");
  gpu.destroy();
  await expect(draw("a boat")).rejects.toMatchObject({ code: "device-lost" });
});
