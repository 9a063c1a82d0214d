import { describe, expect, test } from "vitest";
import { checkBase, partsOf } from "../../engine/src/diffusion/loaded-base.ts";
import type { ControlNetConfig, TextConfig, UnetConfig } from "../../engine/src/graph/config.ts";
import {
  control,
  hint,
  kv,
  temb,
  textEncoder,
  unetDecoder,
  unetEncoder,
  vaeDecoder,
  vaeEncoder,
} from "../../engine/src/graph/index.ts";
import { openBase } from "../../engine/src/models/base.ts";
import { inspect } from "../../engine/src/models/inspect.ts";
import { openNet } from "../../engine/src/models/net.ts";
import type { ModelFile } from "../../engine/src/models/source.ts";
import { checkCoverage } from "../../engine/src/models/weights.ts";
import { asked, watchedFile } from "../fuzz/watched.ts";
import { openClipKey, originalUnetKey, originalVaeKey } from "./original-names.ts";
import { clipLarge, sd15Net, sd15Unet, sd21Net, sd21Unet, sdVae } from "./published-configs.ts";

// Whole tables of published checkpoints, at their true sizes: names, shapes and places of all tensors. The weights are
// zeros that lie nowhere. What a single file is, is told without any fact given.

interface Named {
  readonly key: string;
  readonly dims: readonly number[];
}

/** OpenCLIP-H's text encoder as Stable Diffusion 2 reads it (stabilityai/stable-diffusion-2-1, text_encoder/config.json). */
const openClipHuge: TextConfig = {
  ...clipLarge,
  width: 1024,
  hiddenWidth: 4096,
  layers: 23,
  heads: 16,
  activation: "gelu",
};

const unetParts = (config: UnetConfig) =>
  partsOf([kv, temb, unetEncoder, unetDecoder].map((build) => build(config, "float16")));
const netParts = (config: ControlNetConfig) =>
  partsOf([hint, kv, temb, control].map((build) => build(config, "float16")));
const vaeParts = partsOf([vaeDecoder(sdVae, "float16"), vaeEncoder(sdVae, "float16")]);
const textParts = (config: TextConfig): Named[] => [
  { key: "text_model.embeddings.token_embedding.weight", dims: [config.vocabulary, config.width] },
  ...partsOf([textEncoder(config, "float16")]),
];

/** A file with a table alone; what lies behind it is zeros. */
function tableFile(
  name: string,
  tensors: ReadonlyMap<string, readonly number[]>,
  dtype: "F16" | "F32" = "F16",
): ModelFile {
  let end = 0;
  const header: Record<string, unknown> = {};
  for (const [key, shape] of tensors) {
    const from = end;
    end += shape.reduce((a, b) => a * b, 1) * (dtype === "F16" ? 2 : 4);
    header[key] = { dtype, shape, data_offsets: [from, end] };
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return watchedFile(name, bytes, asked(), bytes.length + end);
}

const put = (table: Map<string, readonly number[]>, parts: readonly Named[], name: (key: string) => string | null) => {
  for (const { key, dims } of parts) {
    const original = name(key);
    if (original !== null) table.set(original, dims);
  }
};

/** The table of a checkpoint with the original names. */
function original(unet: UnetConfig, text: TextConfig, open: boolean): Map<string, readonly number[]> {
  const table = new Map<string, readonly number[]>();
  put(table, unetParts(unet), (key) => `model.diffusion_model.${originalUnetKey(key, 2, 0, (block) => block > 0)}`);
  put(table, vaeParts, (key) => `first_stage_model.${originalVaeKey(key, 4)}`);
  // Attention of the VAE lies there as convolutions.
  for (const [key, dims] of table) if (/attn_1\.(q|k|v|proj_out)\.weight$/.test(key)) table.set(key, [...dims, 1, 1]);
  if (!open) {
    put(table, textParts(text), (key) => `cond_stage_model.transformer.${key}`);
    table.set("cond_stage_model.transformer.text_model.embeddings.position_ids", [1, 77]);
    return table;
  }
  // The file has all 24 layers.
  const whole = { ...text, layers: 24 };
  put(table, textParts(whole), (key) => {
    const name = openClipKey(key);
    return name === null ? null : `cond_stage_model.model.${name}`;
  });
  for (let n = 0; n < whole.layers; n++) {
    table.set(`cond_stage_model.model.transformer.resblocks.${n}.attn.in_proj_weight`, [3 * text.width, text.width]);
    table.set(`cond_stage_model.model.transformer.resblocks.${n}.attn.in_proj_bias`, [3 * text.width]);
  }
  table.set("cond_stage_model.model.text_projection", [text.width, text.width]);
  table.set("cond_stage_model.model.logit_scale", []);
  return table;
}

describe("published checkpoints in one file need no fact", () => {
  test.each([
    ["Stable Diffusion 1.5", sd15Unet, clipLarge, false, "sd1"],
    ["Stable Diffusion 1.5 for inpainting", { ...sd15Unet, inChannels: 9 }, clipLarge, false, "sd1"],
    ["Stable Diffusion 2.1", sd21Unet, openClipHuge, true, "sd2"],
    ["Stable Diffusion 2 for inpainting", { ...sd21Unet, inChannels: 9 }, openClipHuge, true, "sd2"],
  ] as const)("%s", async (name, unet, text, open, family) => {
    const table = original(unet, text, open);
    const file = tableFile(`${name}.safetensors`, table);
    const model = await openBase(file);
    expect(model.family).toBe(family);
    expect(model.unet.config).toEqual(unet);
    expect(model.text.config).toEqual(text);
    expect(model.vae.config).toEqual(sdVae);
    checkBase(model);
    expect(model.prediction.evidence).toMatch(
      unet.inChannels === 9 ? /9 channels/ : family === "sd2" ? /spread/ : /nothing says/,
    );
    model.close();
    const seen = await inspect(file);
    expect(seen).toMatchObject({ kind: "base", family, problems: [] });
    expect(seen.parts.find(({ part }) => part === "unet")?.parameters).toBeGreaterThan(859e6);
  });

  test.each([
    ["Stable Diffusion 1.5", sd15Net, "sd1"],
    ["Stable Diffusion 2.1", sd21Net, "sd2"],
  ] as const)("a ControlNet for %s", async (name, config, family) => {
    for (const prefix of ["control_model.", ""]) {
      const table = new Map<string, readonly number[]>();
      put(table, netParts(config), (key) => prefix + originalUnetKey(key, 2, 6, () => false));
      const net = await openNet(tableFile(`${name}.safetensors`, table, "F32"));
      expect(net.config).toEqual(config);
      expect(net.family).toBe(family);
      checkCoverage(net.tensors, netParts(config));
      net.close();
    }
    const net = await openNet(
      tableFile("diffusers.safetensors", new Map(netParts(config).map(({ key, dims }) => [key, dims]))),
    );
    expect(net.config).toEqual(config);
    net.close();
  });

  test("a text encoder of OpenCLIP under the names of transformers, with its unused layer and without", async () => {
    for (const layers of [23, 24]) {
      const table = original(sd21Unet, openClipHuge, true);
      for (const key of table.keys()) if (key.startsWith("cond_stage_model.")) table.delete(key);
      put(table, textParts({ ...openClipHuge, layers }), (key) => `cond_stage_model.transformer.${key}`);
      const model = await openBase(tableFile("converted.safetensors", table));
      expect(model.text.config).toEqual(openClipHuge);
      expect(model.family).toBe("sd2");
      checkBase(model);
      model.close();
    }
  });
});
