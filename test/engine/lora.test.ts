import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { UnderdrawError } from "../../engine/src/core/errors.ts";
import { type BaseModel, openBase } from "../../engine/src/models/base.ts";
import { openLora, withLoras } from "../../engine/src/models/lora.ts";
import { memoryFolder } from "../../engine/src/models/memory.ts";
import { onBase, openNet } from "../../engine/src/models/net.ts";
import { nodeModel } from "../../engine/src/models/node-files.ts";
import type { ModelFile } from "../../engine/src/models/source.ts";
import { countOf, type Tensors } from "../../engine/src/models/tensors.ts";
import { weightsOf } from "../../engine/src/models/weights.ts";
import { uniform } from "./random-weights.ts";
import { numbers, safetensorsFile, sourceOf, type Written } from "./safetensors-file.ts";

// What a LoRA file may hold, and what is said of one that does not fit. The numbers are held against diffusers in
// lora-golden.test.ts.

const next = uniform(15);
const random = (...shape: number[]): Written => ({
  dtype: "F32",
  shape,
  data: Float32Array.from({ length: countOf(shape) }, next),
});
const scalar = (value: number): Written => ({ ...numbers(value), shape: [] });

const QUERY = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q";
const READER = "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k";
const kohya = (layer: string) => `lora_unet_${layer.replaceAll(".", "_")}`;
const query = kohya(QUERY);

/** Factors of a layer of 32 x 32. */
const factors = (key: string, rank = 4): Record<string, Written> => ({
  [`${key}.lora_down.weight`]: random(rank, 32),
  [`${key}.lora_up.weight`]: random(32, rank),
});

const fileOf = (tensors: Record<string, Written>, options: { metadata?: Record<string, string> } = {}) => {
  const source = sourceOf("style.safetensors", safetensorsFile(tensors, { gap: 1, ...options }));
  const file: ModelFile = { kind: "file", name: source.name, open: async () => source };
  return { file, source };
};

let base: BaseModel;
beforeAll(async () => {
  base = await openBase(nodeModel("test/golden/parity/sd15-tiny/base"));
});
afterAll(() => base.close());

const open = (tensors: Record<string, Written>, options?: Parameters<typeof fileOf>[1]) =>
  openLora(fileOf(tensors, options).file);
const merged = async (tensors: Record<string, Written>, weight = 1, textWeight = weight, on: BaseModel = base) =>
  withLoras(on, [{ lora: await open(tensors), weight, textWeight }]);

const floats = (tensors: Tensors, key: string): Float32Array => {
  const into = new Float32Array(countOf(tensors.shape(key)));
  tensors.read(key, into);
  return into;
};
const bytes = (tensors: Tensors, key: string, precision: "float32" | "float16" = "float32"): Uint8Array => {
  const shape = tensors.shape(key);
  const into = new Uint8Array(countOf(shape) * (precision === "float32" ? 4 : 2));
  weightsOf(tensors).read({ name: key, dims: shape, parts: [{ key, shape }] }, precision, into);
  return into;
};
/** What was added to a tensor of the UNet. */
const difference = ({ unet }: BaseModel, key = `${QUERY}.weight`): number[] => {
  const before = floats(base.unet.tensors, key);
  return Array.from(floats(unet.tensors, key), (x, n) => x - (before[n] as number));
};
const size = (values: readonly number[]) => Math.sqrt(values.reduce((sum, x) => sum + x * x, 0));
const failing = async (work: Promise<unknown>): Promise<UnderdrawError> => {
  const error = await work.then(
    () => null,
    (found: unknown) => found,
  );
  if (!UnderdrawError.is(error)) throw new Error(`It did not fail as it should: ${error}`);
  return error;
};

