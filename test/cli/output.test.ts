import * as files from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkOutput, type Disk, writeOutputs } from "../../cli/src/output-file.ts";
import { said, scratch, underdraw } from "./command.ts";
import { house, pngOf } from "./png.ts";

const folder = scratch();
const map = join(folder, "map.png");
files.writeFileSync(map, pngOf(64, 64, { colourType: 0, depth: 8 }, house));

/** A disk that takes `room` bytes and is then full. */
function fullAfter(room: number): Disk {
  const writeSync = ((file: number, bytes: Uint8Array, at: number, length: number): number => {
    if (at >= room) throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    return files.writeSync(file, bytes, at, Math.min(length, room - at));
  }) as Disk["writeSync"];
  return { ...files, writeSync };
}

function empty(): string {
  return files.mkdtempSync(join(folder, "case-"));
}

describe("a result is written whole or not at all", () => {
  test("in pieces as small as the disk takes them", async () => {
    const path = join(empty(), "a.png");
    const writeSync = ((file: number, bytes: Uint8Array, at: number) =>
      files.writeSync(file, bytes, at, 1)) as Disk["writeSync"];
    await writeOutputs([{ path, bytes: Uint8Array.of(1, 2, 3) }], { disk: { ...files, writeSync } });
    expect([...files.readFileSync(path)]).toEqual([1, 2, 3]);
  });

  test("a full disk leaves nothing behind and what was there before", async () => {
    const place = empty();
    const path = join(place, "a.png");
    files.writeFileSync(path, "before");
    await expect(writeOutputs([{ path, bytes: new Uint8Array(100) }], { disk: fullAfter(40) })).rejects.toThrow(
      expect.objectContaining({
        code: "file-unwritable",
        message: `Cannot write "${path}": the disk is full. Make room on it, or write to another one.`,
      }),
    );
    expect(files.readdirSync(place)).toEqual(["a.png"]);
    expect(files.readFileSync(path, "utf8")).toBe("before");
  });

  test("the bytes reach the disk before the name does", async () => {
    const order: string[] = [];
    const noted = <Given extends unknown[], Result>(name: string, call: (...given: Given) => Result) => {
      return (...given: Given): Result => {
        order.push(name);
        return call(...given);
      };
    };
    const watched = {
      ...files,
      openSync: noted("open", files.openSync),
      writeSync: noted("write", files.writeSync as Disk["writeSync"]),
      fsync: noted("sync", files.fsync),
      closeSync: noted("close", files.closeSync),
      renameSync: noted("rename", files.renameSync),
    };
    const outputs = [{ path: join(empty(), "a.png"), bytes: new Uint8Array(10) }];
    await writeOutputs(outputs, { disk: watched as unknown as Disk });
    expect(order).toEqual(["open", "write", "sync", "close", "rename"]);
  });

  test("a link stays a link, and the file it leads to is replaced", async () => {
    const place = empty();
    files.writeFileSync(join(place, "real.png"), "before");
    files.symlinkSync("real.png", join(place, "link.png"));
    await writeOutputs([{ path: join(place, "link.png"), bytes: Buffer.from("after") }]);
    expect(files.lstatSync(join(place, "link.png")).isSymbolicLink()).toBe(true);
    expect(files.readFileSync(join(place, "real.png"), "utf8")).toBe("after");
    expect(files.readdirSync(place).sort()).toEqual(["link.png", "real.png"]);
  });

  test("what cannot be written keeps what goes with it from being written", async () => {
    const place = empty();
    const bytes = new Uint8Array(30);
    const outputs = [join(place, "a.png"), join(place, "b.png")].map((path) => ({ path, bytes }));
    let written = 0;
    const writeSync = ((file: number, from: Uint8Array, at: number, length: number): number => {
      if (written >= 40) throw Object.assign(new Error("EIO"), { code: "EIO" });
      const count = files.writeSync(file, from, at, Math.min(length, 10));
      written += count;
      return count;
    }) as Disk["writeSync"];
    await expect(writeOutputs(outputs, { disk: { ...files, writeSync } })).rejects.toThrow(
      `Cannot write "${join(place, "b.png")}": the disk failed.`,
    );
    expect(files.readdirSync(place)).toEqual([]);
    await writeOutputs(outputs);
    expect(files.readdirSync(place)).toEqual(["a.png", "b.png"]);
  });

  test("a stop while it is written is heard at once, and leaves nothing behind", async () => {
    for (const slow of ["write", "sync"] as const) {
      const place = empty();
      const stopping = new AbortController();
      const reason = new DOMException("Stopped.", "AbortError");
      const pause = new Int32Array(new SharedArrayBuffer(4));
      let pieces = 0;
      const disk = {
        ...files,
        writeSync: (file: number, bytes: Uint8Array, at: number) => {
          if (slow === "write") Atomics.wait(pause, 0, 0, 10);
          if (++pieces === 5) setTimeout(() => stopping.abort(reason));
          return files.writeSync(file, bytes, at, 1);
        },
        fsync: (file: number, done: (error: Error | null) => void) => {
          setTimeout(() => files.fsync(file, done), slow === "sync" ? 1000 : 0);
        },
      } as unknown as Disk;
      const began = performance.now();
      const writing = writeOutputs([{ path: join(place, "a.png"), bytes: new Uint8Array(1000) }], {
        signal: stopping.signal,
        disk,
      });
      await expect(writing).rejects.toBe(reason);
      expect(performance.now() - began).toBeLessThan(700);
      expect(files.readdirSync(place)).toEqual([]);
    }
  });

  test("a process that ends while it is written takes away what it has begun", async () => {
    const place = empty();
    const before = process.listeners("exit");
    let release = (): void => {};
    const fsync = ((_: number, done: () => void) => {
      release = done;
    }) as unknown as Disk["fsync"];
    const outputs = [{ path: join(place, "a.png"), bytes: new Uint8Array(10) }];
    const writing = writeOutputs(outputs, { disk: { ...files, fsync } });
    expect(files.readdirSync(place)).toHaveLength(1);
    const added = process.listeners("exit").filter((listener) => !before.includes(listener));
    expect(added).toHaveLength(1);
    added[0]?.(0);
    expect(files.readdirSync(place)).toEqual([]);
    release();
    await writing.catch(() => undefined);
    expect(process.listeners("exit")).toEqual(before);
  });

  test.skipIf(!files.existsSync("/dev/full"))("the real command says that a full disk is full", async () => {
    const place = empty();
    files.symlinkSync("/dev/full", join(place, "full.png"));
    const outcome = await underdraw(["map", "canny", map, join(place, "full.png")]);
    expect(outcome.code).toBe(1);
    expect(said(outcome)).toBe(
      `underdraw: Cannot write "${join(place, "full.png")}": the disk is full. Make room on it, or write to another one.`,
    );
    expect(files.readdirSync(place)).toEqual(["full.png"]);
  });
});

describe("a place that cannot be written is refused before any work", () => {
  const draw = ["draw", "--map", map, "--prompt", "x", "--out"];
  test("a missing folder", async () => {
    const outcome = await underdraw([...draw, join(folder, "nowhere", "a.png")]);
    expect(outcome).toMatchObject({ code: 1, stderr: expect.stringContaining("there is no folder") });
  });

  test("a folder in place of a file", async () => {
    const outcome = await underdraw([...draw, folder]);
    expect(outcome).toMatchObject({ code: 1, stderr: expect.stringContaining("it is a folder. Name a file in it") });
  });

  test.each([
    ["EROFS", "the disk can only be read. Write to another one."],
    ["EACCES", "you may not write there. Choose another folder, or change its permissions."],
  ])("one that the disk refuses with %s", (code, reason) => {
    const accessSync = (() => {
      throw Object.assign(new Error(code), { code });
    }) as Disk["accessSync"];
    expect(() => checkOutput("--out", join(folder, "a.png"), undefined, { ...files, accessSync })).toThrow(reason);
  });
});
