import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openBase } from "../../engine/src/models/base.ts";
import { openEmbedding } from "../../engine/src/models/embedding.ts";
import { inspect } from "../../engine/src/models/inspect.ts";
import { openLora } from "../../engine/src/models/lora.ts";
import { openNet } from "../../engine/src/models/net.ts";
import { openSafetensors } from "../../engine/src/models/safetensors.ts";
import { openVae } from "../../engine/src/models/vae.ts";
import { otherHeader, spoiledBytes, spoiledJson, spoiledText } from "./mutations.ts";
import { bytesOf, framed, golden, type Target, textOf } from "./target.ts";
import { watchedFile } from "./watched.ts";

/** A file of tables alone: its tensors hold zeros, which are not stored. */
interface TableFile {
  readonly name: string;
  readonly header: string;
  readonly size: number;
}

function tableOf(name: string, bytes: Uint8Array): TableFile {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  return { name, header: textOf(bytes.subarray(8, 8 + length)), size: bytes.length };
}

/** Headers of .safetensors files: bytes, JSON and lengths spoiled, and a size that may be any. */
export function headers(): Target {
  const tables = [
    ["five-levels/base/vae/diffusion_pytorch_model.safetensors"],
    ["control-dump/base.safetensors"],
    ["difference/depth.safetensors"],
    ["five-levels/controlnets/n/diffusion_pytorch_model.safetensors"],
  ].map(([path = ""]) => tableOf(path, new Uint8Array(readFileSync(join(golden, path)))));
  const made: TableFile[] = [
    {
      name: "lora",
      header:
        '{"lora_unet_a.lora_down.weight":{"dtype":"F16","shape":[4,768],"data_offsets":[0,6144]},"lora_unet_a.lora_up.weight":{"dtype":"F16","shape":[320,4],"data_offsets":[6144,8704]},"lora_unet_a.alpha":{"dtype":"F32","shape":[],"data_offsets":[8704,8708]}}',
      size: 9000,
    },
    {
      name: "embedding",
      header: '{"__metadata__":{"format":"pt"},"emb_params":{"dtype":"F32","shape":[2,768],"data_offsets":[0,6144]}}',
      size: 6300,
    },
    {
      name: "odd",
      header:
        '{"a":{"dtype":"F8_E4M3","shape":[3],"data_offsets":[1,4]},"v_pred":{"dtype":"F32","shape":[0],"data_offsets":[4,4]},"global_step":{"dtype":"I64","shape":[],"data_offsets":[5,13]}}',
      size: 300,
    },
  ];
  return {
    name: "safetensors",
    async run(random, seen) {
      const { name, header, size } = random.of(random.below(2) === 0 ? tables : made);
      const text = random.of<() => Uint8Array>([
        () => bytesOf(otherHeader(header, random)),
        () => bytesOf(otherHeader(header, random)),
        () => bytesOf(otherHeader(header, random)),
        () => bytesOf(spoiledJson(header, random)),
        () => spoiledBytes(bytesOf(header), random),
        () => bytesOf(spoiledText(header, random)),
        () => bytesOf(header),
      ])();
      const honest = BigInt(text.length);
      const length = random.of([
        ...Array<bigint>(12).fill(honest),
        honest + 1n,
        honest - 1n,
        BigInt(random.of([0, 1, 2, 24_999_999, 25_000_001, 1e8, 2 ** 31, 2 ** 53])),
      ]);
      const whole = Math.max(size, 8 + text.length);
      const claimed = random.of([...Array<number>(12).fill(whole), size, 8, 0, 1e12, 2 ** 53 - 1]);
      const file = watchedFile(`${name}.safetensors`, framed(text, length), seen, claimed);
      const source = await file.open();
      try {
        openSafetensors(source);
      } finally {
        source.close();
      }
      await inspect(file);
      const facts = {
        unet: { norm_num_groups: 4, attention_head_dim: 2 },
        vae: { norm_num_groups: 4 },
        text_encoder: { num_attention_heads: 2 },
      };
      await random
        .of<() => Promise<{ close(): void } | undefined>>([
          () => openBase(file, { facts }),
          () => openNet(file, { facts: facts.unet }),
          () => openVae(file, { facts: facts.vae }),
          () => openLora(file),
          async () => void (await openEmbedding("word", file)),
        ])()
        .then((opened) => opened?.close());
    },
  };
}
