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

describe("a map that is stopped ends with 130, at once, and leaves no file and no half of one", () => {
  const large = file(
    "large.png",
    pngOf(2000, 1500, { colourType: 2, depth: 8 }, (x, y) => (Math.imul(x * 2000 + y, 2654435761) >>> 24) & 255),
  );
  test.each([
    ["while it is read", null, 30],
    ["while it is drawn", /looking for canny/, 0],
    ["while it is written", /finishing/, 30],
  ])("%s", async (_, stage, later) => {
    const place = mkdtempSync(join(folder, "stopped-"));
    const stopping = new AbortController();
    let [stoppedAt, seen, longest, last] = [Number.NaN, false, 0, performance.now()];
    const stopLater = (): void => {
      setTimeout(() => {
        stoppedAt = performance.now();
        stopping.abort(new DOMException("Stopped.", "AbortError"));
      }, later);
    };
    if (stage === null) stopLater();
    const timer = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 5);
    const outcome = await underdraw(["map", "canny", large, join(place, "map.png")], {
      signal: stopping.signal,
      onWrite: (text) => {
        if (seen || !stage?.test(text)) return;
        seen = true;
        stopLater();
      },
    }).finally(() => clearInterval(timer));
    expect(outcome).toMatchObject({
      code: 130,
      stderr: expect.stringContaining("underdraw: Stopped. Nothing was written."),
    });
    // 0.2 s on a machine that has nothing else to do.
    expect(Math.max(longest, performance.now() - stoppedAt)).toBeLessThan(1000);
    const shares = [...outcome.stderr.matchAll(/^ *(\d+)% {2}/gm)].map(([, share]) => Number(share));
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(readdirSync(place)).toEqual([]);
  });
});

describe("the files of a condition's models", () => {
  const [hed, teed] = ["hed", "teed"].map((net) => `test/golden/detectors/${net}.safetensors`) as [string, string];
  test.each([
    ["the one that a condition has", "softedge-teed", ["--model", hed], /it is HED, and "teed" has to be/],
    ["the one that is needed", "lineart-realistic", ["--model", hed], /it is HED, and "lineart" has to be/],
    [
      "the one that is needed with an option",
      "lineart-realistic",
      ["--model", hed, "--coarse", "true"],
      /it is HED, and "lineart-coarse" has to be/,
    ],
    [
      "two at once, by name",
      "lineart-realistic",
      ["--model", `lineart-coarse=${teed},lineart=${hed}`],
      /it is HED, and "lineart" has to be/,
    ],
    [
      "two, one after the other",
      "lineart-realistic",
      ["--model", `lineart-coarse=${teed}`, `--model=lineart=${hed}`],
      /it is HED, and "lineart" has to be/,
    ],
  ])("are given as %s", async (_, condition, flags, reason) => {
    const outcome = await underdraw(["map", condition, source, join(folder, "by-net.png"), ...flags]);
    expect(outcome.code).toBe(1);
    expect(said(outcome)).toMatch(reason);
  });

  test.each([
    ["pose-dw", ["--model", hed], `--model "${hed}" names no model of pose-dw. Write it like detector=PATH,pose=PATH.`],
    ["lineart-realistic", ["--model", `${hed},${hed}`], `names no model of lineart-realistic`],
    ["softedge-hed", ["--model", `hde=${hed}`], `names no model of softedge-hed. Write it like hed=PATH.`],
    ["canny", ["--model", hed], "--model has no place here: canny needs no model."],
  ])("are refused by name where it is not clear which is which: %s", async (condition, flags, reason) => {
    const outcome = await underdraw(["map", condition, source, join(folder, "by-net.png"), ...flags]);
    expect(outcome.code).toBe(2);
    expect(said(outcome)).toContain(reason);
  });

  test.each([
    ["depth-model", [], "depth-model", "--model FILE."],
    ["pose-dw", ["--model", `pose=${hed}`], "pose-dw", "--model detector=FILE."],
  ])("are asked for by the flag that gives them: %s", async (_, flags, condition, how) => {
    const outcome = await underdraw(["map", condition, source, join(folder, "by-net.png"), ...flags]);
    expect(outcome.code).toBe(1);
    expect(said(outcome)).toContain(`${condition} looks with a model whose file is missing. It is `);
    expect(said(outcome)).toContain(` can be had at https:`);
    expect(said(outcome)).toMatch(new RegExp(`Give its file with ${how.replaceAll(".", "\\.")}$`));
    expect(said(outcome)).not.toContain("--detector");
  });

  test("by one file without its name draw a map", async () => {
    const out = join(folder, "hed.png");
    expect(await underdraw(["map", "softedge-hed", source, out, "--model", hed])).toMatchObject({ code: 0 });
    const { pixels } = await readPicture(readFileSync(out));
    expect([pixels.width, pixels.height]).toEqual([70, 45]);
  });
});
