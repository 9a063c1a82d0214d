import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { UnderdrawError } from "../../engine/src/core/errors.ts";
import {
  control,
  type Graph,
  hint,
  kv,
  temb,
  textEncoder,
  unetDecoder,
  unetEncoder,
  vaeDecoder,
  vaeEncoder,
} from "../../engine/src/graph/index.ts";
import { type BaseModel, openBase } from "../../engine/src/models/base.ts";
import { within } from "../../engine/src/models/folder.ts";
import { inspect } from "../../engine/src/models/inspect.ts";
import { memoryFolder } from "../../engine/src/models/memory.ts";
import { fits, onBase, openNet } from "../../engine/src/models/net.ts";
import type { ModelFile, ModelFolder } from "../../engine/src/models/source.ts";
import { countOf, type Tensors } from "../../engine/src/models/tensors.ts";
import { checkCoverage, weightsOf } from "../../engine/src/models/weights.ts";
import { checkpoint, fileOf, firstDifference, pack, packFacts, stored, writtenBy } from "./original-checkpoint.ts";
import { originalUnetKey } from "./original-names.ts";
import { numbers, overlay, safetensorsFile, sourceOf, type Written } from "./safetensors-file.ts";

const place = fileURLToPath(new URL("../../models/pack", import.meta.url));
const json = (path: string) => JSON.parse(readFileSync(`${place}/${path}`, "utf8"));
const code = (wanted: string) => expect.objectContaining({ code: wanted });

const TOKENS = "text_model.embeddings.token_embedding.weight";
const used = (...graphs: Graph[]) =>
  graphs
    .flatMap(({ weights }) => weights.flatMap(({ parts }) => parts))
    .map(({ key, shape }) => ({ key, dims: shape }));

/** Fails unless the graphs use every tensor of a base. */
function covers({ text, unet, vae }: BaseModel): void {
  const { vocabulary, width } = text.config;
  checkCoverage(text.tensors, [
    ...used(textEncoder(text.config, "float32")),
    { key: TOKENS, dims: [vocabulary, width] },
  ]);
  checkCoverage(
    unet.tensors,
    used(...[kv, temb, unetEncoder, unetDecoder].map((build) => build(unet.config, "float32"))),
  );
  checkCoverage(vae.tensors, used(vaeDecoder(vae.config, "float32"), vaeEncoder(vae.config, "float32")));
}

describe("the pack, a folder as diffusers lays it out", () => {
  test("opens with its configs, words and schedule, and its graphs use every tensor", async () => {
    const model = await openBase(pack);
    covers(model);
    expect(model).toMatchObject({ name: "pack", family: "other", warnings: [] });
    expect(model.unet.config).toMatchObject({ channels: [96, 160, 192], contextWidth: 192, heads: [4, 4, 4] });
    expect(model.vae.config).toMatchObject({ latentChannels: 8, middleAttention: false, scalingFactor: 1 });
    expect(model.text.config).toMatchObject({ vocabulary: 6514, length: 32, activation: "quick-gelu" });
    expect(model.scheduler).toMatchObject({ _class_name: "DDIMScheduler", prediction_type: "v_prediction" });
    expect(model.prediction.type).toBe("v_prediction");
    expect(model.tokenizer?.merges[0]).toBe("i n");
    expect(model.tokenizer?.vocab.get("<|endoftext|>")).toBe(6513);
    expect(model.tokenizer?.config).toMatchObject({ padToken: "<|endoftext|>", maxLength: 32, lowerCase: true });
    model.close();
    model.close();
    expect(() => stored(model.unet.tensors, "conv_in.bias")).toThrow(/closed/);
  });

  test("gives the numbers that its files hold, in both precisions", async () => {
    const model = await openBase(pack);
    const key = "conv_in.weight";
    const shape = model.unet.tensors.shape(key);
    const weight = { name: key, dims: shape, parts: [{ key, shape }] };
    const [half, wide] = [new Uint8Array(countOf(shape) * 2), new Uint8Array(countOf(shape) * 4)];
    weightsOf(model.unet.tensors).read(weight, "float16", half);
    weightsOf(model.unet.tensors).read(weight, "float32", wide);
    expect(Buffer.compare(half, stored(model.unet.tensors, key))).toBe(0);
    const spread = Math.sqrt(new Float32Array(wide.buffer).reduce((sum, x) => sum + x * x, 0) / countOf(shape));
    expect(spread).toBeGreaterThan(0.001);
    expect(spread).toBeLessThan(1);
    model.close();
  });

  test("has nets that fit it, and whose graphs use every tensor", async () => {
    const base = await openBase(pack);
    for (const name of ["lines", "depth", "colour"]) {
      const net = await openNet(within(pack, `controlnet/${name}`));
      checkCoverage(net.tensors, used(...[hint, kv, temb, control].map((build) => build(net.config, "float32"))));
      expect(fits(net.config, base.unet.config, base.vae.config)).toBeNull();
      net.close();
    }
    base.close();
  });
});

