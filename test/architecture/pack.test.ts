import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, sep } from "node:path";
import { expect, test } from "vitest";

const pack = "models/pack";
const listed: { name: string; bytes: number; sha256: string }[] = JSON.parse(
  readFileSync(join(pack, "manifest.json"), "utf8"),
).files;
const present = readdirSync(pack, { recursive: true, encoding: "utf8" })
  .map((path) => path.split(sep).join("/"))
  .filter((path) => statSync(join(pack, path)).isFile());

test("the model pack stays below 80 MB, small enough for an ordinary clone", () => {
  const bytes = present.reduce((sum, path) => sum + statSync(join(pack, path)).size, 0);
  expect(bytes).toBeGreaterThan(1e6);
  expect(bytes).toBeLessThan(80e6);
});

test("the pack's manifest names every file that lies there, and no other", () => {
  expect([...listed.map(({ name }) => name), "manifest.json"].sort()).toEqual(present.sort());
});

test.each(listed)("$name has the bytes and the SHA-256 of the manifest", ({ name, bytes, sha256 }) => {
  const file = readFileSync(join(pack, name));
  expect(file.length).toBe(bytes);
  expect(createHash("sha256").update(file).digest("hex")).toBe(sha256);
});

test("the pack is laid out as diffusers does", () => {
  const index: Record<string, unknown> = JSON.parse(readFileSync(join(pack, "model_index.json"), "utf8"));
  expect(index["_class_name"]).toMatch(/^StableDiffusion/);
  const parts = ["text_encoder", "tokenizer", "scheduler", "unet", "vae", "controlnet/lines"];
  for (const part of parts) expect(present.some((path) => path.startsWith(`${part}/`))).toBe(true);
});
