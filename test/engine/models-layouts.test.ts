import { describe, expect, test } from "vitest";
import { partsOf } from "../../engine/src/diffusion/loaded-base.ts";
import { vaeDecoder, vaeEncoder } from "../../engine/src/graph/index.ts";
import { openBase } from "../../engine/src/models/base.ts";
import { within } from "../../engine/src/models/folder.ts";
import { memoryFolder } from "../../engine/src/models/memory.ts";
import { onBase, openNet } from "../../engine/src/models/net.ts";
import { nodeFolder } from "../../engine/src/models/node-files.ts";
import type { ByteSource, ModelFolder } from "../../engine/src/models/source.ts";
import { countOf, type Tensors } from "../../engine/src/models/tensors.ts";
import { openVae } from "../../engine/src/models/vae.ts";
import { openWeightFiles } from "../../engine/src/models/weight-files.ts";
import { checkCoverage } from "../../engine/src/models/weights.ts";
import {
  checkpoint,
  packFacts as facts,
  fileOf,
  firstDifference,
  originalNet,
  originalTensors,
  pack,
  writtenBy,
} from "./original-checkpoint.ts";
import { originalVaeKey } from "./original-names.ts";
import { numbers, overlay, safetensorsFile, type Written } from "./safetensors-file.ts";

// Each layout in which checkpoints are published, held against the same model in diffusers' folders, byte for byte.

const UNET = "model.diffusion_model.";
const CLIP = "cond_stage_model.transformer.";

async function opensAsThePack(given: Parameters<typeof checkpoint>[0], wanted: Partial<typeof facts> = {}) {
  const { model, file } = await checkpoint(given);
  const single = await openBase(file, { facts: { ...facts, ...wanted } });
  for (const part of ["unet", "vae"] as const) {
    expect(single[part].config).toEqual(model[part].config);
    expect(firstDifference(single[part].tensors, model[part].tensors)).toBeNull();
    expect(new Set(single[part].tensors.keys())).toEqual(new Set(model[part].tensors.keys()));
  }
  expect(firstDifference(single.text.tensors, model.text.tensors, single.text.tensors.keys())).toBeNull();
  model.close();
  return { model, single };
}

