import { readFileSync } from "node:fs";
import { join } from "node:path";
import { embedderOf, tokenizerOf } from "../../engine/src/diffusion/text-tokens.ts";
import type { BaseModel } from "../../engine/src/models/base.ts";
import { openBase } from "../../engine/src/models/base.ts";
import { openEmbedding, withWords } from "../../engine/src/models/embedding.ts";
import { openLora, withLoras } from "../../engine/src/models/lora.ts";
import { nodeFolder } from "../../engine/src/models/node-files.ts";
import { openSafetensors } from "../../engine/src/models/safetensors.ts";
import type { ModelSource } from "../../engine/src/models/source.ts";
import { countOf, type Tensors } from "../../engine/src/models/tensors.ts";
import { weightsOf } from "../../engine/src/models/weights.ts";
import { fileWith, safetensorsFile, sourceOf, type Written } from "../engine/safetensors-file.ts";
import { otherHeader, spoiledBytes, spoiledJson, spoiledNumbers, spoiledText } from "./mutations.ts";
import type { Random } from "./random.ts";
import { bytesOf, golden, type Target, textOf } from "./target.ts";
import { watchedFile, watchedFloats, watchedFolder } from "./watched.ts";

// Files that a checkpoint is loaded with besides, spoiled whole: numbers, tables and settings. What is read in spite of
// all is put on a real base and read there, to its last number; what only lies otherwise in its file must give the same.

/** A file, or what it holds when it is spoiled, and whether it must give what the sound one gives. */
interface Spoiled {
  readonly bytes: Uint8Array;
  readonly isSame: boolean;
}

const folder = "test/golden/lora";

/** The tensors of a sound file. */
function tensorsIn(name: string, bytes: Uint8Array): Map<string, Written> {
  const file = openSafetensors(sourceOf(name, bytes));
  return new Map(
    Array.from(file.tensors.values(), ({ name, dtype, shape, at, bytes: size }) => [
      name,
      { dtype, shape, data: bytes.slice(at, at + size) },
    ]),
  );
}

/** The same tensors in another order, with gaps, and under other names. */
function laidOtherwise(
  tensors: ReadonlyMap<string, Written>,
  random: Random,
  name: (key: string) => string = (key) => key,
): Uint8Array {
  const rest = [...tensors];
  const shuffled: [string, Written][] = [];
  while (rest.length > 0) shuffled.push(...rest.splice(random.below(rest.length), 1));
  const renamed = Object.fromEntries(shuffled.map(([key, tensor]) => [name(key), tensor]));
  return safetensorsFile(renamed, {
    gap: random.below(9),
    ...(random.below(2) === 0 && { metadata: { format: "pt", note: "x".repeat(random.below(300)) } }),
  });
}

/** A file spoiled in one of the ways that fit its bytes. */
function spoiledFile(bytes: Uint8Array, random: Random): Uint8Array {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const [header, body] = [textOf(bytes.subarray(8, 8 + length)), bytes.subarray(8 + length)];
  return random.of<() => Uint8Array>([
    () => fileWith(otherHeader(header, random), body),
    () => fileWith(otherHeader(header, random), body),
    () => fileWith(otherHeader(header, random), body),
    () => fileWith(spoiledJson(header, random), body),
    () => fileWith(spoiledText(header, random), body),
    () => fileWith(header, spoiledNumbers(body, random)),
    () => fileWith(header, spoiledNumbers(body, random)),
    () => spoiledBytes(bytes, random),
  ])();
}

/** kohya's name of a key in peft's spelling. */
const asKohya = (key: string): string =>
  key.replace(/^(unet|text_encoder)\.(.+)\.lora_([AB])\.weight$/, (_, network: string, layer: string, factor: string) =>
    [
      network === "unet" ? "lora_unet" : "lora_te",
      `_${layer.replaceAll(".", "_")}`,
      factor === "A" ? ".lora_down.weight" : ".lora_up.weight",
    ].join(""),
  );