describe("strength", () => {
  const tensors = factors(query);
  const once = async (alpha?: Written, weight = 1) =>
    size(difference(await merged({ ...tensors, ...(alpha && { [`${query}.alpha`]: alpha }) }, weight)));

  test("is alpha by rank; without alpha the numbers are meant as they are", async () => {
    const plain = await once();
    expect(plain).toBeGreaterThan(1);
    expect(await once(scalar(4))).toBeCloseTo(plain, 4);
    expect(await once(numbers(2))).toBeCloseTo(plain / 2, 4);
    expect(await once({ dtype: "F16", shape: [1, 1], data: Uint16Array.of(0x4400) })).toBeCloseTo(plain, 4);
    expect(await once({ dtype: "BF16", shape: [], data: Uint16Array.of(0x4080) })).toBeCloseTo(plain, 4);
    expect(await once({ dtype: "F64", shape: [], data: new Uint8Array(Float64Array.of(8).buffer) })).toBeCloseTo(
      2 * plain,
      3,
    );
    expect(await once({ dtype: "I64", shape: [], data: new Uint8Array(BigInt64Array.of(4n).buffer) })).toBeCloseTo(
      plain,
      4,
    );
    expect(await once({ dtype: "I32", shape: [1], data: new Uint8Array(Int32Array.of(-4).buffer) })).toBeCloseTo(
      plain,
      4,
    );
    expect(await once(scalar(4), -0.5)).toBeCloseTo(plain / 2, 4);
  });

  test("of 0 leaves the layer's bytes as they are, in the file and in the request", async () => {
    const none = [
      await merged({ ...tensors, [`${query}.alpha`]: scalar(0) }),
      await merged({ ...tensors, ...factors("lora_te_text_model_encoder_layers_0_self_attn_q_proj") }, 0, 1),
    ];
    for (const { unet } of none) {
      expect(unet.tensors.dtype(`${QUERY}.weight`)).toBe("F16");
      expect(bytes(unet.tensors, `${QUERY}.weight`, "float16")).toEqual(
        bytes(base.unet.tensors, `${QUERY}.weight`, "float16"),
      );
    }
    const text = "text_model.encoder.layers.0.self_attn.q_proj.weight";
    expect(bytes((none[1] as BaseModel).text.tensors, text)).not.toEqual(bytes(base.text.tensors, text));
  });

  test("in A1111's tensor `scale` is the whole factor of a weight's change, before alpha and rank", async () => {
    const of = async (more: Record<string, Written>) => size(difference(await merged({ ...tensors, ...more })));
    const plain = await once();
    expect(await of({ [`${query}.scale`]: scalar(0.5) })).toBeCloseTo(plain / 2, 4);
    expect(await of({ [`${query}.scale`]: numbers(0.5), [`${query}.alpha`]: scalar(1) })).toBeCloseTo(plain / 2, 4);
    expect(await of({ [`${query}.scale`]: scalar(0) })).toBe(0);
    const whole = { [`${query}.diff`]: random(32, 32) };
    const unscaled = size(difference(await merged(whole)));
    const half = size(difference(await merged({ ...whole, [`${query}.scale`]: scalar(0.5) })));
    expect(half).toBeCloseTo(unscaled / 2, 4);
    expect((await merged({ ...tensors, [`${query}.scale`]: scalar(0.5) })).warnings).toEqual(base.warnings);
    const several = await failing(of({ [`${query}.scale`]: numbers(1, 2) }));
    expect(several.message).toContain(`${query}.scale`);
    expect((await failing(open({ [`${query}.scale`]: scalar(1) }))).message).toMatch(/no LoRA/);
  });

  test("that is no number, or several, is refused", async () => {
    const wrong = (alpha: Written) => failing(merged({ ...tensors, [`${query}.alpha`]: alpha }));
    expect(await wrong(scalar(Number.NaN))).toMatchObject({
      code: "weights-not-finite",
      details: { tensor: `${query}.alpha` },
    });
    const error = await wrong(numbers(1, 2));
    expect(error.code).toBe("model-incompatible");
    expect(error.message).toContain(`${query}.alpha`);
  });

  test("in diffusers' metadata acts by the layer's name and its rank", async () => {
    const peft = { [`unet.${QUERY}.lora_A.weight`]: random(4, 32), [`unet.${QUERY}.lora_B.weight`]: random(32, 4) };
    const with_ = async (settings?: object) => {
      const metadata = settings && { lora_adapter_metadata: JSON.stringify(settings) };
      const lora = await open(peft, metadata && { metadata });
      return size(difference(withLoras(base, [{ lora, weight: 1, textWeight: 1 }])));
    };
    const plain = await with_();
    expect(await with_({ "unet.lora_alpha": 8 })).toBeCloseTo(2 * plain, 3);
    expect(await with_({ "unet.lora_alpha": 8, "unet.use_rslora": true })).toBeCloseTo(4 * plain, 3);
    expect(await with_({ "unet.lora_alpha": 8, "unet.alpha_pattern": { to_q: 2 } })).toBeCloseTo(plain / 2, 4);
    expect(await with_({ "unet.lora_alpha": 8, "unet.alpha_pattern": { o_q: 2, to_k: 3 } })).toBeCloseTo(2 * plain, 3);
    expect(await with_({ "text_encoder.lora_alpha": 8 })).toBeCloseTo(plain, 4);
    await expect(with_({ "unet.lora_alpha": "8" })).rejects.toMatchObject({ code: "file-invalid" });
  });
});