describe("a checkpoint in one file", () => {
  test("with tensors at odd places and gaps between them", async () => {
    const { single, model } = await opensAsThePack({ options: { gap: 3, metadata: { format: "pt" } } });
    expect(single.text.config).toEqual(model.text.config);
  });

  test("with the older spelling of its text encoder", async () => {
    const { single, model } = await opensAsThePack({ text: "older" });
    expect([...single.text.tensors.keys()].sort()).toEqual([...model.text.tensors.keys()].sort());
  });

  test.each([
    ["joined", (key: string) => key.replaceAll(".", "")],
    ["dotted", (key: string) => key],
  ])("with averaged copies of its UNet, their names %s", async (_, spell) => {
    const open = await openBase(pack);
    const copies = Object.entries(originalTensors(open)).filter(([key]) => key.startsWith(UNET));
    const more: Record<string, Written> = Object.fromEntries(
      copies.map(([key, { dtype, shape }]) => [`model_ema.${spell(key.slice("model.".length))}`, { dtype, shape }]),
    );
    open.close();
    const { single } = await opensAsThePack({ more: { ...more, "model_ema.decay": { dtype: "F32", shape: [] } } });
    expect(single.warnings).toContainEqual(expect.stringMatching(/averaged weights \(model_ema\) were left aside/));
  });

  test.each([
    ["half precision", { dtype: "F16", shape: [1, 32] }],
    ["float64", { dtype: "F64", shape: [32] }],
    ["8 bits", { dtype: "U8", shape: [1, 77] }],
  ] as const)("with the positions of its text encoder in %s", async (_, tensor) => {
    await opensAsThePack({ more: { [`${CLIP}text_model.embeddings.position_ids`]: tensor } });
  });

  test("without positions, and with what training and merging leave behind", async () => {
    const more = {
      global_step: { dtype: "I64", shape: [] },
      "first_stage_model.model_ema.decay": { dtype: "F32", shape: [] },
      "embedding_manager.x": numbers(1),
      "optimizer_states.0.step": numbers(1),
      "cond_stage_model.logit_scale": numbers(1),
      [`${CLIP}text_projection.weight`]: { dtype: "F16", shape: [192, 192] },
      [`${CLIP}vision_model.post_layernorm.weight`]: numbers(1),
    };
    await opensAsThePack({ more, rename: (key) => (key.endsWith("position_ids") ? null : key) });
  });

  test("with its VAE under the name that mergers give it", async () => {
    await opensAsThePack({ rename: (key) => key.replace(/^first_stage_model\./, "vae.") });
  });

  test.each([
    ["linear layers", (shape: readonly number[]) => shape],
    ["convolutions of 1x1", (shape: readonly number[]) => (shape.length === 2 ? [...shape, 1, 1] : shape)],
  ])("with attention in its VAE as %s", async (_, shaped) => {
    const tiny = await openBase(nodeFolder("test/golden/parity/sd15-tiny/base"));
    const written: Record<string, Written> = {};
    for (const [key, tensor] of Object.entries(writtenBy(tiny.vae.tensors)))
      written[originalVaeKey(key, 4)] = key.includes(".attentions.")
        ? { ...tensor, shape: shaped(tensor.shape) }
        : tensor;
    const vae = await openVae(fileOf(written), { facts: { norm_num_groups: 8 } });
    expect(vae.config).toEqual(tiny.vae.config);
    expect(vae.config.middleAttention).toBe(true);
    checkCoverage(vae.tensors, partsOf([vaeDecoder(vae.config, "float32"), vaeEncoder(vae.config, "float32")]));
    expect(firstDifference(vae.tensors, tiny.vae.tensors)).toBeNull();
    tiny.close();
  });

  test("with OpenCLIP's names: the last layer, the projection and the scale are left aside", async () => {
    const { single, model } = await opensAsThePack({ text: "openclip" });
    expect(single.family).toBe("sd2");
    expect(single.text.config).toEqual({
      ...model.text.config,
      layers: model.text.config.layers - 1,
      activation: "gelu",
    });
    expect([...single.text.tensors.keys()].filter((key) => /projection|logit/.test(key))).toEqual([]);
  });

  test("with OpenCLIP's encoder under the names of transformers", async () => {
    const { model, file } = await checkpoint();
    const single = await openBase(file, { facts: { ...facts, family: "sd2" } });
    expect(single.text.config).toEqual({ ...model.text.config, activation: "gelu" });
    expect(single.family).toBe("sd2");
    const text_encoder = { num_attention_heads: 3, num_hidden_layers: 2 };
    const short = await openBase(file, { facts: { ...facts, text_encoder } });
    expect(short.text.config.layers).toBe(2);
    expect([...short.text.tensors.keys()].some((key) => key.includes("layers.2."))).toBe(false);
    model.close();
  });

  test.each([
    ["VAE", "first_stage_model.", /the checkpoint has no VAE\. Give one besides/],
    ["text encoder", "cond_stage_model.", /the checkpoint has no text encoder\. Take a whole checkpoint/],
    ["UNet", UNET, /no base model of Stable Diffusion 1 or 2/],
  ])("that lacks its %s is refused by that part", async (_, prefix, wanted) => {
    const { model, file } = await checkpoint({ rename: (key) => (key.startsWith(prefix) ? null : key) });
    await expect(openBase(file, { facts })).rejects.toThrow(wanted);
    model.close();
  });
});

describe("a dump of a net with its base", () => {
  test("opens as either, and as a base it is the base alone", async () => {
    const net = await openNet(within(pack, "controlnet/lines"));
    const { single, model } = await opensAsThePack({ more: originalNet(net.tensors, "control_model.") });
    const { file } = await checkpoint({ more: originalNet(net.tensors, "control_model.") });
    const opened = await openNet(file, { like: single.unet.config });
    expect(opened.config).toEqual(net.config);
    expect(firstDifference(opened.tensors, net.tensors)).toBeNull();
    expect([...opened.tensors.keys()].length).toBe([...net.tensors.keys()].length);
    net.close();
    model.close();
  });
});

