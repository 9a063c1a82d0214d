import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { safetensorsFile } from "../engine/safetensors-file.ts";
import { fileServer } from "../engine/store-server.ts";
import { said, scratch, tinyModel, underdraw } from "./command.ts";

// Models from addresses, on a server of this machine and a store of this test.

const folder = scratch();
let server: Awaited<ReturnType<typeof fileServer>>;
beforeAll(async () => {
  server = await fileServer();
});
afterAll(() => server.close());
beforeEach(() => void vi.stubEnv("UNDERDRAW_CACHE", join(folder, "cache")));
afterAll(() => void vi.unstubAllEnvs());

const wave = (count: number, size: number) => Float32Array.from({ length: count }, (_, n) => size * Math.sin(1.7 * n));
const layer = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q";
const ink = safetensorsFile({
  [`${layer}.lora_down.weight`]: { dtype: "F32", shape: [2, 32], data: wave(64, 1) },
  [`${layer}.lora_up.weight`]: { dtype: "F32", shape: [32, 2], data: wave(64, 2) },
});
const draw = (out: string, ...more: readonly string[]) =>
  underdraw([
    ...["draw", "--model", tinyModel.base, "--prompt", "x", "--size", "64x64", "--steps", "1", "--seed", "1"],
    ...[...more, "--out", join(folder, out)],
  ]);

describe("a model of an address", () => {
  const address = () => `${server.origin}/ink.safetensors`;
  beforeAll(() => void server.files.set("/ink.safetensors", { bytes: ink, etag: '"one"' }));

  test("is never downloaded by drawing or looking: both name the command that does", async () => {
    const drawn = await draw("refused.png", "--lora", `${address()}=0.5`);
    const looked = await underdraw(["inspect", address()]);
    for (const outcome of [drawn, looked]) {
      expect(outcome.code).toBe(1);
      expect(said(outcome)).toContain(`Fetch it first: underdraw fetch ${address()}`);
    }
    expect(server.asked).toEqual([]);
  });

  test("is told with its size before a byte of it comes, and may be left there", async () => {
    const outcome = await underdraw(["fetch", address(), "--plan"]);
    expect([outcome.code, outcome.stdout]).toEqual([0, ""]);
    expect(said(outcome)).toMatch(/^ink.safetensors: 1 file, 805 B; .* are free in .*cache.models$/);
    expect((await underdraw(["models"])).stdout).not.toContain("ink");
  });

  test("comes with progress, is looked at, and draws what the file on disk draws", async () => {
    const fetched = await underdraw(["fetch", address()]);
    expect([fetched.code, fetched.stdout]).toEqual([0, expect.stringMatching(/^ink.safetensors: 805 B, SHA-256 /)]);
    expect(fetched.stderr).toMatch(/^ink.safetensors: 1 file, .*\n.* reading ink.safetensors, 805 B of 805 B/);
    const asked = server.asked.length;
    const again = await underdraw(["fetch", address(), "--json"]);
    expect(JSON.parse(again.stdout).model).toMatchObject({ kind: "file", address: address(), bytes: ink.length });
    expect(said(again)).toContain("all of it here already");
    // What is here is asked about, and not fetched again.
    expect(server.asked.slice(asked).every(({ method }) => method === "HEAD")).toBe(true);

    const { stdout } = await underdraw(["inspect", address(), "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ kind: "lora" });
    const before = server.asked.length;
    const drawn = await draw("address.png", "--lora", `${address()}=0.5`);
    expect([drawn.code, said(drawn)]).toEqual([0, ""]);
    expect(server.asked.length).toBe(before);
    const plain = await draw("plain.png");
    expect(plain.code).toBe(0);
    const [one, other] = ["address.png", "plain.png"].map((name) => readFileSync(join(folder, name)));
    expect(one?.equals(other as Buffer)).toBe(false);
    const replay = await underdraw([
      ...["draw", "--model", tinyModel.base, "--recipe", join(folder, "address.png")],
      ...["--lora", address(), "--out", join(folder, "again.png")],
    ]);
    expect(replay.code).toBe(0);
    expect(readFileSync(join(folder, "again.png")).equals(one as Buffer)).toBe(true);
  });

  test("is listed, and deleted by its address", async () => {
    expect((await underdraw(["models"])).stdout).toMatch(new RegExp(`^ink.safetensors: 805 B, ${address()}\n`));
    const gone = await underdraw(["models", "--delete", address()]);
    expect([gone.code, gone.stdout]).toEqual([0, `${address()} is deleted.\n`]);
    expect(JSON.parse((await underdraw(["models", "--json"])).stdout)).toMatchObject({ models: [], unfinished: [] });
    expect(readdirSync(join(folder, "cache", "models"), { recursive: true }).join()).not.toMatch(/[0-9a-f]{64}/);
    expect((await underdraw(["models", "--delete", address()])).code).toBe(1);
  });

  test("with another SHA-256 than it must have is refused and not kept", async () => {
    const outcome = await underdraw(["fetch", address(), "--sha256", "0".repeat(64)]);
    expect([outcome.code, outcome.stdout]).toEqual([1, ""]);
    expect(said(outcome)).toMatch(/SHA-256/);
    expect(JSON.parse((await underdraw(["models", "--json"])).stdout).models).toEqual([]);
  });

  test("that is not there is said, with its address", async () => {
    const outcome = await underdraw(["fetch", `${server.origin}/nothing.safetensors`]);
    expect([outcome.code, said(outcome)]).toEqual([1, expect.stringContaining("404")]);
  });
});
