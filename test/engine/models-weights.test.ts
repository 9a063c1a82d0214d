import { describe, expect, test } from "vitest";
import { UnderdrawError } from "../../engine/src/core/errors.ts";
import type { Part, Precision } from "../../engine/src/graph/index.ts";
import { within } from "../../engine/src/models/folder.ts";
import { memoryFolder, memorySource } from "../../engine/src/models/memory.ts";
import { textKey, vaeKey } from "../../engine/src/models/names.ts";
import { openSafetensors } from "../../engine/src/models/safetensors.ts";
import { joinTensors, placedTensors, placesOf, type Tensors } from "../../engine/src/models/tensors.ts";
import { openWeightFiles } from "../../engine/src/models/weight-files.ts";
import { checkCoverage, embeddingRows, sameShape, weightsOf } from "../../engine/src/models/weights.ts";
import { numbers, safetensorsFile, type Written } from "./safetensors-file.ts";

/** The tensors of a file with a gap of one byte before each, so that offsets are odd. */
function tensorsOf(written: Record<string, Written>): Tensors {
  const file = openSafetensors(memorySource("net.safetensors", safetensorsFile(written, { gap: 1 })));
  return placedTensors("net", placesOf(file), () => file.close());
}

const words = (dtype: string, ...values: number[]): Written => ({
  dtype,
  shape: [values.length],
  data: dtype.startsWith("F8") ? Uint8Array.from(values) : Uint16Array.from(values),
});

function read(tensors: Tensors, dims: readonly number[], parts: readonly Part[], precision: Precision = "float32") {
  const count = dims.reduce((a, b) => a * b, 1);
  const into = new Uint8Array(count * (precision === "float32" ? 4 : 2));
  weightsOf(tensors).read({ name: "w", dims, parts }, precision, into);
  return precision === "float32" ? [...new Float32Array(into.buffer)] : [...new Uint16Array(into.buffer)];
}

const whole = (key: string, ...shape: number[]): Part => ({ key, shape });

describe("every element type becomes that of the graph", () => {
  const tensors = tensorsOf({
    f32: numbers(1, -2.5, 0.1),
    f16: words("F16", 0x3c00, 0xc100, 0x2e66),
    bf16: words("BF16", 0x3f80, 0xc020, 0x3dcd),
    f64: { dtype: "F64", shape: [3], data: new Uint8Array(Float64Array.of(1, -2.5, 0.1).buffer) },
    e4m3: words("F8_E4M3", 0x38, 0xc2, 0x1d),
    e5m2: words("F8_E5M2", 0x3c, 0xc1, 0x2e),
  });
  const tenth: Record<string, number> = {
    f32: Math.fround(0.1),
    f16: 0.0999755859375,
    bf16: 0.10009765625,
    f64: Math.fround(0.1),
    e4m3: 0.1015625,
    e5m2: 0.09375,
  };
  test.each(Object.keys(tenth))("%s", (key) => {
    expect(read(tensors, [3], [whole(key, 3)])).toEqual([1, -2.5, tenth[key]]);
    const halves = { f32: 0x2e66, f16: 0x2e66, bf16: 0x2e68, f64: 0x2e66, e4m3: 0x2e80, e5m2: 0x2e00 };
    expect(read(tensors, [3], [whole(key, 3)], "float16")).toEqual([0x3c00, 0xc100, halves[key as "f32"]]);
  });

  test("but not whole numbers", () => {
    const quantised = tensorsOf({ q: { dtype: "I8", shape: [2] } });
    expect(() => read(quantised, [2], [whole("q", 2)])).toThrow(/holds whole numbers \(I8\)/);
  });
});