/** The bytes of every tensor that LoRAs change; those that were read must be numbers. */
function changedNumbers({ unet, text }: BaseModel, label: string, precision: "float32" | "float16"): Buffer {
  const all: Uint8Array[] = [];
  for (const tensors of [unet.tensors, text.tensors] as readonly Tensors[])
    for (const key of [...tensors.keys()].filter((key) => tensors.file(key).endsWith(label))) {
      const shape = tensors.shape(key);
      const into = new Uint8Array(countOf(shape) * (precision === "float32" ? 4 : 2));
      weightsOf(tensors).read({ name: key, dims: shape, parts: [{ key, shape }] }, precision, into);
      const isWrong = precision === "float32" && !new Float32Array(into.buffer).every(Number.isFinite);
      if (isWrong) throw new Error(`${key} was read with numbers that are none`);
      all.push(into);
    }
  return Buffer.concat(all);
}

/** A small base that is opened once for all runs. */
function openedOnce(name: string): { get(): Promise<BaseModel>; close(): void } {
  let opened: Promise<BaseModel> | undefined;
  let base: BaseModel | undefined;
  return {
    async get() {
      opened ??= openBase(nodeFolder(join(golden, name, "base")));
      base = await opened;
      return base;
    },
    close: () => base?.close(),
  };
}

/** LoRAs in every spelling, as files and as a folder of peft's, put on a base. */
export function loras(): Target {
  const names = ["peft", "kohya", "lycoris", "original", "early", "early-bare", "early-text", "dotted", "metadata"];
  const files = names.map((name) => {
    const bytes = new Uint8Array(readFileSync(join(folder, `${name}.safetensors`)));
    return { name, bytes, tensors: tensorsIn(name, bytes) };
  });
  type Sound = (typeof files)[number];
  const [peft, kohya] = files as [Sound, Sound];
  const settings = readFileSync(join(folder, "peft-folder/adapter_config.json"), "utf8");
  const weights = new Uint8Array(readFileSync(join(folder, "peft-folder/adapter_model.safetensors")));
  const base = openedOnce("sd15-tiny");
  const sound = new Map<string, Buffer>();
  const label = "lora.safetensors";

  const put = async (
    source: ModelSource,
    weight: number,
    textWeight: number,
    precision: "float32" | "float16" = "float32",
  ): Promise<Buffer> => {
    const lora = await openLora(source);
    try {
      const on = withLoras(await base.get(), [{ lora, weight, textWeight }]);
      return changedNumbers(on, lora.name, precision);
    } finally {
      lora.close();
    }
  };
  const spoiled = ({ name, bytes, tensors }: Sound, random: Random): Spoiled =>
    random.of<() => Spoiled>([
      ...Array<() => Spoiled>(6).fill(() => ({ bytes: spoiledFile(bytes, random), isSame: false })),
      // What metadata tells of strength is lost when tensors are written anew.
      () => ({ bytes: laidOtherwise(tensors, random), isSame: name !== "metadata" }),
      // Two LoRAs in one file, in spellings that may mean the same layers, and one of them perhaps torn.
      () => {
        const others = [...random.of([peft, kohya, random.of(files)]).tensors].slice(0, 1 + random.below(9));
        return { bytes: laidOtherwise(new Map([...tensors, ...others]), random), isSame: false };
      },
    ])();

  return {
    name: "lora",
    async run(random, seen) {
      // Opened before anything is counted.
      await base.get();
      await watchedFloats(seen, async () => {
        if (random.below(8) === 0) {
          const config = random.below(2) === 0 ? spoiledJson(settings, random) : spoiledText(settings, random);
          const name = random.of([
            "adapter_model.safetensors",
            "pytorch_lora_weights.safetensors",
            "model.safetensors",
          ]);
          const inside = new Map([
            [name, random.below(3) === 0 ? spoiledFile(weights, random) : weights],
            ["adapter_config.json", bytesOf(config)],
          ]);
          await put(watchedFolder("m", inside, seen), 1, 1);
          return;
        }
        const respelled = random.below(10) === 0;
        const file = respelled ? peft : random.of(files);
        const { bytes, isSame } = respelled
          ? { bytes: laidOtherwise(peft.tensors, random, asKohya), isSame: true }
          : spoiled(file, random);
        if (!isSame) {
          const weight = random.of([1, 0.7, -10, 10, 0]);
          const precision = random.of(["float32", "float32", "float16"] as const);
          await put(watchedFile(label, bytes, seen), weight, random.of([weight, 0, 1]), precision);
          return;
        }
        const found = await put(watchedFile(label, bytes, seen), 0.7, 0.7);
        const expected = sound.get(file.name) ?? (await put(watchedFile(label, file.bytes, seen), 0.7, 0.7));
        sound.set(file.name, expected);
        if (found.length === 0 || !found.equals(expected))
          throw new Error(`${file.name}, laid otherwise, changes other numbers`);
      });
    },
    close: () => base.close(),
  };
}

