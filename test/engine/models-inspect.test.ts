import { describe, expect, test } from "vitest";
import { openBase } from "../../engine/src/models/base.ts";
import { within } from "../../engine/src/models/folder.ts";
import { inspect } from "../../engine/src/models/inspect.ts";
import { memoryFolder } from "../../engine/src/models/memory.ts";
import { openNet } from "../../engine/src/models/net.ts";
import { nodeModel } from "../../engine/src/models/node-files.ts";
import {
  checkpoint,
  packFacts as facts,
  fileOf,
  originalNet,
  originalTensors,
  pack,
  writtenBy,
} from "./original-checkpoint.ts";
import { numbers, overlay, safetensorsFile, sourceOf, type Written } from "./safetensors-file.ts";

const half = (...shape: number[]): Written => ({ dtype: "F16", shape });
const unet = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0";
const module = (name: string, rank: number, width: number) => ({
  [`${name}.lora_down.weight`]: half(rank, width),
  [`${name}.lora_up.weight`]: half(320, rank),
  [`${name}.alpha`]: numbers(rank),
});

describe("a LoRA", () => {
  test("tells family, ranks, networks, forms and spelling", async () => {
    const seen = await inspect(
      fileOf({
        ...module(`${unet}_attn1_to_q`, 4, 320),
        ...module(`${unet}_attn2_to_k`, 16, 768),
        ...module("lora_te_text_model_encoder_layers_0_mlp_fc1", 8, 768),
        "lora_unet_down_blocks_0_resnets_0_conv1.lora_down.weight": half(8, 320, 3, 3),
        "lora_unet_down_blocks_0_resnets_0_conv1.lora_up.weight": half(320, 8, 1, 1),
        "lora_unet_conv_out.alpha": numbers(1),
      }),
    );
    expect(seen).toMatchObject({ kind: "lora", what: "a LoRA", family: "sd1", problems: [], prediction: null });
    expect(seen.lora).toEqual({
      networks: { unet: 3, "text encoder": 1 },
      ranks: [4, 16],
      width: 768,
      spelling: "kohya",
      forms: { LoRA: 3, LoCon: 1 },
    });
    expect(seen.parts).toEqual([expect.objectContaining({ part: "lora", tensors: 12, dtypes: { F16: 8, F32: 4 } })]);
  });

  test.each([
    [
      "peft",
      { "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.lora_A.weight": half(4, 1024) },
      "sd2",
      { LoRA: 1 },
      [4, 4],
    ],
    [
      "diffusers",
      { "down_blocks.0.attentions.0.transformer_blocks.0.attn2.processor.to_k_lora.down.weight": half(6, 768) },
      "sd1",
      { LoRA: 1 },
      [6, 6],
    ],
    [
      "kohya with the original names of blocks",
      { "lora_unet_input_blocks_1_1_transformer_blocks_0_attn2_to_k.lora_down.weight": half(2, 768) },
      "sd1",
      { LoRA: 1 },
      [2, 2],
    ],
    [
      "kohya",
      {
        [`${unet}_attn2_to_k.hada_w1_a`]: half(320, 5),
        [`${unet}_attn2_to_k.hada_w1_b`]: half(5, 768),
        [`${unet}_attn2_to_k.hada_w2_a`]: half(320, 5),
        [`${unet}_attn2_to_k.hada_w2_b`]: half(5, 768),
      },
      "sd1",
      { LoHa: 1 },
      [5, 5],
    ],
    [
      "kohya",
      {
        [`${unet}_ff_net_2.lokr_w1`]: half(4, 4),
        [`${unet}_ff_net_2.lokr_w2_a`]: half(80, 3),
        [`${unet}_ff_net_2.lokr_w2_b`]: half(3, 80),
      },
      null,
      { LoKr: 1 },
      [3, 3],
    ],
    ["kohya", { [`${unet}_norm1.diff`]: half(320) }, null, { "full difference": 1 }, null],
    [
      "peft",
      { "base_model.model.text_model.encoder.layers.0.self_attn.q_proj.lora_A.weight": half(4, 768) },
      "sd1",
      { LoRA: 1 },
      [4, 4],
    ],
  ] as const)("written as %s", async (spelling, tensors, family, forms, ranks) => {
    const seen = await inspect(fileOf(tensors));
    expect(seen).toMatchObject({ kind: "lora", family, lora: { spelling, forms, ranks }, problems: [] });
  });

  test("of a form that is not run says so", async () => {
    const seen = await inspect(
      fileOf({ ...module(`${unet}_attn2_to_k`, 4, 768), [`${unet}_attn2_to_k.dora_scale`]: half(320, 1) }),
    );
    expect(seen).toMatchObject({ kind: "lora", lora: null, problems: [expect.stringMatching(/DoRA/)] });
  });

  test("is held against a base, and may lie in a folder", async () => {
    const file = fileOf(module(`${unet}_attn2_to_k`, 4, 768));
    expect((await inspect(file, pack)).fit).toEqual({
      fits: false,
      reason: expect.stringMatching(/width 768, and the base has 192/),
    });
    expect((await inspect(fileOf(module(`${unet}_attn2_to_k`, 4, 192)), pack)).fit).toEqual({
      fits: true,
      reason: null,
    });
    const folder = memoryFolder("lora", {
      "pytorch_lora_weights.safetensors": safetensorsFile(module(`${unet}_attn2_to_k`, 4, 768)),
    });
    expect(await inspect(folder)).toMatchObject({ kind: "lora", lora: { ranks: [4, 4] } });
  });
});

