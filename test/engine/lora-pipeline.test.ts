import { Engine, type GenerateRequest, type LoraRequest, type Pipeline } from "@underdraw/engine";
import { nodeModel } from "@underdraw/engine/node";
import { afterAll, expect, test } from "vitest";
import { asDraft, loadStyles } from "../../examples/generate/loras.ts";

// LoRAs by the way that users go: the engine loads a checkpoint with them and draws.

const base = nodeModel("test/golden/parity/sd15-tiny/base");
const [peft, kohya] = ["peft", "kohya"].map((name) => nodeModel(`test/golden/lora/${name}.safetensors`)) as [
  ReturnType<typeof nodeModel>,
  ReturnType<typeof nodeModel>,
];
const engine = new Engine({ runtime: { device: "cpu" } });
afterAll(() => engine.dispose());

const request: GenerateRequest = { prompt: "a boat", controls: [], width: 64, height: 64, steps: 2, seed: 7 };
const draw = async (pipeline: Pipeline, asked = request) => (await pipeline.generate(asked)).pixels.data;
const drawn = async (loras: readonly LoraRequest[], asked = request) => {
  await using pipeline = await engine.load({ base, nets: [], loras });
  // Awaited here: the pipeline is disposed when this function returns.
  return await draw(pipeline, asked);
};
const isSame = (a: Uint8ClampedArray, b: Uint8ClampedArray) => Buffer.from(a).equals(Buffer.from(b));

test("a LoRA changes the picture; weight 0, and loading without it, give the checkpoint's own again", {
  timeout: 60_000,
}, async () => {
  const plain = await drawn([]);
  const styled = await drawn([{ file: peft, weight: 0.3 }]);
  expect(isSame(styled, plain)).toBe(false);
  expect(isSame(await drawn([{ file: peft, weight: 0 }]), plain)).toBe(true);
  expect(isSame(await drawn([]), plain)).toBe(true);
});

test("pipelines with other LoRAs on one checkpoint live beside each other, and the guide's example draws", {
  timeout: 60_000,
}, async () => {
  const [whole, drafts] = await loadStyles(engine, { base, style: peft, fewSteps: kohya });
  if (!whole || !drafts) throw new Error("The example gives two pipelines.");
  await using _ = whole;
  await using __ = drafts;
  const result = await drafts.generate({ ...asDraft(request), steps: 3 });
  expect(result.warnings).toEqual([]);
  expect(isSame(await draw(whole), await draw(drafts))).toBe(false);
});

test("what cannot be loaded is refused by name", async () => {
  await expect(engine.load({ base, nets: [], loras: [{ file: peft, weight: 10.5 }] })).rejects.toMatchObject({
    code: "request-invalid",
    message: expect.stringContaining("loras.0.weight"),
  });
  await expect(engine.load({ base, nets: [], loras: [{ file: base }] })).rejects.toMatchObject({
    code: "model-unknown",
  });
});