describe("a ControlNet in one file", () => {
  const floats = (tensors: Tensors, key: string) => {
    const out = new Float32Array(countOf(tensors.shape(key)));
    tensors.read(key, out);
    return out;
  };

  test.each([
    ["control_model.", "difference"],
    ["control_model.", "control_model.difference"],
    ["", "difference"],
  ])("that holds differences under %j is told by %j", async (prefix, mark) => {
    const base = await openBase(pack);
    const net = await openNet(within(pack, "controlnet/lines"));
    const file = fileOf({ ...originalNet(net.tensors, prefix), [mark]: { dtype: "F32", shape: [0] } });
    const opened = await openNet(file, { like: base.unet.config });
    expect(opened.difference).toBe(true);
    const key = "down_blocks.0.resnets.0.conv1.weight";
    const [own, add] = [floats(net.tensors, key), floats(base.unet.tensors, key)];
    expect(floats(onBase(opened, base.unet.tensors).tensors, key)).toEqual(own.map((x, n) => x + (add[n] as number)));
    expect([...opened.tensors.keys()].sort()).toEqual([...net.tensors.keys()].sort());
    base.close();
    net.close();
  });

  test.each([
    ["control_v11e_sd15_shuffle.safetensors", true],
    ["control_v11e_sd15_shuffle_fp16.safetensors", true],
    ["Control-V11E SD15 Shuffle.safetensors", true],
    ["control_v11p_sd15_canny.safetensors", false],
    ["shuffle-of-mine.safetensors", false],
  ])("called %s averages its residuals: %s", async (name, wanted) => {
    const base = await openBase(pack);
    const net = await openNet(within(pack, "controlnet/lines"));
    const like = base.unet.config;
    const original = fileOf(originalNet(net.tensors, "control_model."), name);
    const opened = await openNet(original, { like });
    expect(opened.config.globalPool).toBe(wanted);
    expect(opened.warnings.length).toBe(wanted ? 1 : 0);
    const told = await openNet(original, { like, facts: { global_pool_conditions: false } });
    expect(told.config.globalPool).toBe(false);
    base.close();
    net.close();
  });

  test("that its authors withdrew is warned of", async () => {
    const base = await openBase(pack);
    const net = await openNet(within(pack, "controlnet/lines"));
    const look = async (name: string) =>
      (await openNet(fileOf(writtenBy(net.tensors), name), { like: base.unet.config })).warnings;
    expect(await look("control_v11p_sd15_depth.safetensors")).toEqual([
      expect.stringMatching(/withdrew.*f1p_sd15_depth/),
    ]);
    expect(await look("control_v11f1p_sd15_depth.safetensors")).toEqual([]);
    base.close();
    net.close();
  });
});