describe("a form", () => {
  test("with diffusers' early `lora_layer` is the plain one", async () => {
    const [down, up] = [random(4, 32), random(32, 4)];
    const early = { [`unet.${QUERY}.lora_layer.down.weight`]: down, [`unet.${QUERY}.lora_layer.up.weight`]: up };
    const plain = await merged({ [`${query}.lora_down.weight`]: down, [`${query}.lora_up.weight`]: up });
    const read = await merged(early);
    expect(difference(read)).toEqual(difference(plain));
    expect(read.warnings).toEqual(base.warnings);
    const layer = "text_model.encoder.layers.0.self_attn.q_proj";
    const text = await merged({
      [`text_encoder.${layer}.lora_layer.down.weight`]: down,
      [`text_encoder.${layer}.lora_layer.up.weight`]: up,
    });
    expect(bytes(text.text.tensors, `${layer}.weight`)).not.toEqual(bytes(base.text.tensors, `${layer}.weight`));
  });

  test("with its kernel in the first factor is the sum over the ranks, at every place of the kernel", async () => {
    const layer = "down_blocks.0.resnets.0.conv1";
    const [outputs, inputs] = base.unet.tensors.shape(`${layer}.weight`) as [number, number, number, number];
    const [rank, sides] = [3, 9];
    const [down, up] = [random(rank, inputs, 1, 1), random(outputs, rank, 3, 3)];
    const tensors = { [`${kohya(layer)}.lora_down.weight`]: down, [`${kohya(layer)}.lora_up.weight`]: up };
    const read = difference(
      await merged({ ...tensors, [`${kohya(layer)}.alpha`]: scalar(rank / 2) }),
      `${layer}.weight`,
    );
    const [right, left] = [down.data as Float32Array, up.data as Float32Array];
    const worst = read.map((x, n) => {
      const [output, input, at] = [Math.floor(n / (inputs * sides)), Math.floor(n / sides) % inputs, n % sides];
      let sum = 0;
      for (let r = 0; r < rank; r++)
        sum += (left[(output * rank + r) * sides + at] as number) * (right[r * inputs + input] as number);
      return Math.abs(x - sum / 2);
    });
    expect(size(read)).toBeGreaterThan(1);
    expect(Math.max(...worst)).toBeLessThan(1e-5);
    const wrong = { ...tensors, [`${kohya(layer)}.lora_down.weight`]: random(rank, inputs, 3, 3) };
    expect((await failing(merged(wrong))).message).toMatch(/lora_down.weight.*does not fit/);
    const fewer = { ...tensors, [`${kohya(layer)}.lora_down.weight`]: random(rank - 1, inputs, 1, 1) };
    expect((await failing(merged(fewer))).message).toMatch(/lora_up.weight.*does not fit/);
  });
});

