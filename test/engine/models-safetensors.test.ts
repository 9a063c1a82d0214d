import { describe, expect, test } from "vitest";
import { UnderdrawError } from "../../engine/src/core/errors.ts";
import { memorySource } from "../../engine/src/models/memory.ts";
import { openSafetensors } from "../../engine/src/models/safetensors.ts";
import { fileWith, numbers, safetensorsFile } from "./safetensors-file.ts";

const open = (bytes: Uint8Array, name = "model.safetensors") => openSafetensors(memorySource(name, bytes));

/** The reason for which a file is refused. */
function reason(bytes: Uint8Array, name?: string): string {
  try {
    open(bytes, name);
  } catch (error) {
    if (!UnderdrawError.is(error, "file-invalid")) throw error;
    expect(error.message).toContain(name ?? "model.safetensors");
    expect(error.details.file).toBe(name ?? "model.safetensors");
    return error.details.reason;
  }
  return expect.fail("the file was taken");
}

const entry = (dtype: unknown, shape: unknown, data_offsets: unknown) => ({ dtype, shape, data_offsets });
const latin = (text: string) => Uint8Array.from(text, (sign) => sign.charCodeAt(0));

describe("a sound file", () => {
  test("tells its tensors and the strings of its metadata", () => {
    const bytes = safetensorsFile(
      { a: numbers(1, 2, 3), b: { dtype: "F16", shape: [2, 2] } },
      { metadata: { format: "pt" } },
    );
    const file = open(bytes);
    expect(file.metadata.get("format")).toBe("pt");
    expect([...file.tensors.keys()]).toEqual(["a", "b"]);
    const b = file.tensors.get("b");
    expect(b).toMatchObject({ dtype: "F16", shape: [2, 2], bytes: 8 });
    expect((b?.at ?? 0) + 8).toBe(bytes.length);
  });

  test("may have gaps, odd offsets, tensors without elements, scalars and white space after the header", () => {
    const file = open(
      safetensorsFile(
        {
          v_pred: { dtype: "F32", shape: [0] },
          odd: { dtype: "U8", shape: [3] },
          x: numbers(0.5, -1),
          one: { dtype: "F64", shape: [] },
        },
        { gap: 1 },
      ),
    );
    expect(file.tensors.get("v_pred")?.bytes).toBe(0);
    expect(file.tensors.get("one")?.bytes).toBe(8);
    const x = file.tensors.get("x");
    const bytes = new Uint8Array(8);
    file.read(bytes, x?.at ?? 0);
    expect([...new Float32Array(bytes.buffer)]).toEqual([0.5, -1]);
    expect(
      open(fileWith('{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}    ', Uint8Array.of(7))).tensors.size,
    ).toBe(1);
  });

  test("may name a tensor like a property of objects", () => {
    const file = open(fileWith('{"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', Uint8Array.of(1)));
    expect([...file.tensors.keys()]).toEqual(["__proto__"]);
    expect(({} as Record<string, unknown>)["dtype"]).toBeUndefined();
  });
});

describe("a cut file is refused by name", () => {
  const whole = safetensorsFile({ a: numbers(1, 2), "b.weight": { dtype: "BF16", shape: [3] } });
  test("at every byte", () => {
    expect(open(whole).tensors.size).toBe(2);
    for (let length = 0; length < whole.length; length++)
      expect(reason(whole.slice(0, length)), `cut to ${length}`).toMatch(
        /the file (is empty|ends after)|cut short|header/,
      );
  });
  test("with advice, also when nothing is left", () => {
    expect(reason(new Uint8Array())).toBe("the file is empty. Copy or download it again.");
    expect(reason(whole.slice(0, whole.length - 1))).toContain("cut short");
  });
});