describe("an embedding", () => {
  test.each([
    [{ emb_params: half(8, 768) }, "sd1", { vectors: 8, width: 768, word: null }],
    [{ emb_params: half(1, 8, 768) }, "sd1", { vectors: 8, width: 768, word: null }],
    [{ "<cat-toy>": half(1024) }, "sd2", { vectors: 1, width: 1024, word: "<cat-toy>" }],
    [{ style: half(2, 192) }, "other", { vectors: 2, width: 192, word: "style" }],
  ] as const)("%#: tells vectors, width, word and family", async (tensors, family, embedding) => {
    expect(await inspect(fileOf(tensors))).toMatchObject({ kind: "embedding", family, embedding, problems: [] });
  });

  test("of Stable Diffusion XL is refused by name, and one is held against a base", async () => {
    expect(await inspect(fileOf({ clip_l: half(2, 768), clip_g: half(2, 1280) }))).toMatchObject({
      kind: "embedding",
      what: "an embedding for Stable Diffusion XL",
      problems: [expect.stringMatching(/Stable Diffusion XL/)],
    });
    expect((await inspect(fileOf({ emb_params: half(8, 768) }), pack)).fit?.fits).toBe(false);
    expect((await inspect(fileOf({ emb_params: half(8, 192) }), pack)).fit?.fits).toBe(true);
  });
});

describe("a checkpoint", () => {
  test("tells its parts, averaged copies too, types, size, prediction and on what evidence", async () => {
    const open = await openBase(pack);
    const averaged = Object.entries(originalTensors(open)).filter(([key]) => key.startsWith("model."));
    const copies = Object.fromEntries(
      averaged.map(([key, { dtype, shape }]) => [`model_ema.${key.replaceAll(".", "")}`, { dtype, shape }]),
    );
    open.close();
    const { model, file } = await checkpoint({ more: { ...copies, v_pred: { dtype: "F32", shape: [0] } } });
    model.close();
    const seen = await inspect(file, undefined, { facts });
    const { size } = await file.open();
    expect(seen).toMatchObject({
      kind: "base",
      what: "a checkpoint of Stable Diffusion",
      bytes: size,
      prediction: { type: "v_prediction", evidence: expect.stringMatching(/v_pred/), assumed: false },
      problems: [],
    });
    expect(seen.parts.map(({ part }) => part).sort()).toEqual([
      "averaged unet",
      "other",
      "text_encoder",
      "unet",
      "vae",
    ]);
    expect(seen.parts.find(({ part }) => part === "unet")).toMatchObject({ tensors: 326, dtypes: { F16: 326 } });
    expect(seen.warnings).toContainEqual(expect.stringMatching(/averaged/));
    expect(JSON.parse(JSON.stringify(seen))).toEqual(seen);
  });

  test("that a dump of a net holds is told with it", async () => {
    const net = await openNet(within(pack, "controlnet/lines"));
    const { model, file } = await checkpoint({ more: originalNet(net.tensors, "control_model.") });
    const seen = await inspect(file, pack);
    expect(seen).toMatchObject({ kind: "net", fit: { fits: true } });
    expect(seen.warnings).toContainEqual(expect.stringMatching(/holds a whole base model besides/));
    expect(seen.parts.map(({ part }) => part)).toContain("controlnet");
    net.close();
    model.close();
  });

  test("in a folder tells the bytes of its weights", async () => {
    const seen = await inspect(pack);
    expect(seen.bytes).toBe(seen.parts.reduce((sum, { bytes }) => sum + bytes, 0));
    expect(seen.what).toBe("a model in diffusers' layout");
  });
});