describe("a model that is not whole is refused with what to add", () => {
  test.each([
    ["VAE", { "vae/config.json": null }, /no VAE: there is no vae\/config\.json\. Add the folder "vae"/],
    ["UNet", { "unet/config.json": null }, /no UNet/],
    ["text encoder", { "text_encoder/config.json": null }, /no text encoder/],
    ["weights", { "vae/diffusion_pytorch_model.safetensors": null }, /weights of the VAE are missing/],
    ["part of the tokenizer", { "tokenizer/merges.txt": null }, /vocab\.json and no merges\.txt/],
    ["tokenizer", { "tokenizer/merges.txt": null, "tokenizer/vocab.json": null }, /6514 tokens and no tokenizer/],
  ])("without its %s", async (_, files, wanted) => {
    await expect(openBase(overlay(pack, files))).rejects.toThrow(wanted);
    await expect(openBase(overlay(pack, files))).rejects.toEqual(code("model-incompatible"));
  });

  test("but a schedule that is missing is assumed, and said", async () => {
    const model = await openBase(overlay(pack, { "scheduler/scheduler_config.json": null }));
    expect(model.warnings).toEqual([expect.stringMatching(/no scheduler\/scheduler_config\.json.*assumed/)]);
    expect(model.scheduler.prediction_type).toBe("epsilon");
    model.close();
  });

  test("and what is no model at all says what was looked for", async () => {
    await expect(openBase(memoryFolder("photos", { "a.png": "" }))).rejects.toEqual(code("model-unknown"));
    await expect(openBase(memoryFolder("sd", { "v1-5.safetensors": "" }))).rejects.toThrow(/open that file itself/);
    await expect(openBase(within(pack, "controlnet/lines"))).rejects.toThrow(/one network \(ControlNetModel\)/);
    await expect(openNet(pack)).rejects.toThrow(/no ControlNet: it is a base model/);
    await expect(openNet(memoryFolder("x", {}))).rejects.toEqual(code("model-unknown"));
  });

  test("nothing stays open after a refusal", async () => {
    const opened: { closed: number }[] = [];
    const watched: ModelFolder = {
      kind: "folder",
      name: "pack",
      async open(path, options) {
        if (path === "tokenizer/vocab.json")
          throw new UnderdrawError("file-invalid", "broken", { file: path, reason: "broken" });
        const source = await pack.open(path, options);
        if (!source?.name.endsWith(".safetensors")) return source;
        const counted = { closed: 0 };
        opened.push(counted);
        return {
          ...source,
          close() {
            source.close();
            counted.closed++;
          },
        };
      },
    };
    await expect(openBase(watched)).rejects.toThrow(/broken/);
    expect(opened).toEqual([{ closed: 1 }, { closed: 1 }, { closed: 1 }]);
  });

  test("a stopped call rejects with the signal's reason", async () => {
    const reason = new Error("enough");
    await expect(openBase(pack, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    await expect(openNet(within(pack, "controlnet/lines"), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

describe("a model of another family is refused by name", () => {
  const index = json("model_index.json");
  test.each([
    [{ ...index, _class_name: "StableDiffusionXLPipeline" }, /Stable Diffusion XL/],
    [{ ...index, _class_name: "StableDiffusion3Pipeline" }, /Stable Diffusion 3/],
    [{ ...index, _class_name: "FluxPipeline" }, /FLUX/],
    [{ ...index, _class_name: "WanPipeline" }, /another family, for video \(WanPipeline\)/],
    [{ ...index, _class_name: "StableVideoDiffusionPipeline" }, /for video/],
    [{ ...index, _class_name: "AnimateDiffPipeline" }, /for video/],
    [{ ...index, _class_name: "PixArtAlphaPipeline" }, /another family \(PixArt/],
    [{ ...index, _class_name: "StableUnCLIPPipeline" }, /Stable unCLIP/],
    [{ ...index, _class_name: "StableCascadeDecoderPipeline" }, /Stable Cascade/],
    [{ ...index, _class_name: "StableDiffusionUpscalePipeline" }, /upscalers/],
    [{ ...index, text_encoder_2: ["transformers", "T5EncoderModel"] }, /part "text_encoder_2"/],
    [{ ...index, transformer: ["diffusers", "DiT"] }, /part "transformer"/],
    [{ ...index, vae: ["diffusers", "AutoencoderTiny"] }, /AutoencoderTiny/],
  ])("%#", async (changed, wanted) => {
    await expect(openBase(overlay(pack, { "model_index.json": changed }))).rejects.toThrow(wanted);
  });

  test("and so are parts that do not belong together", async () => {
    const text = { ...json("text_encoder/config.json"), hidden_size: 96 };
    await expect(openBase(overlay(pack, { "text_encoder/config.json": text }))).rejects.toThrow(/width 192.*gives 96/);
    const vae = { ...json("vae/config.json"), latent_channels: 4 };
    await expect(openBase(overlay(pack, { "vae/config.json": vae }))).rejects.toThrow(/latents of 8 channels.*reads 4/);
    const unet = { ...json("unet/config.json"), in_channels: 16 };
    await expect(openBase(overlay(pack, { "unet/config.json": unet }))).rejects.toThrow(/reads 16 channels/);
    const words = { ...json("tokenizer/vocab.json"), "one more": 6514 };
    await expect(openBase(overlay(pack, { "tokenizer/vocab.json": words }))).rejects.toThrow(/id 6514/);
  });
});

describe("a tokenizer", () => {
  const words = async (files: Parameters<typeof overlay>[1]) => {
    const model = await openBase(overlay(pack, files));
    model.close();
    return model.tokenizer;
  };
  const config = json("tokenizer/tokenizer_config.json");

  test("pads with the token of the special tokens' map, unless the config lists its added tokens", async () => {
    const map = { "tokenizer/special_tokens_map.json": { pad_token: "!" } };
    expect((await words(map))?.config.padToken).toBe("!");
    const newer = { ...map, "tokenizer/tokenizer_config.json": { ...config, added_tokens_decoder: {} } };
    expect((await words(newer))?.config.padToken).toBe("<|endoftext|>");
  });

  test("may spell its special tokens out, and may be one file", async () => {
    const map = { bos_token: { content: "<|startoftext|>", normalized: true, lstrip: false } };
    const long = await words({ "tokenizer/special_tokens_map.json": map, "tokenizer/tokenizer_config.json": {} });
    expect(long?.config).toMatchObject({
      startToken: "<|startoftext|>",
      normalizedTokens: ["<|startoftext|>"],
      maxLength: 32,
    });
    const plain = await words({});
    const vocab = json("tokenizer/vocab.json");
    const merges = plain?.merges.map((line) => line.split(" "));
    const one = await words({
      "tokenizer/vocab.json": null,
      "tokenizer/merges.txt": null,
      "tokenizer/tokenizer.json": { version: "1.0", model: { type: "BPE", vocab, merges } },
    });
    expect(one?.merges).toEqual(plain?.merges);
    expect(one?.vocab.size).toBe(plain?.vocab.size);
  });

  test.each([
    ["an id that is no number", { "tokenizer/vocab.json": { a: "0" } }, /no whole number/],
    ["an id twice", { "tokenizer/vocab.json": { a: 0, b: 0 } }, /stands for two/],
    ["no special tokens", { "tokenizer/vocab.json": { a: 0 } }, /special token/],
    ["a merge of three", { "tokenizer/merges.txt": "#version: 0.2\na b c\n" }, /"a b c" is no pair/],
    ["no JSON", { "tokenizer/vocab.json": "{" }, /no JSON/],
  ])("with %s is refused", async (_, files, wanted) => {
    await expect(words(files)).rejects.toThrow(wanted);
  });
});

const facts = packFacts;
const same = (one: Tensors, other: Tensors, keys?: Iterable<string>) =>
  expect(firstDifference(one, other, keys)).toBeNull();

describe("a checkpoint with the original names", () => {
  test("is the same model as the folder", async () => {
    const { model, file } = await checkpoint();
    const single = await openBase(file, { facts });
    covers(single);
    for (const part of ["unet", "vae", "text"] as const) {
      expect(single[part].config).toEqual(model[part].config);
      same(single[part].tensors, model[part].tensors);
    }
    expect(single.tokenizer).toBeNull();
    expect(single.prediction).toMatchObject({ type: "epsilon", assumed: true });
    expect(single.warnings).toEqual([expect.stringMatching(/noise was assumed/)]);
    model.close();
  });

  test("has OpenCLIP's joined tensors taken apart and its last layer left out", async () => {
    const { model, file } = await checkpoint({ text: "openclip" });
    const single = await openBase(file, { facts });
    covers(single);
    expect(single.family).toBe("sd2");
    expect(single.text.config).toEqual({ ...model.text.config, layers: 3, activation: "gelu" });
    same(single.text.tensors, model.text.tensors, single.text.tensors.keys());
    const all = await openBase(file, {
      facts: { ...facts, text_encoder: { num_attention_heads: 3, num_hidden_layers: 4 } },
    });
    expect(all.text.config.layers).toBe(4);
    same(all.text.tensors, model.text.tensors);
    model.close();
  });

  test("tells by empty markers that it predicts v on a schedule that ends in noise", async () => {
    const empty = { dtype: "F32", shape: [0] };
    const { model, file } = await checkpoint({ more: { v_pred: empty, ztsnr: empty } });
    const single = await openBase(file, { facts });
    expect(single.prediction).toMatchObject({ type: "v_prediction", assumed: false });
    expect(single.scheduler).toMatchObject({ prediction_type: "v_prediction", rescale_betas_zero_snr: true });
    const told = await openBase(file, { facts: { ...facts, scheduler: { prediction_type: "epsilon" } } });
    expect(told.scheduler.prediction_type).toBe("epsilon");
    model.close();
  });

  test("that its shapes do not describe asks for the fact by name", async () => {
    const { model, file } = await checkpoint();
    await expect(openBase(file)).rejects.toThrow(/attention_head_dim/);
    await expect(openBase(file, { facts: { ...facts, vae: {} } })).rejects.toThrow(/norm_num_groups as a fact/);
    model.close();
  });

  test("that lacks a part is refused by that part", async () => {
    const unet = { "model.diffusion_model.input_blocks.0.0.weight": numbers(0) };
    const open = (tensors: Record<string, Written>) =>
      openBase({
        kind: "file",
        name: "x.safetensors",
        open: async () => sourceOf("x.safetensors", safetensorsFile(tensors)),
      });
    await expect(open({ a: numbers(1) })).rejects.toThrow(/a file of no known kind and no base model/);
    await expect(open({ ...unet, "conditioner.embedders.0.x": numbers(0) })).rejects.toThrow(/Stable Diffusion XL/);
    await expect(open({ "double_blocks.0.x": numbers(1) })).rejects.toThrow(/FLUX/);
    const { model, file } = await checkpoint();
    const source = await file.open();
    const bytes = new Uint8Array(source.size);
    source.read(bytes, 0);
    // The same file with the VAE's names put out of place.
    const text = Buffer.from(bytes.buffer, 0, 200_000);
    for (let at = text.indexOf("first_stage_model."); at >= 0; at = text.indexOf("first_stage_model.", at))
      text.write("F", at);
    const hidden: ModelFile = { kind: "file", name: "no-vae", open: async () => sourceOf("no-vae", bytes) };
    await expect(openBase(hidden, { facts })).rejects.toThrow(/the checkpoint has no VAE/);
    model.close();
  });

  test("that is a pickle is refused", async () => {
    const bytes = Buffer.from("PK\x03\x04 and so on, for long enough");
    const file: ModelFile = { kind: "file", name: "v1-5.ckpt", open: async () => sourceOf("v1-5.ckpt", bytes) };
    await expect(openBase(file)).rejects.toThrow(/pickle/);
    await expect(openNet(file)).rejects.toThrow(/pickle/);
  });
});

describe("a ControlNet in one file", () => {
  test.each(["diffusers", "", "control_model."])("is the same net as the folder (%s)", async (layout) => {
    const folder = await openNet(within(pack, "controlnet/depth"));
    const rename = (key: string) => (layout === "diffusers" ? key : layout + originalUnetKey(key, 1, 8, () => false));
    const file = fileOf(writtenBy(folder.tensors, rename));
    const told = await openNet(file, { facts: { attention_head_dim: 4 } });
    const base = await openBase(pack);
    const like = await openNet(file, { like: base.unet.config });
    for (const net of [told, like]) {
      expect(net.config).toEqual(folder.config);
      same(net.tensors, folder.tensors);
      expect([...net.tensors.keys()].length).toBe([...folder.tensors.keys()].length);
    }
    await expect(openNet(file)).rejects.toThrow(/attention_head_dim as a fact/);
    base.close();
    folder.close();
  });

  test("that holds differences becomes whole on its base", async () => {
    const base = await openBase(pack);
    const folder = await openNet(within(pack, "controlnet/lines"));
    const file = fileOf({ ...writtenBy(folder.tensors), difference: numbers(0) });
    const net = await openNet(file, { like: base.unet.config });
    expect(net.difference).toBe(true);
    const whole = onBase(net, base.unet.tensors);
    const key = "mid_block.resnets.0.conv1.bias";
    const shape = net.tensors.shape(key);
    const floats = (tensors: Tensors) => {
      const out = new Float32Array(countOf(shape));
      tensors.read(key, out);
      return out;
    };
    const [own, add] = [floats(net.tensors), floats(base.unet.tensors)];
    expect(floats(whole.tensors)).toEqual(own.map((x, n) => x + (add[n] as number)));
    const into = new Uint8Array(own.length * 4);
    weightsOf(whole.tensors).read({ name: key, dims: shape, parts: [{ key, shape }] }, "float32", into);
    expect(new Float32Array(into.buffer)).toEqual(floats(whole.tensors));
    const zero = "controlnet_mid_block.bias";
    expect(whole.tensors.shape(zero)).toEqual(net.tensors.shape(zero));
    expect(onBase(folder, base.unet.tensors)).toBe(folder);
    base.close();
    folder.close();
  });

  test.each([
    [{ "lora_unet_x.lora_up.weight": numbers(1) }, /a LoRA/],
    [{ lora_controlnet: numbers(1) }, /Control-LoRA/],
    [{ "adapter.body.0.x": numbers(1) }, /T2I-Adapter/],
    [{ task_embedding: numbers(1) }, /union ControlNet/],
    [{ "add_embedding.linear_1.weight": numbers(1) }, /Stable Diffusion XL/],
  ])("of another kind is refused by name (%#)", async (tensors, wanted) => {
    await expect(openNet(fileOf(tensors))).rejects.toThrow(wanted);
  });
});

test("a net that does not fit says why in one sentence", async () => {
  const base = await openBase(pack);
  const { config } = await openNet(within(pack, "controlnet/lines"));
  const [unet, vae] = [base.unet.config, base.vae.config];
  const why = (change: Partial<typeof config>) => fits({ ...config, ...change }, unet, vae);
  expect(why({ contextWidth: 768 })).toMatch(/width 768 \(Stable Diffusion 1\), and the base has 192/);
  expect(why({ inChannels: 4 })).toMatch(/latents of 4 channels/);
  expect(why({ mapChannels: 1 })).toMatch(/maps of 1 channels/);
  expect(why({ hintChannels: [16, 32, 96, 256] })).toMatch(/8 times as large as its latent.*16 times/);
  expect(why({ channels: [96, 160] })).toMatch(/channels 96, 160, and the base has 96, 160, 192/);
  expect(why({ layers: [2, 2, 2] })).toMatch(/layers a level of 2, 2, 2/);
  base.close();
});

describe("a look at a model", () => {
  test("tells its kind, its parts and what it predicts", async () => {
    const seen = await inspect(pack);
    expect(seen).toMatchObject({ kind: "base", family: "other", problems: [], prediction: { type: "v_prediction" } });
    expect(seen.parts.map(({ part }) => part)).toEqual(["unet", "vae", "text_encoder"]);
    expect(seen.parts[0]).toEqual({
      part: "unet",
      tensors: 326,
      parameters: 13366600,
      dtypes: { F16: 326 },
      bytes: 26733200,
    });
    expect(JSON.parse(JSON.stringify(seen))).toEqual(seen);
  });

  test("tells what is missing, and still what is there", async () => {
    const seen = await inspect(
      overlay(pack, { "vae/config.json": null, "vae/diffusion_pytorch_model.safetensors": null }),
    );
    expect(seen).toMatchObject({ kind: "base", problems: [expect.stringMatching(/no VAE/)] });
    expect(seen.parts.map(({ part }) => part)).toEqual(["unet", "text_encoder"]);
  });

  test("tells whether a net fits a base, open or not", async () => {
    const base = await openBase(pack);
    const lines = within(pack, "controlnet/lines");
    for (const given of [pack, base]) expect((await inspect(lines, given)).fit).toEqual({ fits: true, reason: null });
    const other = { unet: { config: { ...base.unet.config, contextWidth: 768 } }, vae: base.vae };
    expect((await inspect(lines, other)).fit).toMatchObject({
      fits: false,
      reason: expect.stringMatching(/width 192/),
    });
    expect((await inspect(lines)).fit).toBeNull();
    base.close();
  });

  test("tells single networks, files of other kinds and what is no model", async () => {
    expect(await inspect(within(pack, "vae"))).toMatchObject({ kind: "vae", problems: [] });
    expect(await inspect(within(pack, "text_encoder"))).toMatchObject({ kind: "text-encoder", problems: [] });
    expect(await inspect(within(pack, "unet"))).toMatchObject({ kind: "unet", family: "other" });
    expect(await inspect(memoryFolder("x", {}))).toMatchObject({
      kind: "unknown",
      problems: [/neither/].map((wanted) => expect.stringMatching(wanted)),
    });
    const look = (name: string, bytes: Uint8Array) =>
      inspect({ kind: "file", name, open: async () => sourceOf(name, bytes) });
    expect(await look("l", safetensorsFile({ "lora_unet_x.lora_up.weight": numbers(1) }))).toMatchObject({
      kind: "lora",
    });
    expect(await look("f", safetensorsFile({ "double_blocks.0.x": numbers(1) }))).toMatchObject({
      kind: "unknown",
      problems: [expect.stringMatching(/FLUX/)],
    });
    expect((await look("a.ckpt", Buffer.from("PK\x03\x04........"))).problems[0]).toMatch(/pickle/);
    const { model, file } = await checkpoint();
    expect(await inspect(file, undefined, { facts })).toMatchObject({
      kind: "base",
      problems: [],
      family: "other",
      prediction: { type: "epsilon" },
    });
    model.close();
  });
});