describe("a weight", () => {
  const tensors = tensorsOf({
    table: { ...numbers(0, 1, 2, 3, 4, 5, 6, 7), shape: [4, 2] },
    a: numbers(1, 2),
    b: words("F16", 0x3c00, 0xbc00),
  });

  test("may be rows of a tensor", () => {
    expect(read(tensors, [2, 2], [{ key: "table", shape: [4, 2], rows: [1, 3] }])).toEqual([2, 3, 4, 5]);
    expect(read(tensors, [1, 2], [{ key: "table", shape: [4, 2], rows: [3, 4] }], "float16")).toEqual([0x4600, 0x4700]);
  });

  test("may be the sum of several, of other element types, summed before it is narrowed", () => {
    const parts = [whole("a", 2), whole("b", 2), { key: "table", shape: [4, 2], rows: [2, 3] } as const];
    expect(read(tensors, [2], parts)).toEqual([6, 6]);
    const fine = tensorsOf({ a: numbers(1 + 2 ** -11), b: numbers(2 ** -12) });
    // Each part alone rounds down; the sum lies above the tie.
    expect(read(fine, [1], [whole("a", 1), whole("b", 1)], "float16")).toEqual([0x3c01]);
  });

  test("larger than one piece is whole, whatever its place in memory", () => {
    const count = (1 << 18) + 77;
    const values = Float32Array.from({ length: count }, (_, n) => (n % 1000) / 8);
    const large = tensorsOf({
      x: { dtype: "F32", shape: [count], data: values },
      y: { dtype: "BF16", shape: [count] },
    });
    const weight = { name: "x", dims: [count], parts: [whole("x", count), whole("y", count)] };
    const room = new Uint8Array(count * 4 + 3);
    for (const parts of [weight.parts, weight.parts.slice(0, 1)]) {
      weightsOf(large).read({ ...weight, parts }, "float32", room.subarray(3));
      expect(Buffer.compare(room.slice(3), new Uint8Array(values.buffer))).toBe(0);
    }
  });

  test("of 1x1 convolutions may be stored with or without their sides of 1", () => {
    expect(sameShape([8, 8, 1, 1], [8, 8])).toBe(true);
    expect(sameShape([8, 4], [4, 8])).toBe(false);
    const conv = tensorsOf({ w: { ...numbers(1, 2, 3, 4), shape: [2, 2, 1, 1] } });
    expect(read(conv, [2, 2], [whole("w", 2, 2)])).toEqual([1, 2, 3, 4]);
  });

  test("that is missing, of another shape, or beyond its rows is named", () => {
    expect(() => read(tensors, [2], [whole("c", 2)])).toThrow(/no tensor "c"/);
    expect(() => read(tensors, [2, 4], [whole("table", 2, 4)])).toThrow(/"table" has the shape \[4, 2\], and \[2, 4\]/);
    expect(() => read(tensors, [2, 2], [{ key: "table", shape: [4, 2], rows: [3, 5] }])).toThrow(/table/);
    expect(() =>
      weightsOf(tensors).read({ name: "a", dims: [2], parts: [whole("a", 2)] }, "float32", new Uint8Array(7)),
    ).toThrow(RangeError);
  });
});

describe("numbers that are not finite are found and named", () => {
  const nan = Number.NaN;
  test.each([
    ["in float32", { bad: numbers(1, nan) }, "float32"],
    ["in float32 on the way to float16", { bad: numbers(Number.POSITIVE_INFINITY, 1) }, "float16"],
    ["in float16", { bad: words("F16", 0x3c00, 0x7c00) }, "float16"],
    ["in float16 on the way to float32", { bad: words("F16", 0x7e00, 0) }, "float32"],
    ["in bfloat16", { bad: words("BF16", 0xff80, 0) }, "float32"],
    ["in fp8", { bad: words("F8_E4M3", 0x7f, 0) }, "float16"],
  ] as const)("%s", (_, file, precision) => {
    const error = (() => {
      try {
        return read(tensorsOf(file), [2], [whole("bad", 2)], precision);
      } catch (error) {
        return error;
      }
    })();
    expect(UnderdrawError.is(error, "weights-not-finite") && error.details).toEqual({
      file: "net.safetensors",
      tensor: "bad",
    });
  });

  test("the part of a sum that is bad is the one that is named", () => {
    const tensors = tensorsOf({ good: numbers(1), bad: numbers(nan), huge: numbers(3e38), more: numbers(3e38) });
    expect(() => read(tensors, [1], [whole("good", 1), whole("bad", 1)])).toThrow(/"bad" holds NaN/);
    expect(() => read(tensors, [1], [whole("huge", 1), whole("more", 1)])).toThrow(/"huge" grows infinite/);
  });

  test("a number that float16 has not is no damage, and the way out is told", () => {
    const tensors = tensorsOf({ large: numbers(70000) });
    expect(read(tensors, [1], [whole("large", 1)])).toEqual([70000]);
    expect(() => read(tensors, [1], [whole("large", 1)], "float16")).toThrow(
      /"large" holds numbers beyond float16 .*float32/,
    );
  });
});

