import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { openSafetensors, type Safetensors } from "../../engine/src/models/safetensors.ts";
import { placedTensors, placesOf } from "../../engine/src/models/tensors.ts";
import { type WrittenTensor, writeSafetensors } from "../../engine/src/models/write-safetensors.ts";
import { sourceOf } from "./safetensors-file.ts";

async function joined(file: ReturnType<typeof writeSafetensors>): Promise<Uint8Array> {
  const bytes = new Uint8Array(file.size);
  let at = 0;
  for await (const piece of file.pieces()) {
    bytes.set(piece, at);
    at += piece.length;
  }
  expect(at).toBe(file.size);
  return bytes;
}

const tensor = (name: string, values: readonly number[], given: Partial<WrittenTensor> = {}): WrittenTensor => ({
  name,
  shape: [values.length],
  precision: "float32",
  read: () => Float32Array.from(values),
  ...given,
});

function read(file: Safetensors, name: string): Float32Array {
  const tensors = placedTensors("test", placesOf(file), () => {});
  const into = new Float32Array(tensors.shape(name).reduce((a, b) => a * b, 1));
  tensors.read(name, into);
  return into;
}

// Files that the format's own library wrote: one by test/golden/parity/make, the other by models/recipe.
const published = [
  "test/golden/parity/sd15-tiny/controlnets/canny/diffusion_pytorch_model.safetensors",
  "models/pack/controlnet/lines/diffusion_pytorch_model.safetensors",
];

test.each(published)("the tensors of %s give that file again, byte for byte", async (path) => {
  const bytes = new Uint8Array(readFileSync(path));
  const file = openSafetensors(sourceOf(path, bytes));
  const tensors = [...file.tensors.values()].reverse().map(({ name, shape, dtype }): WrittenTensor => {
    expect(dtype).toBe("F16");
    return { name, shape, precision: "float16", read: () => read(file, name) };
  });
  expect(Buffer.compare(await joined(writeSafetensors("copy", tensors)), bytes)).toBe(0);
});

describe("a file of our own", () => {
  test("holds wide types before short ones, what it was given and what was said of it", async () => {
    const long = Float32Array.from({ length: 300_001 }, (_, n) => n / 7);
    const written = writeSafetensors(
      "own",
      [
        tensor("b", [1.0009765625, -65504, 2 ** -24, 0.1], { precision: "float16", shape: [2, 2] }),
        tensor('é"\n', [], { shape: [0, 3] }),
        tensor("scalar", [3.25], { shape: [] }),
        tensor("long", [], { shape: [300_001], read: async () => long }),
      ],
      { metadata: { format: "pt", note: 'a "quote"\n' } },
    );
    const file = openSafetensors(sourceOf("own", await joined(written)));
    expect([...file.tensors.keys()]).toEqual(["long", "scalar", 'é"\n', "b"]);
    expect(Object.fromEntries(file.metadata)).toEqual({ format: "pt", note: 'a "quote"\n' });
    expect(Array.from(read(file, "b"))).toEqual([1.0009765625, -65504, 2 ** -24, 0.0999755859375]);
    expect(file.tensors.get("b")?.shape).toEqual([2, 2]);
    expect(Buffer.compare(Buffer.from(read(file, "long").buffer), Buffer.from(long.buffer))).toBe(0);
    expect(read(file, "scalar")).toEqual(Float32Array.of(3.25));
    expect([...file.tensors.values()].every(({ at, bytes }) => bytes === 0 || at % 2 === 0)).toBe(true);
    expect((file.tensors.get("long")?.at ?? 1) % 8).toBe(0);
  });

  test.each([
    ["NaN", [1, Number.NaN], "float32"],
    ["infinity", [Number.NEGATIVE_INFINITY], "float32"],
    ["65520, which float16 has no number for", [65520], "float16"],
  ] as const)("is refused for %s, with the tensor's name", async (_, values, precision) => {
    const written = writeSafetensors("own.safetensors", [tensor("good", [1]), tensor("zz", values, { precision })]);
    await expect(joined(written)).rejects.toMatchObject({
      code: "weights-not-finite",
      details: { file: "own.safetensors", tensor: "zz" },
    });
  });

  test("is refused for two tensors of one name, for numbers that do not fill a shape, and for too long a table", async () => {
    expect(() => writeSafetensors("own", [tensor("a", [1]), tensor("a", [2])])).toThrow(TypeError);
    expect(() => writeSafetensors("own", [tensor("__metadata__", [1])])).toThrow(TypeError);
    await expect(joined(writeSafetensors("own", [tensor("a", [1, 2], { shape: [3] })]))).rejects.toThrow(RangeError);
    const metadata = { long: "x".repeat(25_000_000) };
    expect(() => writeSafetensors("own", [tensor("a", [1])], { metadata })).toThrow(RangeError);
  });

  test("asks for one tensor at a time, when it comes to it", async () => {
    const asked: string[] = [];
    const names = ["c", "a", "b"];
    const tensors = names.map((name) => {
      const read = () => {
        asked.push(name);
        return Float32Array.of(1);
      };
      return tensor(name, [1], { read });
    });
    const pieces = writeSafetensors("own", tensors).pieces();
    await pieces.next();
    expect(asked).toEqual([]);
    await pieces.next();
    expect(asked).toEqual(["a"]);
    await pieces.next();
    await pieces.return();
    expect(asked).toEqual(["a", "b"]);
  });
});