describe("a folder as diffusers lays it out", () => {
  /** The pack with the weights of one part taken away and others put in. */
  const changed = async (
    part: string,
    change: (bytes: Uint8Array) => Record<string, Uint8Array | string | object | null>,
  ) => {
    const stem = part === "text_encoder" ? "model" : "diffusion_pytorch_model";
    const path = `${part}/${stem}.safetensors`;
    const source = (await pack.open(path)) as ByteSource;
    const bytes = new Uint8Array(source.size);
    source.read(bytes, 0);
    source.close();
    return overlay(pack, { [path]: null, ...change(bytes) });
  };
  const whole = async (folder: ModelFolder) => {
    const [model, plain] = [await openBase(folder), await openBase(pack)];
    for (const part of ["unet", "vae", "text"] as const)
      expect(firstDifference(model[part].tensors, plain[part].tensors)).toBeNull();
    model.close();
    plain.close();
  };

  test("may have fp16 in the names of its files", async () => {
    await whole(await changed("unet", (bytes) => ({ "unet/diffusion_pytorch_model.fp16.safetensors": bytes })));
    await whole(await changed("text_encoder", (bytes) => ({ "text_encoder/model.fp16.safetensors": bytes })));
  });

  test.each([
    "diffusion_pytorch_model.safetensors.index.fp16.json",
    "diffusion_pytorch_model.fp16.safetensors.index.json",
  ])("may lie in shards whose index is called %s", async (name) => {
    const model = await openBase(pack);
    const keys = [...model.unet.tensors.keys()];
    const half = (keep: (n: number) => boolean) => {
      const all = writtenBy(model.unet.tensors);
      return safetensorsFile(Object.fromEntries(Object.entries(all).filter((_, n) => keep(n))));
    };
    const map = Object.fromEntries(keys.map((key, n) => [key, `part-${n % 2}.safetensors`]));
    const parts = {
      "unet/part-0.safetensors": half((n) => n % 2 === 0),
      "unet/part-1.safetensors": half((n) => n % 2 === 1),
    };
    model.close();
    await whole(await changed("unet", () => ({ ...parts, [`unet/${name}`]: { weight_map: map } })));
  });

  test("may call its files by any variant, where the place can list them", async () => {
    const file = safetensorsFile({ a: numbers(7) });
    const of = (files: Record<string, Uint8Array | string>) =>
      openWeightFiles(memoryFolder("m", files), { stems: ["diffusion_pytorch_model"], what: "UNet" });
    for (const name of ["ema", "fp8_e4m3", "v2"]) {
      const tensors = await of({ [`diffusion_pytorch_model.${name}.safetensors`]: file });
      expect([...tensors.keys()]).toEqual(["a"]);
    }
    await expect(of({ "other.ema.safetensors": file })).rejects.toThrow(/weights of the UNet are missing/);
    await expect(of({ "diffusion_pytorch_model-00001-of-00002.safetensors": file })).rejects.toThrow(/missing/);
    await expect(of({ "diffusion_pytorch_model.fp8-00001-of-00002.safetensors": file })).rejects.toThrow(/missing/);
  });

  test.each([
    ["diffusion_pytorch_model.fp16.bin", /pickle/],
    ["diffusion_pytorch_model.bin.index.json", /pickle/],
    ["diffusion_pytorch_model.onnx", /ONNX/],
    ["diffusion_pytorch_model.msgpack", /Flax/],
  ])("with %s in the place of its weights is refused with the reason", async (name, wanted) => {
    await expect(openBase(await changed("unet", () => ({ [`unet/${name}`]: "x" })))).rejects.toThrow(wanted);
  });

  test("may have no safety checker and no feature extractor, as null, pairs of null or not at all", async () => {
    const plain = { _class_name: "StableDiffusionPipeline" };
    for (const index of [plain, { ...plain, safety_checker: null }, { ...plain, safety_checker: [null, null] }])
      await whole(overlay(pack, { "model_index.json": index }));
  });

  test("may have a text encoder without the inner name", async () => {
    const model = await openBase(pack);
    const short = writtenBy(model.text.tensors, (key) => key.replace(/^text_model\./, ""));
    const more = { "embeddings.position_ids": { dtype: "I64", shape: [1, 32] } };
    await whole(overlay(pack, { "text_encoder/model.safetensors": safetensorsFile({ ...short, ...more }) }));
    model.close();
  });

  test("may have a VAE whose attention has the words of older diffusers", async () => {
    const folder = nodeFolder("test/golden/parity/sd15-tiny/base");
    const words: Readonly<Record<string, string>> = {
      to_q: "query",
      to_k: "key",
      to_v: "value",
      "to_out.0": "proj_attn",
    };
    const tiny = await openBase(folder);
    const older = writtenBy(tiny.vae.tensors, (key) =>
      key.replace(/(attentions\.0)\.(to_[qkv]|to_out\.0)/, (_, block, name) => `${block}.${words[name]}`),
    );
    expect(Object.keys(older).filter((key) => key.includes("proj_attn"))).toHaveLength(4);
    const path = "vae/diffusion_pytorch_model.safetensors";
    const opened = await openBase(overlay(folder, { [path]: safetensorsFile(older) }));
    expect(firstDifference(opened.vae.tensors, tiny.vae.tensors)).toBeNull();
    opened.close();
    tiny.close();
  });
});