describe("a base with LoRAs", () => {
  test("reads the same whole, in rows and in pieces that begin anywhere", async () => {
    const lora = await merged({ ...factors(query), [`${query}.alpha`]: scalar(1) });
    const key = `${QUERY}.weight`;
    const { tensors } = lora.unet;
    const whole = floats(tensors, key);
    const pieces = new Float32Array(whole.length);
    for (let at = 0; at < whole.length; at += 45) tensors.floats(key, pieces.subarray(at, at + 45), at);
    expect(pieces).toEqual(whole);
    const rows = new Float32Array(3 * 32);
    tensors.read(key, rows, [7, 10]);
    expect(rows).toEqual(whole.subarray(7 * 32, 10 * 32));
    expect(tensors.dtype(key)).toBe("F32");
    const raw = new Uint8Array(50);
    tensors.bytes(key, raw, 333);
    expect(raw).toEqual(new Uint8Array(whole.buffer).slice(333, 383));
    expect(bytes(tensors, key)).toEqual(new Uint8Array(whole.buffer));
    // Again from the file: nothing is added to what was added before.
    expect(floats(tensors, key)).toEqual(whole);
  });

  test("is the plain base again without them, byte for byte", async () => {
    const lora = await merged({ ...factors(query), ...factors(kohya(READER)) });
    expect(size(difference(lora))).toBeGreaterThan(1);
    const plain = withLoras(base, []);
    expect(plain).toBe(base);
    for (const key of base.unet.tensors.keys())
      expect(
        Buffer.compare(bytes(lora.unet.plain as Tensors, key, "float16"), bytes(base.unet.tensors, key, "float16")),
      ).toBe(0);
  });

  test("adds several up, one after the other", async () => {
    const [one, two] = [factors(query), factors(query, 33)];
    const both = withLoras(base, [
      { lora: await open(one), weight: 0.5, textWeight: 1 },
      { lora: await open(two), weight: -2, textWeight: 1 },
    ]);
    const [first, second] = [difference(await merged(one, 0.5)), difference(await merged(two, -2))];
    const worst = difference(both).map((x, n) => Math.abs(x - (first[n] as number) - (second[n] as number)));
    expect(Math.max(...worst)).toBeLessThan(1e-5);
  });

  test("leaves nets of differences on the plain base", async () => {
    const key = `${QUERY}.weight`;
    const net = await openNet(nodeModel("test/golden/parity/sd15-tiny/controlnets/canny"));
    const loras = await merged(factors(query));
    const { plain } = loras.unet;
    const [own, before] = [floats(net.tensors, key), floats(base.unet.tensors, key)];
    const whole = onBase({ ...net, difference: true }, plain as Tensors);
    expect(floats(whole.tensors, key)).toEqual(own.map((x, n) => x + (before[n] as number)));
    // And again where LoRAs were added twice.
    expect(withLoras(loras, [{ lora: await open(factors(query)), weight: 1, textWeight: 1 }]).unet.plain).toBe(plain);
    net.close();
  });
});

