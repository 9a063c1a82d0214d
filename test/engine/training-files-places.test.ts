import { execFileSync, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { memoryPlace } from "../../engine/src/training/memory-place.ts";
import { nodePlace } from "../../engine/src/training/node-training-place.ts";
import { asideName, refusedWriting } from "../../engine/src/training/place-writing.ts";
import { contentOf, placeContract } from "./training-files-contract.ts";

// Where a training writes, in Node: a folder and memory. The origin's own files are tested in test/browser.

let root: string;
let folder: string;
let made = 0;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "underdraw-training-"));
});
beforeEach(() => {
  folder = join(root, String(++made), "place");
});
afterAll(() => rmSync(root, { recursive: true }));

describe("memory", () => {
  placeContract(async () => memoryPlace("mine"));
});

describe("a folder", () => {
  placeContract(async () => nodePlace(folder));

  test("is called by its own name and made when it is written to", async () => {
    const place = nodePlace(folder);
    expect(place.name).toBe("place");
    expect(await place.free()).toBeGreaterThan(1e6);
    await place.write("net/config.json", [new TextEncoder().encode("{}")]);
    expect(readFileSync(join(folder, "net", "config.json"), "utf8")).toBe("{}");
    expect((await place.open("net/config.json"))?.name).toBe("place/net/config.json");
  });

  test("two writers of one file do not disturb each other", async () => {
    const place = nodePlace(folder);
    const slowly = (value: number) =>
      (async function* () {
        for (let n = 0; n < 20; n++) {
          await new Promise((resolve) => setTimeout(resolve, 1));
          yield new Uint8Array(100).fill(value);
        }
      })();
    await Promise.all([1, 2, 3].map((value) => place.write("a.bin", slowly(value))));
    const content = await contentOf(place, "a.bin");
    expect(content?.length).toBe(2000);
    expect(new Set(content).size).toBe(1);
    expect(readdirSync(folder)).toEqual(["a.bin"]);
  });

  test("a process that dies while it writes leaves the old file, and its rest is cleared away", async () => {
    const place = nodePlace(folder);
    await place.write("checkpoint.bin", [new Uint8Array(50).fill(1)]);
    const child = spawn(process.execPath, [
      "scripts/run.mjs",
      "test/engine/training-files-child.ts",
      folder,
      "checkpoint.bin",
      "10000",
    ]);
    await new Promise<void>((resolve, reject) => {
      child.stdout.on("data", (text) => /^5$/m.test(String(text)) && resolve());
      child.stderr.on("data", (text) => reject(new Error(String(text))));
    });
    const gone = new Promise((resolve) => child.on("exit", resolve));
    child.kill("SIGKILL");
    await gone;
    const left = readdirSync(folder).filter((name) => name.endsWith(".new"));
    expect(left).toHaveLength(1);
    expect(await contentOf(place, "checkpoint.bin")).toEqual(new Uint8Array(50).fill(1));
    expect(await place.list()).toEqual(["checkpoint.bin"]);
    // What was just left may be another machine's; after a while it is nobody's.
    await place.write("checkpoint.bin", [Uint8Array.of(2)]);
    expect(readdirSync(folder)).toContain(left[0]);
    utimesSync(join(folder, left[0] as string), new Date(0), new Date(0));
    await place.write("checkpoint.bin", [Uint8Array.of(3)]);
    expect(readdirSync(folder)).toEqual(["checkpoint.bin"]);
  });

  test("what a living process writes is not cleared away", async () => {
    mkdirSync(folder, { recursive: true });
    const aside = join(folder, asideName("a.bin", `${process.ppid}-x`));
    writeFileSync(aside, "half");
    utimesSync(aside, new Date(0), new Date(0));
    await nodePlace(folder).write("a.bin", [Uint8Array.of(1)]);
    expect(readFileSync(aside, "utf8")).toBe("half");
  });

  test("that cannot be made is file-unwritable", async () => {
    mkdirSync(join(folder, ".."), { recursive: true });
    writeFileSync(folder, "a file");
    await expect(nodePlace(folder).write("a.bin", [Uint8Array.of(1)])).rejects.toMatchObject({
      code: "file-unwritable",
      details: { file: join(folder, "a.bin") },
    });
    expect(readFileSync(folder, "utf8")).toBe("a file");
  });

  // There Linux says of any folder that the one it lies in is missing, and Node 20's recursive mkdir tries for ever.
  test.skipIf(process.platform !== "linux")("under /proc is file-unwritable, at once", async () => {
    const place = nodePlace("/proc/underdraw/trainings/mine");
    await expect(place.write("a.bin", [Uint8Array.of(1)])).rejects.toMatchObject({
      code: "file-unwritable",
      message: expect.stringMatching(
        /^Could not write "\/proc\/underdraw\/trainings\/mine\/a\.bin": .*Check that the folder/,
      ),
    });
    expect(await place.list()).toEqual([]);
    expect(await place.free()).not.toBeNull();
  });

  test("a folder in a file's place is file-unwritable, and stays", async () => {
    const place = nodePlace(folder);
    await place.write("a/b.bin", [Uint8Array.of(1)]);
    await expect(place.write("a", [Uint8Array.of(1)])).rejects.toMatchObject({ code: "file-unwritable" });
    await expect(place.remove("a")).rejects.toMatchObject({ code: "file-unwritable" });
    expect(readdirSync(folder)).toEqual(["a"]);
    expect(await contentOf(place, "a/b.bin")).toEqual(Uint8Array.of(1));
  });

  test.skipIf(process.platform === "win32")("without permission is file-unwritable", async () => {
    const place = nodePlace(folder);
    await place.write("a.bin", [Uint8Array.of(1)]);
    chmodSync(root, 0o755);
    chmodSync(folder, 0o555);
    try {
      // Root may write everywhere, so the child becomes nobody.
      const user = process.getuid?.() === 0 ? ["65534"] : [];
      const child = ["scripts/run.mjs", "test/engine/training-files-child.ts", folder, "a.bin", "1", ...user];
      const told = execFileSync(process.execPath, child, { encoding: "utf8" });
      expect(told).toContain('"code":"file-unwritable"');
    } finally {
      chmodSync(folder, 0o755);
    }
    expect(await contentOf(place, "a.bin")).toEqual(Uint8Array.of(1));
    expect(readdirSync(folder)).toEqual(["a.bin"]);
  });

  // A disk of 1 MiB, which only this test's child sees.
  const mounts =
    spawnSync("unshare", ["-rm", "sh", "-c", 'mount -t tmpfs -o size=1m none "$0"', tmpdir()]).status === 0;
  test.skipIf(!mounts)(`a full disk is storage-full${mounts ? "" : " (skipped: no disk can be mounted here)"}`, () => {
    mkdirSync(folder, { recursive: true });
    const script = 'mount -t tmpfs -o size=1m none "$0" && echo old > "$0/a.bin" && "$@"; cat "$0/a.bin"; ls -A "$0"';
    const writer = [process.execPath, "scripts/run.mjs", "test/engine/training-files-child.ts", folder, "a.bin", "64"];
    const told = execFileSync("unshare", ["-rm", "sh", "-c", script, folder, ...writer], { encoding: "utf8" });
    expect(told).toContain('"code":"storage-full"');
    expect(told).toContain("There is no room for");
    expect(told.trimEnd().split("\n").slice(-2)).toEqual(["old", "a.bin"]);
  });
});

test("what a system refuses with is told as what it is", () => {
  const refusals = [
    ["ENOSPC", "storage-full"],
    ["EDQUOT", "storage-full"],
    ["EACCES", "file-unwritable"],
    ["EROFS", "file-unwritable"],
    ["EFBIG", "file-unwritable"],
  ] as const;
  for (const [code, wanted] of refusals)
    expect(refusedWriting("a.bin", Object.assign(new Error(code), { code })), code).toMatchObject({ code: wanted });
  const quota = new DOMException("The quota has been exceeded.", "QuotaExceededError");
  expect(refusedWriting("a.bin", quota)).toMatchObject({ code: "storage-full" });
  const locked = new DOMException("Locked.", "NoModificationAllowedError");
  expect(refusedWriting("a.bin", locked).message).toContain("Another tab or worker");
});