describe("single networks", () => {
  test("a VAE, a tiny one and a text encoder, as files and folders", async () => {
    const model = await openBase(pack);
    const vae = await inspect(fileOf(writtenBy(model.vae.tensors)), undefined, { facts });
    expect(vae).toMatchObject({ kind: "vae", what: "a VAE", problems: [] });
    expect((await inspect(fileOf(writtenBy(model.vae.tensors)))).problems).toEqual([
      expect.stringMatching(/norm_num_groups/),
    ]);
    const text = await inspect(fileOf(writtenBy(model.text.tensors)));
    expect(text).toMatchObject({ kind: "text-encoder", problems: [expect.stringMatching(/give the whole model/)] });
    expect(await inspect(fileOf(writtenBy(model.unet.tensors)))).toMatchObject({ kind: "unet", what: "a UNet alone" });
    const tiny = { "1.weight": half(8, 4, 3, 3), "3.conv.0.weight": half(8, 8, 3, 3) };
    expect(await inspect(fileOf(tiny))).toMatchObject({ kind: "tiny-vae", problems: [] });
    const folder = memoryFolder("taesd", {
      "config.json": JSON.stringify({ _class_name: "AutoencoderTiny" }),
      "diffusion_pytorch_model.safetensors": safetensorsFile(tiny),
    });
    expect(await inspect(folder)).toMatchObject({ kind: "tiny-vae" });
    model.close();
  });

  test("a folder of another class is named", async () => {
    const folder = memoryFolder("flux", { "config.json": JSON.stringify({ _class_name: "FluxTransformer2DModel" }) });
    expect(await inspect(folder)).toMatchObject({
      kind: "unknown",
      problems: [expect.stringMatching(/FluxTransformer2DModel/)],
    });
    const hidden = overlay(pack, { "model_index.json": null, "config.json": { _class_name: "__proto__" } });
    expect(await inspect(hidden)).toMatchObject({ kind: "unknown" });
  });

  test("pickles, GGUF, ONNX and pages are named by their first bytes", async () => {
    const look = async (name: string, text: string) => {
      const bytes = Uint8Array.from(text, (sign) => sign.charCodeAt(0));
      return (await inspect({ kind: "file", name, open: async () => sourceOf(name, bytes) })).problems[0];
    };
    expect(await look("v1-5.ckpt", "PK\x03\x04 and so on, for long enough")).toMatch(/pickle/);
    expect(await look("flux.gguf", "GGUF\x03\x00\x00\x00 and so on")).toMatch(/GGUF/);
    expect(await look("unet.onnx", "\x08\x07\x12\x07pytorch and so on, and on")).toMatch(/ONNX/);
    expect(await look("model.safetensors", "<!DOCTYPE html><html>")).toMatch(/web page/);
  });
});

test("the golden LoRAs of the parity cases are told", async () => {
  for (const [name, spelling] of [
    ["lora-kohya", "kohya"],
    ["lora-peft", "peft"],
  ]) {
    const seen = await inspect(nodeModel(`test/golden/parity/${name}/lora-0.safetensors`));
    expect(seen).toMatchObject({ kind: "lora", lora: { spelling, ranks: [4, 4] }, problems: [] });
    expect(Object.keys(seen.lora?.networks ?? {}).sort()).toEqual(["text encoder", "unet"]);
  }
});