test("embeddings are looked up row by row", () => {
  const tensors = tensorsOf({
    table: { dtype: "F16", shape: [3, 2], data: Uint16Array.of(0, 0x3c00, 0x4000, 0x4200, 0x4400, 0x4500) },
  });
  expect([...embeddingRows(tensors, "table", Int32Array.of(2, 0, 2))]).toEqual([4, 5, 0, 1, 4, 5]);
  expect(() => embeddingRows(tensors, "table", Int32Array.of(3))).toThrow(/token 3, and the text encoder knows 3/);
});

describe("coverage", () => {
  const tensors = tensorsOf({
    a: numbers(1, 2),
    "attn.weight": { ...numbers(1, 2, 3, 4), shape: [2, 2, 1, 1] },
    "embeddings.position_ids": { dtype: "I64", shape: [1, 77] },
    v_pred: { dtype: "F32", shape: [0] },
  });
  const used = [
    { key: "a", dims: [2] },
    { key: "attn.weight", dims: [2, 2] },
  ];
  test("is whole when each tensor is used or known as no weight", () => {
    expect(() => checkCoverage(tensors, used)).not.toThrow();
  });
  test("names what is missing, misshapen and unknown in one error", () => {
    const wanted = [
      { key: "a", dims: [3] },
      { key: "b", dims: [1] },
      { key: "c", dims: [1] },
    ];
    const check = () => checkCoverage(tensors, wanted);
    expect(check).toThrow(/2 missing: b, c; 1 of another shape: a \[2\] instead of \[3\]; 1 unknown: attn\.weight\./);
    expect(check).toThrow(expect.objectContaining({ code: "model-incompatible" }));
    expect(() => checkCoverage(tensors, used.slice(0, 1), [/^(attn|v_pred|embeddings)/])).not.toThrow();
  });
  test("names only the first of many", () => {
    const many = Array.from({ length: 300 }, (_, n) => ({ key: `layer.${n}`, dims: [1] }));
    expect(() => checkCoverage(tensors, [...used, ...many])).toThrow(
      /300 missing: layer\.0, layer\.1, layer\.2, layer\.3 and 296 more/,
    );
  });
});

test("two networks join into one, each behind its prefix", () => {
  const joined = joinTensors("both", [
    ["", tensorsOf({ a: numbers(1), "net.odd": numbers(3) })],
    ["net.", tensorsOf({ a: numbers(2) })],
  ]);
  expect([...joined.keys()]).toEqual(["a", "net.odd", "net.a"]);
  expect(read(joined, [1], [whole("a", 1), whole("net.a", 1), whole("net.odd", 1)])).toEqual([6]);
  expect(joined.has("net.b")).toBe(false);
  expect(() => joined.shape("net.b")).toThrow(/no tensor "net.b"/);
});