describe("a header that lies is refused", () => {
  const eight = new Uint8Array(8);
  test.each([
    [
      "more than 25 MB",
      (() => {
        const bytes = new Uint8Array(64);
        new DataView(bytes.buffer).setBigUint64(0, 25_000_001n, true);
        bytes[8] = 0x7b;
        return bytes;
      })(),
      /25000000 are the limit/,
    ],
    [
      "a length of 2^63",
      (() => {
        const bytes = new Uint8Array(64).fill(0x20);
        new DataView(bytes.buffer).setBigUint64(0, 1n << 63n, true);
        return bytes;
      })(),
      /no .safetensors file/,
    ],
    ["no object", fileWith("[1, 2]", eight), /no JSON object|JSON/],
    ["broken JSON", fileWith('{"a": }', eight), /no JSON/],
    ["broken UTF-8", fileWith({}, eight).fill(0xff, 9, 10), /UTF-8|JSON/],
    ["an unknown type", fileWith({ a: entry("Q4_0", [8], [0, 8]) }, eight), /Q4_0/],
    ["a type that objects inherit", fileWith({ a: entry("toString", [8], [0, 8]) }, eight), /toString/],
    ["a negative side", fileWith({ a: entry("U8", [-8], [0, 8]) }, eight), /whole numbers/],
    ["a fraction as side", fileWith({ a: entry("U8", [0.5], [0, 8]) }, eight), /whole numbers/],
    [
      "a side beyond 2^53",
      fileWith('{"a":{"dtype":"U8","shape":[9007199254740993],"data_offsets":[0,8]}}', eight),
      /whole/,
    ],
    ["sides whose product overflows", fileWith({ a: entry("U8", [2 ** 52, 2 ** 52], [0, 8]) }, eight), /needs/],
    ["a shape that is text", fileWith({ a: entry("U8", "8", [0, 8]) }, eight), /list/],
    ["no description", fileWith({ a: null }, eight), /no description/],
    ["no offsets", fileWith({ a: { dtype: "U8", shape: [8] } }, eight), /pair/],
    ["three offsets", fileWith({ a: entry("U8", [8], [0, 8, 9]) }, eight), /pair/],
    ["an end before the beginning", fileWith({ a: entry("U8", [0], [8, 0]) }, eight), /ends before/],
    ["too few bytes", fileWith({ a: entry("F32", [3], [0, 8]) }, eight), /needs 12/],
    ["bytes outside the file", fileWith({ a: entry("U8", [9], [0, 9]) }, eight), /only/],
    ["an empty tensor outside the file", fileWith({ a: entry("U8", [0], [9, 9]) }, eight), /only/],
    ["overlap", fileWith({ a: entry("U8", [5], [0, 5]), b: entry("U8", [4], [4, 8]) }, eight), /overlap/],
    ["the same place twice", fileWith({ a: entry("U8", [8], [0, 8]), b: entry("U8", [8], [0, 8]) }, eight), /overlap/],
    [
      "a name twice",
      fileWith(
        '{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"a":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}',
        eight,
      ),
      /"a" twice/,
    ],
    [
      "a name twice, once escaped",
      fileWith(
        '{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"\\u0061":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}',
        eight,
      ),
      /"a" twice/,
    ],
    [
      "a shape twice",
      fileWith('{"a":{"dtype":"U8","shape":[8],"shape":[4],"data_offsets":[0,4]}}', eight),
      /"shape" twice/,
    ],
    [
      "metadata that is text",
      fileWith({ __metadata__: "x".repeat(100) }, eight),
      /__metadata__ is "x+…" and no object|no object/,
    ],
    ["deep nesting", fileWith(`{"a":${"[".repeat(100_000)}`, eight), /deeper/],
  ])("%s", (_, bytes, wanted) => {
    expect(reason(bytes)).toMatch(wanted);
  });

  test("and a long name is cut in the message", () => {
    expect(reason(fileWith({ ["x".repeat(100_000)]: entry("Q", [8], [0, 8]) }, eight)).length).toBeLessThan(400);
  });
});

describe("what is no .safetensors file is refused by its kind", () => {
  const rest = "\x00".repeat(4).concat("0123456789".repeat(4));
  test.each([
    [
      "a zipped PyTorch file",
      "PK\x03\x04\x00\x00\x08\x08\x00\x00",
      "model.safetensors",
      /pickle in a zip archive.*run code.*save_file/,
    ],
    [
      "a pickle of protocol 2",
      "\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.",
      "model.safetensors",
      /pickle.*run code.*convert/i,
    ],
    [
      "a file that is named like ONNX",
      "hello, hello, hello",
      "depth.onnx",
      /by its name it is an ONNX file.*not begin/,
    ],
    ["a file that is named like a pickle", "cdata\n(lp0\n.........", "old.ckpt", /by its name it is a pickle/],
    ["GGUF", "GGUF\x03\x00\x00\x00", "model.gguf", /GGUF/],
    ["ONNX", "\x08\x07\x12\x07pytorch\x1a\x05", "model.onnx", /ONNX/],
    ["ONNX under another name", "\x08\x07\x12\x07pytorch\x1a\x05", "model.safetensors", /ONNX/],
    ["HDF5", "\x89HDF\r\n\x1a\n", "model.h5", /HDF5/],
    ["a web page", "<!DOCTYPE html><html>", "model.safetensors", /web page/],
    ["a Git LFS pointer", "version https://git-lfs.github.com/spec/v1", "model.safetensors", /Git LFS pointer/],
    ["gzip", "\x1f\x8b\x08\x00", "model.safetensors", /gzip/],
    ["a picture", "\x89PNG\r\n\x1a\n", "model.safetensors", /picture/],
    ["JSON", '{"weight_map": {}}', "model.safetensors.index.json", /JSON/],
    ["noise", "\x91\x17\x55\xaa\x01\x99\x42\x13", "model.safetensors", /no .safetensors file/],
  ])("%s", (_, begin, name, wanted) => {
    expect(reason(latin(begin + rest), name)).toMatch(wanted);
  });

  test("but a header whose length begins like a pickle is read", () => {
    const text = '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}';
    const bytes = fileWith(text.padEnd(0x0280, " "), Uint8Array.of(1));
    expect([bytes[0], bytes[1]]).toEqual([0x80, 0x02]);
    expect(open(bytes).tensors.size).toBe(1);
  });
});