/** Embeddings of textual inversion in every spelling, as files and as folders, under words of any kind. */
export function embeddings(): Target {
  const vectors = (dtype: string, ...shape: number[]): Written => {
    const size = dtype === "F32" ? 4 : 2;
    const data = new Uint8Array(countOf(shape) * size);
    // Small numbers in any of these types: their high bytes are 0x2e to 0x3d.
    for (let at = 0; at < data.length; at++) data[at] = at % size === size - 1 ? 0x2e + (at % 16) : (at * 37) % 251;
    return { dtype, shape, data };
  };
  const files: Record<string, Written>[] = [
    { emb_params: vectors("F32", 3, 32) },
    { emb_params: vectors("F16", 32), step: { dtype: "I64", shape: [1] } },
    { toy: vectors("BF16", 1, 32) },
    { "<other>": vectors("F32", 32), TOY: vectors("F16", 2, 32) },
    { "<cat-toy>": vectors("F16", 2, 32) },
    { clip_l: vectors("F16", 2, 32) },
    { clip_l: vectors("F16", 2, 32), clip_g: vectors("F16", 2, 64) },
  ];
  const words = [
    "toy",
    "toy",
    "toy",
    "<toy>",
    "my toy",
    "TOY ",
    "t.y*(+)",
    "__proto__",
    "\u0130",
    "e\u0301",
    "\0",
    "a b  c",
  ];
  // Its tokenizer is made anew for every word, so that a small one is taken.
  const base = openedOnce("inpaint-nine");

  /** Puts a word into a prompt: all its vectors must come out, one after the other. */
  const put = async (word: string, source: ModelSource): Promise<Float32Array> => {
    const plain = await base.get();
    const added = await openEmbedding(word, source);
    if (added.vectors.length % added.count !== 0) throw new Error("its vectors are torn");
    const on = withWords(plain, [added]);
    const ids = (await tokenizerOf(on)).encode(word);
    const first = on.text.config.vocabulary;
    const own = ids.filter((id) => id >= first);
    if (own.join() !== Array.from(added.vectors.subarray(0, added.count), (_, n) => first + n).join())
      throw new Error(`${JSON.stringify(word)} of ${added.count} vectors became the tokens ${ids.join()}`);
    const rows = embedderOf(on)(Int32Array.from(ids));
    if (!rows.every(Number.isFinite)) throw new Error(`${JSON.stringify(word)} gave numbers that are none`);
    return rows;
  };

  return {
    name: "embedding",
    async run(random, seen) {
      await base.get();
      await watchedFloats(seen, async () => {
        const tensors = new Map(Object.entries(random.of(files)));
        const bytes = safetensorsFile(Object.fromEntries(tensors));
        const word = random.below(8) === 0 ? spoiledText(random.of(words), random) : random.of(words);
        const file = (bytes: Uint8Array) => watchedFile("toy.safetensors", bytes, seen);
        await random.of<() => Promise<unknown>>([
          ...Array<() => Promise<unknown>>(5).fill(() => put(word, file(spoiledFile(bytes, random)))),
          () => {
            const name = random.of(["learned_embeds.safetensors", "learned_embeds.bin", "toy.safetensors"]);
            return put(word, watchedFolder("m", new Map([[name, bytes]]), seen));
          },
          async () => {
            const found = await put(word, file(laidOtherwise(tensors, random)));
            const expected = await put(word, file(bytes));
            if (found.join() !== expected.join()) throw new Error("laid otherwise, it gives other vectors");
          },
        ])();
      });
    },
    close: () => base.close(),
  };
}