test("older spellings are read as those of today", () => {
  expect(textKey("embeddings.token_embedding.weight")).toBe("text_model.embeddings.token_embedding.weight");
  expect(textKey("text_model.encoder.layers.0.mlp.fc1.bias")).toBe("text_model.encoder.layers.0.mlp.fc1.bias");
  expect(textKey("text_model.embeddings.position_ids")).toBeNull();
  expect(textKey("text_projection.weight")).toBeNull();
  const old = ["query", "key", "value", "proj_attn"].map((name) =>
    vaeKey(`encoder.mid_block.attentions.0.${name}.weight`),
  );
  expect(old.map((key) => key.replace("encoder.mid_block.attentions.0.", ""))).toEqual([
    "to_q.weight",
    "to_k.weight",
    "to_v.weight",
    "to_out.0.weight",
  ]);
});

describe("the weights of a folder", () => {
  const files = { stems: ["diffusion_pytorch_model"], what: "UNet" };
  const index = (map: Record<string, string>) => JSON.stringify({ metadata: { total_size: 8 }, weight_map: map });
  const shards = {
    "one.safetensors": safetensorsFile({ a: numbers(1) }),
    "two.safetensors": safetensorsFile({ b: numbers(2), c: numbers(3) }),
  };
  const openWith = (held: Record<string, Uint8Array | string>) => openWeightFiles(memoryFolder("m", held), files);

  test("may lie in shards that an index lists", async () => {
    const tensors = await openWith({
      ...shards,
      "diffusion_pytorch_model.safetensors.index.json": index({ a: "one.safetensors", b: "two.safetensors" }),
    });
    expect([...tensors.keys()]).toEqual(["a", "b"]);
    expect(tensors.file("b")).toBe("m/two.safetensors");
    expect(read(tensors, [1], [whole("a", 1), whole("b", 1)])).toEqual([3]);
  });

  test.each([
    ["a shard that is missing", { a: "three.safetensors" }, /m\/three\.safetensors": the file is missing/],
    ["a tensor that its shard has not", { z: "one.safetensors" }, /no tensor "z"/],
    ["a shard outside the folder", { a: "../one.safetensors" }, /not one inside/],
    ["a shard at an absolute path", { a: "/one.safetensors" }, /not one inside/],
    ["a shard of another kind", { a: "one.bin" }, /no \.safetensors file/],
  ])("refuses an index with %s", async (_, map, wanted) => {
    await expect(openWith({ ...shards, "diffusion_pytorch_model.safetensors.index.json": index(map) })).rejects.toThrow(
      wanted,
    );
  });

  test("refuses an index without a map", async () => {
    await expect(openWith({ "diffusion_pytorch_model.safetensors.index.json": "{}" })).rejects.toThrow(/weight_map/);
    await expect(openWith({ "diffusion_pytorch_model.safetensors.index.json": "" })).rejects.toThrow(/empty/);
  });

  test("may have their precision in their name, and the plain name goes first", async () => {
    const fp16 = safetensorsFile({ a: numbers(16) });
    const both = {
      "diffusion_pytorch_model.fp16.safetensors": fp16,
      "diffusion_pytorch_model.safetensors": safetensorsFile({ a: numbers(32) }),
    };
    expect(read(await openWith(both), [1], [whole("a", 1)])).toEqual([32]);
    expect(read(await openWith({ "diffusion_pytorch_model.fp16.safetensors": fp16 }), [1], [whole("a", 1)])).toEqual([
      16,
    ]);
  });

  test("that are a pickle, or not there, are refused with what to do", async () => {
    await expect(openWith({ "diffusion_pytorch_model.bin": "PK" })).rejects.toThrow(/pickle.*run code/);
    await expect(openWith({})).rejects.toThrow(
      /weights of the UNet are missing. Add diffusion_pytorch_model.safetensors/,
    );
  });

  test("that name one tensor in two spellings are refused", async () => {
    const folder = within(
      memoryFolder("m", {
        "t/model.safetensors": safetensorsFile({ "encoder.x": numbers(1), "text_model.encoder.x": numbers(2) }),
      }),
      "t",
    );
    await expect(openWeightFiles(folder, { stems: ["model"], what: "text encoder", rename: textKey })).rejects.toThrow(
      /both the tensor/,
    );
  });
});