describe("a file is refused, or warned of, by name", () => {
  test("what fits no layer is left out and told", async () => {
    const lora = await merged({
      ...factors(query),
      ...factors("lora_unet_down_blocks_7_attentions_0_proj_in"),
      [`${kohya(READER)}.alpha`]: scalar(1),
      emb_params: random(1, 32),
    });
    const [warning] = lora.warnings.slice(base.warnings.length);
    expect(warning).toContain("style.safetensors: 4 of its 6 keys are for no layer of base");
    expect(warning).toContain("down_blocks_7");
    expect(size(difference(lora))).toBeGreaterThan(1);
  });

  test.each([
    ["nothing fits", { ...factors("lora_unet_some_block_0") }, /none of its 2 keys is for a layer/],
    [
      "another text width",
      {
        "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.lora_A.weight": random(2, 2048),
        "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.lora_B.weight": random(32, 2),
      },
      /a LoRA for Stable Diffusion XL/,
    ],
    [
      "SD 2's text encoder",
      {
        "lora_te_text_model_encoder_layers_0_self_attn_q_proj.lora_down.weight": random(2, 1024),
        "lora_te_text_model_encoder_layers_0_self_attn_q_proj.lora_up.weight": random(1024, 2),
      },
      /width 1024 \(Stable Diffusion 2\)/,
    ],
    [
      "two text encoders",
      { ...factors(query), ...factors("lora_te2_text_model_encoder_layers_0_mlp_fc1") },
      /for Stable Diffusion XL/,
    ],
    ["FLUX", factors("lora_unet_double_blocks_0_img_attn_qkv"), /a LoRA for FLUX/],
    ["Stable Diffusion 3", factors("transformer.transformer_blocks.0.attn.to_q"), /transformer/],
    ["no LoRA", { "decoder.conv_in.weight": random(2, 2, 3, 3) }, /no LoRA/],
    ["alphas alone", { [`${query}.alpha`]: scalar(1) }, /no LoRA/],
    ["a base", { "up_blocks.0.resnets.0.conv1.weight": random(2, 2, 3, 3) }, /it is a UNet alone and no LoRA/],
    ["DoRA", { ...factors(query), [`${query}.dora_scale`]: random(32, 1) }, /DoRA/],
    ["DoRA in peft", { ...factors(query), [`unet.${QUERY}.lora_magnitude_vector`]: random(32) }, /DoRA/],
    ["OFT", { [`${query}.oft_blocks`]: random(4, 8, 8) }, /OFT/],
    [
      "another width",
      { [`${query}.lora_down.weight`]: random(4, 64), [`${query}.lora_up.weight`]: random(32, 4) },
      new RegExp(`${query}.lora_down.weight.*\\[4, 64\\].*\\[32, 32\\]`),
    ],
    [
      "another height",
      { [`${query}.lora_down.weight`]: random(4, 32), [`${query}.lora_up.weight`]: random(64, 4) },
      new RegExp(`${query}.lora_up.weight`),
    ],
    [
      "ranks that differ",
      { [`${query}.lora_down.weight`]: random(4, 32), [`${query}.lora_up.weight`]: random(32, 3) },
      new RegExp(`${query}.lora_up.weight`),
    ],
    [
      "an empty factor",
      { [`${query}.lora_down.weight`]: random(0, 32), [`${query}.lora_up.weight`]: random(32, 0) },
      /does not fit/,
    ],
    [
      "a factor of one side",
      { [`${query}.lora_down.weight`]: random(32), [`${query}.lora_up.weight`]: random(32, 1) },
      /does not fit/,
    ],
    [
      "another kernel",
      {
        [`${kohya("conv_in")}.lora_down.weight`]: random(2, 4, 1, 9),
        [`${kohya("conv_in")}.lora_up.weight`]: random(32, 2, 1, 1),
      },
      /does not fit/,
    ],
    ["a bias that is not there", { [`${query}.diff_b`]: random(32) }, /bias of the layer/],
  ] as const)("%s", async (_, tensors, message) => {
    const error = await failing(merged(tensors));
    expect(error.code).toBe("model-incompatible");
    expect(error.message).toMatch(message);
    expect(error.message).toContain("style.safetensors");
  });

  test.each([
    ["half of a pair", { [`${query}.lora_down.weight`]: random(4, 32) }, /no tensor "up"/],
    [
      "two of one kind",
      { ...factors(query), [`unet.${QUERY}.lora_A.weight`]: random(4, 32) },
      /same tensor of one layer/,
    ],
    [
      "two adapters",
      { [`unet.${QUERY}.lora_A.a.weight`]: random(4, 32), [`unet.${QUERY}.lora_A.b.weight`]: random(4, 32) },
      /same tensor of one layer/,
    ],
  ] as const)("%s", async (_, tensors, message) => {
    const error = await failing(merged(tensors));
    expect(error).toMatchObject({ code: "file-invalid", message: expect.stringMatching(message) });
  });

  test("a factor with NaN is named when it is read", async () => {
    const bad = factors(query);
    (bad[`${query}.lora_up.weight`]?.data as Float32Array)[5] = Number.NaN;
    const { unet } = await merged(bad);
    const details = { file: "style.safetensors", tensor: `${query}.lora_up.weight` };
    expect(() => bytes(unet.tensors, `${QUERY}.weight`)).toThrow(
      expect.objectContaining({ code: "weights-not-finite", details }),
    );
    const huge = { [`${query}.lora_down.weight`]: { ...random(1, 32) }, [`${query}.lora_up.weight`]: random(32, 1) };
    for (const { data } of Object.values(huge)) (data as Float32Array).fill(1e30);
    const over = await merged(huge);
    expect(() => bytes(over.unet.tensors, `${QUERY}.weight`)).toThrow(
      /safetensors with style.safetensors: the tensor .* holds NaN or infinity/,
    );
  });

  test("whole numbers in the place of factors are refused", async () => {
    const { unet } = await merged({ ...factors(query), [`${query}.lora_up.weight`]: { dtype: "I8", shape: [32, 4] } });
    expect(() => bytes(unet.tensors, `${QUERY}.weight`)).toThrow(/holds whole numbers \(I8\)/);
  });
});

