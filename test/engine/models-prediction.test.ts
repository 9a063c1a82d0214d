import { describe, expect, test } from "vitest";
import { openBase } from "../../engine/src/models/base.ts";
import { memorySource } from "../../engine/src/models/memory.ts";
import { predictionOf } from "../../engine/src/models/prediction.ts";
import { openSafetensors } from "../../engine/src/models/safetensors.ts";
import { placedTensors, placesOf } from "../../engine/src/models/tensors.ts";
import { checkpoint, packFacts as facts, pack } from "./original-checkpoint.ts";
import { numbers, overlay, safetensorsFile, type Written } from "./safetensors-file.ts";

// Names and shapes are the same for noise and v. What is asked, in its order: the setting, a config, markers, the number
// of channels, the step of training, the spread of one bias.

const TELLING = "up_blocks.3.attentions.2.transformer_blocks.0.norm1.bias";
const CONTEXT = "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight";

const open = (tensors: Record<string, Written>, metadata: Record<string, string> = {}) =>
  openSafetensors(memorySource("model.safetensors", safetensorsFile(tensors, { metadata })));

function unetOf({ channels = 4, width = 1024, spread = 0.02 }) {
  const bias = Float32Array.from({ length: 320 }, (_, n) => (n % 2 ? spread : -spread));
  const file = open({
    "conv_in.weight": { dtype: "F16", shape: [4, channels, 3, 3] },
    [CONTEXT]: { dtype: "F16", shape: [4, width] },
    [TELLING]: { dtype: "F32", shape: [320], data: bias },
  });
  return placedTensors("unet", placesOf(file), () => {});
}

const empty: Written = { dtype: "F32", shape: [0] };
const step = (value: number): Written => ({
  dtype: "I64",
  shape: [],
  data: new Uint8Array(BigInt64Array.of(BigInt(value)).buffer),
});
const config = (prediction_type?: string) => ({
  name: "scheduler_config.json",
  value: prediction_type ? { prediction_type } : {},
});
const v = unetOf({ spread: 0.2 });
const told = open({ v_pred: empty }, { "modelspec.prediction_type": "epsilon" });

describe("the order of evidence", () => {
  test.each([
    [
      "the setting goes before all",
      { given: { prediction_type: "sample" }, config: config("epsilon"), file: told },
      v,
      "sample",
      /it was given/,
      false,
    ],
    [
      "a config goes before markers",
      { given: {}, config: config("epsilon"), file: told },
      v,
      "epsilon",
      /scheduler_config\.json says so/,
      false,
    ],
    [
      "a config that says nothing means noise, as in diffusers",
      { given: {}, config: config(), file: told },
      v,
      "epsilon",
      /no config says otherwise/,
      false,
    ],
    ["a file's metadata is its config", { given: {}, config: null, file: told }, v, "epsilon", /modelspec/, false],
    [
      "metadata may say v",
      { given: {}, config: null, file: open({}, { "modelspec.prediction_type": "v" }) },
      unetOf({}),
      "v_prediction",
      /modelspec/,
      false,
    ],
    [
      "what metadata says is no word of ours is passed over",
      { given: {}, config: null, file: open({ v_pred: empty }, { "modelspec.prediction_type": "toString" }) },
      unetOf({}),
      "v_prediction",
      /"v_pred"/,
      false,
    ],
    [
      "a marker goes before nine channels",
      { given: {}, config: null, file: open({ v_pred: empty }) },
      unetOf({ channels: 9 }),
      "v_prediction",
      /marker "v_pred"/,
      false,
    ],
    [
      "so does the other marker",
      { given: {}, config: null, file: open({ ztsnr: empty }) },
      unetOf({}),
      "v_prediction",
      /marker "ztsnr"/,
      false,
    ],
    [
      "nine channels go before the step",
      { given: {}, config: null, file: open({ global_step: step(1) }) },
      unetOf({ channels: 9, spread: 0.2 }),
      "epsilon",
      /9 channels/,
      false,
    ],
    [
      "the step goes before the spread",
      { given: {}, config: null, file: open({ global_step: step(875000) }) },
      v,
      "epsilon",
      /step 875000/,
      false,
    ],
    [
      "another step tells nothing",
      { given: {}, config: null, file: open({ global_step: step(140000) }) },
      v,
      "v_prediction",
      /0\.200/,
      true,
    ],
    [
      "the spread is asked last: wide",
      { given: {}, config: null, file: open({}) },
      v,
      "v_prediction",
      /0\.200, and above 0\.09/,
      true,
    ],
    [
      "the spread is asked last: narrow",
      { given: {}, config: null, file: open({}) },
      unetOf({}),
      "epsilon",
      /0\.020/,
      true,
    ],
    [
      "and only of Stable Diffusion 2",
      { given: {}, config: null, file: open({}) },
      unetOf({ width: 768, spread: 0.2 }),
      "epsilon",
      /nothing says so/,
      true,
    ],
    [
      "a folder without a schedule is asked for its UNet",
      { given: {}, config: null, file: null },
      v,
      "v_prediction",
      /0\.200/,
      true,
    ],
  ] as const)("%s", (_, about, unet, type, evidence, assumed) => {
    expect(predictionOf(unet, about)).toEqual({ type, evidence: expect.stringMatching(evidence), assumed });
  });

  test("the step may be of any type, and only one number", () => {
    const of = (tensor: Written) =>
      predictionOf(v, { given: {}, config: null, file: open({ global_step: tensor }) }).type;
    expect(of({ ...numbers(875000), shape: [1] })).toBe("epsilon");
    expect(of({ dtype: "F64", shape: [], data: new Uint8Array(Float64Array.of(875000).buffer) })).toBe("epsilon");
    expect(of({ dtype: "I32", shape: [], data: new Uint8Array(Int32Array.of(875000).buffer) })).toBe("epsilon");
    expect(of(numbers(875000, 1))).toBe("v_prediction");
    expect(of({ dtype: "BOOL", shape: [] })).toBe("v_prediction");
  });
});

