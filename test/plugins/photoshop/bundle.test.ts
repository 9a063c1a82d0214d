import { readFileSync } from "node:fs";
import { createContext, runInContext } from "node:vm";
import { beforeAll, expect, test } from "vitest";
import { hostScript } from "./simulated.ts";

let code = "";

beforeAll(async () => {
  code = await hostScript();
});

test("Photoshop's side is one script that UXP can load: no modules, no code from text, two modules of the host", () => {
  expect(code).not.toMatch(/\bimport\s*\(|\bexport\s*\{|import\.meta/);
  expect(code).not.toMatch(/\beval\s*\(|new Function\b/);
  const required = [...code.matchAll(/require\((?:"|'|`)([^"'`]+)/g)].map(([, name]) => name);
  expect(new Set(required)).toEqual(new Set(["photoshop", "uxp"]));
});

test("it sets its entrypoints up at once, with those of the manifest", () => {
  const setups: { panels: object; commands: object }[] = [];
  const modules: Record<string, unknown> = {
    photoshop: { app: {}, core: {}, action: {}, imaging: {}, constants: {} },
    uxp: { entrypoints: { setup: (given: never) => setups.push(given) }, host: { uiLocale: "en_US" }, versions: {} },
  };
  runInContext(code, createContext({ require: (name: string) => modules[name], console }));
  const { entrypoints } = JSON.parse(readFileSync("plugins/photoshop/manifest.json", "utf8"));
  const ids = (type: string) =>
    entrypoints.filter((one: { type: string }) => one.type === type).map(({ id }: { id: string }) => id);
  expect(setups).toHaveLength(1);
  expect(Object.keys(setups[0]?.panels ?? {})).toEqual(ids("panel"));
  expect(Object.keys(setups[0]?.commands ?? {})).toEqual(ids("command"));
});

test("it stays small", () => {
  expect(code.length).toBeGreaterThan(10_000);
  expect(code.length).toBeLessThan(120_000);
});
