import { memoryPlace, type TrainingPlace } from "@underdraw/engine/training";
import { beforeEach, expect, test } from "vitest";
import { keepingIn } from "../../examples/train/kept-training.ts";
import type { KeptTraining } from "../../examples/train/protocol.ts";

// What the training page keeps, in memory: another training takes the place of one only when it is written.

const described = (name: string): KeptTraining => ({
  ...{ version: 1, name, count: 1, reading: { kind: "pairs", condition: null, invert: false } },
  ...{ request: { mode: "whole", batch: 2, side: 64 }, settings: { every: 1 } },
});
const filesOf = (text: string): [string, Blob][] => [["a.txt", new Blob([text])]];

let places: Map<string, TrainingPlace>;
const place = (path: string): TrainingPlace => {
  const known = places.get(path) ?? memoryPlace(path);
  places.set(path, known);
  return known;
};
/** All that is kept, as paths. */
const all = async () =>
  (await Promise.all([...places].map(async ([at, { list }]) => (await list()).map((path) => `${at}/${path}`))))
    .flat()
    .sort();
const checkpoint = async (step: number) =>
  (await keepingIn(place).checkpoints()).write(`checkpoint-${step}.safetensors`, [new Uint8Array(8)]);

beforeEach(() => {
  places = new Map();
});

test("a training takes the place of another, of which nothing stays, and goes on where it was", async () => {
  const keeping = keepingIn(place);
  expect(await keeping.found()).toBeNull();
  await keeping.keep(described("one"), filesOf("one"));
  await checkpoint(7);
  expect(await keeping.found()).toEqual({ ...described("one"), step: 7 });
  for (const name of ["two", "three"]) {
    await keeping.keep(described(name), filesOf(name));
    expect(await keepingIn(place).found()).toEqual({ ...described(name), step: 0 });
    expect(await all()).toHaveLength(2);
    await checkpoint(3);
    await keeping.describe({ ...described(name), count: 2 });
    expect(await keeping.found()).toMatchObject({ name, count: 2, step: 3 });
    const source = await place(await keeping.folder()).open("a.txt");
    const bytes = new Uint8Array(source?.size ?? 0);
    source?.read(bytes, 0);
    expect(new TextDecoder().decode(bytes)).toBe(name);
  }
  await keeping.forget();
  expect(await all()).toEqual([]);
  expect(await keeping.found()).toBeNull();
});

test.each(["a.txt", "training.json"])("one that cannot be written leaves the other as it was: %s", async (broken) => {
  const keeping = keepingIn(place);
  await keeping.keep(described("one"), filesOf("one"));
  await checkpoint(7);
  const before = await all();
  const failing = keepingIn((path) => ({
    ...place(path),
    write: async (file, pieces) => {
      if (file === broken) throw new Error("full");
      await place(path).write(file, pieces);
    },
  }));
  const files: [string, Blob][] = [["first.txt", new Blob(["x"])], ...filesOf("two")];
  await expect(failing.keep(described("two"), files)).rejects.toThrow("full");
  expect(await keeping.found()).toEqual({ ...described("one"), step: 7 });
  expect(await all()).toEqual(before);
});

test("the one before is there until the other is written", async () => {
  const keeping = keepingIn(place);
  await keeping.keep(described("one"), filesOf("one"));
  await checkpoint(7);
  const seen: unknown[] = [];
  const watched = keepingIn((path) => ({
    ...place(path),
    write: async (file, pieces) => {
      seen.push((await keeping.found())?.step);
      await place(path).write(file, pieces);
    },
  }));
  await watched.keep(described("two"), filesOf("two"));
  expect(seen).toEqual([7, 7]);
});

test("what a page of another day kept is found, and so is what is no description", async () => {
  const text = (value: string) => [new TextEncoder().encode(value)];
  await place("training/chosen").write("training.json", text(JSON.stringify(described("old"))));
  await place("training/run").write("checkpoint-5.safetensors", text("x"));
  expect(await keepingIn(place).found()).toEqual({ ...described("old"), step: 5 });
  await place("training/chosen").write("training.json", text("{"));
  expect(await keepingIn(place).found()).toBeNull();
});