describe("the setting overrules", () => {
  test.each(["epsilon", "v_prediction", "sample"] as const)("for a file and for a folder: %s", async (type) => {
    const { model, file } = await checkpoint({ more: { v_pred: empty } });
    model.close();
    for (const source of [file, pack]) {
      const opened = await openBase(source, {
        facts: { ...(source === file ? facts : {}), scheduler: { prediction_type: type } },
      });
      expect(opened.prediction).toEqual({ type, evidence: "it was given", assumed: false });
      expect(opened.scheduler.prediction_type).toBe(type);
      expect(opened.warnings.filter((warning) => warning.includes("assumed"))).toEqual([]);
      opened.close();
    }
  });

  test("and a word that is none is refused", async () => {
    const wrong = { facts: { scheduler: { prediction_type: "flow" } } };
    await expect(openBase(pack, wrong)).rejects.toThrow(/prediction_type is "flow"/);
    const { model, file } = await checkpoint();
    model.close();
    await expect(openBase(file, { facts: { ...facts, ...wrong.facts } })).rejects.toThrow(/prediction_type is "flow"/);
  });

  test("noise on a file that ends in noise alone does not begin there", async () => {
    const { model, file } = await checkpoint({ more: { v_pred: empty, ztsnr: empty } });
    model.close();
    const given = await openBase(file, { facts: { ...facts, scheduler: { prediction_type: "epsilon" } } });
    expect(given.scheduler.rescale_betas_zero_snr).toBeUndefined();
    const plain = await openBase(file, { facts });
    expect(plain.scheduler).toMatchObject({ rescale_betas_zero_snr: true, timestep_spacing: "trailing" });
  });
});

test("a folder without a schedule says what was assumed of its UNet, and why", async () => {
  const folder = overlay(pack, { "scheduler/scheduler_config.json": null });
  const opened = await openBase(folder);
  expect(opened.prediction).toMatchObject({ type: "epsilon", assumed: true });
  expect(opened.warnings).toEqual([
    expect.stringMatching(/no scheduler\/scheduler_config\.json.*predicts noise \(nothing says so.*assumed/),
  ]);
  opened.close();
});
