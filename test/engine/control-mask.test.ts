import { readFileSync } from "node:fs";
import { Engine, type Tensor } from "@underdraw/engine";
import { nodeModel } from "@underdraw/engine/node";
import { readPicture } from "@underdraw/engine/pictures";
import { expect, test } from "vitest";
import { parityCase, parseCase } from "../parity/case.ts";
import { disagreement, limitOf } from "../parity/compare.ts";
import { tensorsIn } from "../parity/run-case.ts";

// A control's mask against PyTorch: the residuals of diffusers' ControlNetModel, weighted and masked (`make.py` beside the
// golden files).

const parity = "test/golden/parity/sd15-tiny";
const picture = async (path: string) => (await readPicture(new Uint8Array(readFileSync(path)))).pixels;

test("each residual is weighted and masked as PyTorch does", { timeout: 60_000 }, async () => {
  const found = parityCase.parse(parseCase(readFileSync(`${parity}/case.json`, "utf8")));
  if (found.kind !== "generation") throw new Error("not a generation");
  const { prompt, negativePrompt, width, height, steps, guidance, scheduler, controls } = found.request;
  const [control] = controls;
  if (!control) throw new Error("no control");
  const inputs = tensorsIn(parity, "inputs.safetensors");
  await using engine = new Engine({ runtime: { device: "cpu" } });
  await using pipeline = await engine.load({
    base: nodeModel(`${parity}/base`),
    nets: { canny: nodeModel(`${parity}/controlnets/canny`) },
  });
  const seen = new Map<string, Tensor>();
  await pipeline.generate(
    {
      ...{ prompt, negativePrompt, width, height, steps, guidance, sampler: scheduler },
      controls: [
        {
          map: { condition: "canny", pixels: await picture(`${parity}/${control.map}`) },
          weight: 0.8,
          mask: await picture("test/golden/control-mask/mask.png"),
        },
      ],
    },
    {
      measure: false,
      noise: (name) => inputs.get(`noise.${name}`)?.values as Float32Array,
      trace: (name, tensor) => seen.set(name, tensor),
    },
  );
  const expected = tensorsIn("test/golden/control-mask", "expected.safetensors");
  const faults = [...expected].flatMap(([name, tensor]) => {
    const { dims, values } = seen.get(name) ?? { dims: [], values: new Float32Array() };
    return disagreement(name, tensor, { dims, values: values as Float32Array }, limitOf(name)) ?? [];
  });
  expect(faults).toEqual([]);
  expect(expected.size).toBe(13);
});
