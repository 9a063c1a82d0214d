import * as files from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkOutput, type Disk, writeOutput } from "../../cli/src/output-file.ts";
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
  test("in pieces as small as the disk takes them", () => {
    const path = join(empty(), "a.png");
    const writeSync = ((file: number, bytes: Uint8Array, at: number) =>
      files.writeSync(file, bytes, at, 1)) as Disk["writeSync"];
    writeOutput(path, Uint8Array.of(1, 2, 3), { ...files, writeSync });
    expect([...files.readFileSync(path)]).toEqual([1, 2, 3]);
  });

  test("a full disk leaves nothing behind and what was there before", () => {
    const place = empty();
    const path = join(place, "a.png");
    files.writeFileSync(path, "before");
    expect(() => writeOutput(path, new Uint8Array(100), fullAfter(40))).toThrow(
      expect.objectContaining({
        code: "file-unwritable",
        message: `Cannot write "${path}": the disk is full. Make room on it, or write to another one.`,
      }),
    );
    expect(files.readdirSync(place)).toEqual(["a.png"]);
    expect(files.readFileSync(path, "utf8")).toBe("before");
  });

  test("the bytes reach the disk before the name does", () => {
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
      fsyncSync: noted("sync", files.fsyncSync),
      closeSync: noted("close", files.closeSync),
      renameSync: noted("rename", files.renameSync),
    };
    writeOutput(join(empty(), "a.png"), new Uint8Array(10), watched as unknown as Disk);
    expect(order).toEqual(["open", "write", "sync", "close", "rename"]);
  });

  test("a link stays a link, and the file it leads to is replaced", () => {
    const place = empty();
    files.writeFileSync(join(place, "real.png"), "before");
    files.symlinkSync("real.png", join(place, "link.png"));
    writeOutput(join(place, "link.png"), Buffer.from("after"));
    expect(files.lstatSync(join(place, "link.png")).isSymbolicLink()).toBe(true);
    expect(files.readFileSync(join(place, "real.png"), "utf8")).toBe("after");
    expect(files.readdirSync(place).sort()).toEqual(["link.png", "real.png"]);
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
