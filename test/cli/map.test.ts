import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { canny, Engine } from "@underdraw/engine";
import { readPicture } from "@underdraw/engine/pictures";
import { describe, expect, test } from "vitest";
import { said, scratch, underdraw } from "./command.ts";
import { house, pngOf } from "./png.ts";

const folder = scratch();

function file(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

const grey = (x: number, y: number): number => (((x >> 3) + (y >> 3)) % 2 === 0 ? 40 : 200);
const source = file("source.png", pngOf(70, 45, { colourType: 2, depth: 8 }, grey));

describe("underdraw map", () => {
  test("writes what the engine draws: opaque, 8 bits, of the source's size", async () => {
    const out = join(folder, "edges.png");
    const outcome = await underdraw(["map", "canny", source, out, "--low", "50", "--high=150", "--l2", "true"]);
    expect(outcome).toMatchObject({ code: 0 });
    expect(outcome.stdout).toMatch(/edges\.png: 70x45, canny, low 50, high 150, l2 true, aperture 3, .*matte black, /);
    const bytes = readFileSync(out);
    // IHDR: width, height, depth, colour type.
    expect([bytes.readUInt32BE(16), bytes.readUInt32BE(20), bytes[24]]).toEqual([70, 45, 8]);
    expect([0, 2]).toContain(bytes[25]);
    await using engine = new Engine();
    const { pixels } = await readPicture(readFileSync(source));
    const wanted = await engine.extract(canny({ low: 50, high: 150, l2: true }), pixels);
    expect((await readPicture(bytes)).pixels).toEqual(wanted.pixels);
    expect(wanted.pixels.data.includes(0) && wanted.pixels.data.filter((level) => level === 255).length > 70 * 45).toBe(
      true,
    );
  });

  test("tells the same as JSON", async () => {
    const { code, stdout } = await underdraw(["map", "canny", source, join(folder, "json.png"), "--json"]);
    expect([code, JSON.parse(stdout)]).toEqual([
      0,
      {
        file: join(folder, "json.png"),
        condition: "canny",
        options: expect.objectContaining({ low: 100, high: 200, l2: false, aperture: 3, matte: "black" }),
        width: 70,
        height: 45,
        warnings: [],
        seconds: expect.any(Number),
      },
    ]);
  });

  test("warns of strokes that the matte swallows, with the flag that helps", async () => {
    const strokes = pngOf(64, 64, { colourType: 6, depth: 8 }, () => 0, house);
    const path = file("strokes.png", strokes);
    const black = await underdraw(["map", "canny", path, join(folder, "black.png")]);
    expect(black).toMatchObject({ code: 0, stderr: expect.stringMatching(/warning: .*--matte white/) });
    const white = await underdraw(["map", "canny", path, join(folder, "white.png"), "--matte", "white"]);
    expect(said(white)).toBe("");
    expect(
      (await readPicture(readFileSync(join(folder, "white.png")))).pixels.data.filter((v) => v === 0).length,
    ).toBeGreaterThan(0);
  });

  test("lists the conditions with their options", async () => {
    const { code, stdout } = await underdraw(["map", "--list"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^canny: .*\n {2}Reads a picture\. .*\n {2}--low {2}number, 0 or more \(100\)/);
    const { stdout: json } = await underdraw(["map", "--list", "--json"]);
    expect(JSON.parse(json)).toContainEqual(expect.objectContaining({ id: "canny", nets: ["canny", "lines"] }));
  });
});

describe("pictures that cannot be read", () => {
  const whole = pngOf(70, 45, { colourType: 2, depth: 8 }, grey);
  test.each([
    ["missing", "nowhere.png", "there is no such file. Check the path."],
    ["a folder", ".", "it is a folder. Name a picture in it."],
    ["empty", file("empty.png", new Uint8Array()), "the file is empty"],
    ["no picture", file("words.png", Buffer.from("words")), "it is no picture that is known here"],
    ["a PDF", file("page.png", Buffer.from("%PDF-1.7 …")), "it is a PDF document"],
    ["cut in its pixels", file("cut.png", whole.subarray(0, whole.length - 40)), "Cannot read"],
    ["cut in its header", file("head.png", whole.subarray(0, 20)), "Cannot read"],
  ])("%s: told in one sentence with the file's name, code 1, no file", async (_, path, reason) => {
    const place = mkdtempSync(join(folder, "out-"));
    for (const argv of [
      ["map", "canny", path, join(place, "map.png")],
      ["draw", "--map", path, "--prompt", "x", "--out", join(place, "picture.png")],
      ["draw", "--from", path, "--condition", "canny", "--prompt", "x", "--out", join(place, "picture.png")],
    ]) {
      const outcome = await underdraw(argv);
      expect(outcome.code).toBe(1);
      expect(said(outcome)).toContain(reason);
      expect(said(outcome)).toContain(path);
      expect(said(outcome).split("\n")).toHaveLength(1);
    }
    expect(readdirSync(place)).toEqual([]);
  });
});

test("a map that is stopped ends with 130 and writes nothing", async () => {
  const stopping = new AbortController();
  const large = file(
    "large.png",
    pngOf(1500, 1500, { colourType: 0, depth: 8 }, (x, y) => (x * y) % 256),
  );
  const out = join(folder, "stopped.png");
  const outcome = await underdraw(["map", "canny", large, out], {
    signal: stopping.signal,
    onWrite: () => stopping.abort(new DOMException("Stopped.", "AbortError")),
  });
  expect(outcome).toMatchObject({
    code: 130,
    stderr: expect.stringContaining("underdraw: Stopped. Nothing was written."),
  });
  expect(readdirSync(folder)).not.toContain("stopped.png");
});
