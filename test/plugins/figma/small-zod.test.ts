import { beforeAll, describe, expect, test, vi } from "vitest";
import * as zod from "zod/mini";
import * as small from "../../../plugins/figma/src/main/small-zod.ts";

// Main is built with a small stand-in for zod: here both read the same values, and so do main's own readers on either.

type Reader = (value: unknown) => unknown;

/** What is compared: schemas of every form that there is, and the readers of the wire and of the anchor. */
async function readers(z: Pick<typeof zod, "object" | "custom">): Promise<Readonly<Record<string, Reader>>> {
  const { readPanelMessage } = await import("../../../sdk/src/host/protocol.ts");
  const { parseAnchor } = await import("../../../plugins/figma/src/main/anchor.ts");
  const anything = z.custom<unknown>();
  const size = z.custom<number>((value) => Number.isSafeInteger(value) && (value as number) > 0);
  const text = z.custom<string>((value) => typeof value === "string" && value.length < 100);
  const truthy = z.custom<string>((value) => value);
  const box = z.object({ width: size, height: size });
  const schemas = { anything, size, truthy, box, empty: z.object({}), nested: z.object({ text, box, anything }) };
  const read = ([name, schema]: [string, (typeof schemas)[keyof typeof schemas]]): [string, Reader] => [
    name,
    (value) => {
      const { success, data, error } = schema.safeParse(value);
      return { success, data, paths: error?.issues.map(({ path }) => path) };
    },
  ];
  return {
    ...Object.fromEntries(Object.entries(schemas).map(read)),
    message: readPanelMessage,
    anchor: (value) => {
      try {
        return parseAnchor(JSON.stringify(value) ?? "");
      } catch {
        return "refused";
      }
    },
  };
}

let expected: Readonly<Record<string, Reader>>;
let found: Readonly<Record<string, Reader>>;

beforeAll(async () => {
  expected = await readers(zod);
  vi.resetModules();
  vi.doMock("zod/mini", () => ({ ...small }));
  found = await readers(small as unknown as typeof zod);
});

const connection = "0123456789abcdef";
const bounds = { x: 0, y: -2.5, width: 10, height: 3 };

/** Values that the readers take, or nearly take. */
const examples: readonly unknown[] = [
  { text: "a", box: { width: 3, height: 4 }, anything: 1 },
  { width: 3, height: 4, depth: 5 },
  { underdraw: "hello", connection, versions: [1], largest: 2 ** 22, most: 2 ** 28 },
  { underdraw: "ask", connection, id: 1, call: "capture", length: 4, text: "null" },
  { underdraw: "cancel", connection, id: 1 },
  { underdraw: "piece", connection, id: 3, index: 1, data: new Uint8Array([1, 2]), checksum: 7 },
  { underdraw: "taken", connection, id: 3, index: 0 },
  { underdraw: "bye", connection, reason: "closed" },
  {
    ...{ version: 1, page: "0:1", source: "1:2", bounds },
    footprint: { matrix: [[1, 0, 5], [0, 1, 6]], width: 7, height: 8 }, // biome-ignore format: a matrix has rows
  },
];

const odd: readonly unknown[] = [
  ...[null, undefined, true, false, "", "text", "x".repeat(200), 0, 1, -1, 1.5, 2 ** 53, Number.NaN],
  ...[[], [1], {}, new Uint8Array(2), () => 1, Symbol("s"), 1n, new Date(0), Object.create({ width: 1, height: 2 })],
];

/** Changes one place in a value: takes it away, doubles it, or puts something odd there. */
function changed(value: unknown, random: () => number): unknown {
  const one = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value) || random() < 0.1) return one(odd);
  if (Array.isArray(value)) {
    const at = Math.floor(random() * (value.length + 1));
    const part = random() < 0.6 ? [changed(value[at], random)] : random() < 0.5 ? [] : [value[at], value[at]];
    return [...value.slice(0, at), ...part, ...value.slice(at + 1)];
  }
  const key = random() < 0.1 ? one(["more", "constructor"]) : one(Object.keys(value));
  const entries = Object.entries(value).filter(([name]) => name !== key);
  if (random() < 0.3) return Object.fromEntries(entries);
  return Object.fromEntries([...entries, [key, changed((value as Record<string, unknown>)[key], random)]]);
}

describe("the small zod and zod agree", () => {
  const compare = (value: unknown): void => {
    for (const [name, read] of Object.entries(expected)) {
      expect({ name, value, read: found[name]?.(value) }).toEqual({ name, value, read: read(value) });
    }
  };

  test("on what is right, which they take", () => {
    for (const example of examples) compare(example);
    for (const example of examples.slice(2, -1)) expect(found["message"]?.(example)).toEqual(example);
    expect(found["anchor"]?.(examples.at(-1))).not.toBe("refused");
  });

  test("on what is odd", () => {
    for (const value of odd) compare(value);
  });

  test("on names that every object has", () => {
    compare(JSON.parse('{"__proto__":{"width":1,"height":2}}'));
    compare(JSON.parse('{"width":1,"height":2,"__proto__":{"polluted":true}}'));
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  test("on what has been changed in some places", () => {
    let state = 7;
    const random = (): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32;
    };
    for (let round = 0; round < 1500; round++) {
      let value = examples[round % examples.length];
      for (let times = 1 + Math.floor(random() * 3); times > 0; times--) value = changed(value, random);
      compare(value);
    }
  });
});