describe("opening", () => {
  test("closes a file that is refused, and the LoRA closes its own", async () => {
    const wrong = fileOf({ x: numbers(1) });
    await failing(openLora(wrong.file));
    expect(wrong.source.closed).toBeGreaterThan(0);
    const right = fileOf(factors(query));
    const lora = await openLora(right.file);
    expect(right.source.closed).toBe(0);
    lora.close();
    expect(right.source.closed).toBe(1);
  });

  test("takes folders of diffusers and peft, and says what is missing in others", async () => {
    const bytes = safetensorsFile(factors(`unet.${QUERY}`));
    const lora = await openLora(memoryFolder("style", { "pytorch_lora_weights.safetensors": bytes }));
    expect(lora.keys.layers.size).toBe(1);
    const error = await failing(openLora(memoryFolder("style", { "unet/config.json": "{}" })));
    expect(error).toMatchObject({
      code: "model-unknown",
      message: expect.stringContaining("adapter_model.safetensors"),
    });
    const torn = memoryFolder("style", {
      "adapter_model.safetensors": bytes,
      "adapter_config.json": '{"lora_alpha": [1]}',
    });
    expect((await failing(openLora(torn))).code).toBe("file-invalid");
  });

  test("stops by its signal", async () => {
    const file = fileOf(factors(query)).file;
    await expect(openLora(file, { signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow("enough");
  });

  test("tells a pickle from a damaged file", async () => {
    const pickle = sourceOf("style.pt", new Uint8Array([0x50, 0x4b, 3, 4, ...new Array(60).fill(0)]));
    const error = await failing(openLora({ kind: "file", name: "style.pt", open: async () => pickle }));
    expect(error.code).toBe("file-invalid");
    expect(error.message).toMatch(/pickle|PyTorch/i);
    const cut = sourceOf(
      "cut.safetensors",
      new Uint8Array(readFileSync("test/golden/lora/peft.safetensors")).slice(0, 9000),
    );
    expect((await failing(openLora({ kind: "file", name: "cut", open: async () => cut }))).code).toBe("file-invalid");
  });
});
