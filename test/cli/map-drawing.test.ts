import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { builtInConditions, canny, drawScene, Engine, lineart } from "@underdraw/engine";
import { readPicture } from "@underdraw/engine/pictures";
import { readSvg } from "@underdraw/engine/svg";
import { describe, expect, test } from "vitest";
import { blockFont } from "../engine/block-font.ts";
import { said, scratch, tinyModel, underdraw } from "./command.ts";
import { pngOf } from "./png.ts";

const folder = scratch();

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const svg = (inside: string, size = 'width="96" height="64"'): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" ${size}>${inside}</svg>`;

const house = svg('<g id="house"><path d="M16 30L48 8L80 30V58H16Z" fill="#c84" stroke="#222" stroke-width="3"/></g>');
const drawing = file("house.svg", house);

const pixelsOf = async (path: string) => (await readPicture(readFileSync(path))).pixels;

describe("a drawing", () => {
  test("is read as it is by a condition of drawings", async () => {
    const out = join(folder, "lines.png");
    const outcome = await underdraw(["map", "lineart", drawing, out]);
    expect([outcome.code, said(outcome)]).toEqual([0, ""]);
    await using engine = new Engine();
    expect(await pixelsOf(out)).toEqual((await engine.extract(lineart(), await readSvg(house))).pixels);
  });

  test("is drawn first, at its own size and on the matte, for a condition of pictures", async () => {
    await using engine = new Engine();
    const drawn = drawScene(await readSvg(house));
    for (const matte of ["black", "white"] as const) {
      const out = join(folder, `canny-${matte}.png`);
      const outcome = await underdraw(["map", "canny", drawing, out, "--matte", matte]);
      expect([outcome.code, said(outcome)]).toEqual([0, ""]);
      const map = await pixelsOf(out);
      expect([map.width, map.height]).toEqual([96, 64]);
      expect(map).toEqual((await engine.extract(canny({ matte }), drawn)).pixels);
      expect(map.data.filter((level) => level === 255).length).toBeGreaterThan(96 * 64 + 300);
    }
  });

  test.each([
    ["480x320", 480, 320],
    ["300", 300, 200],
    ["1000x100", 150, 100],
    ["12x12", 12, 8],
  ])("is drawn as large as fits into --size %s, in its own proportions", async (size, width, height) => {
    const out = join(folder, "sized.png");
    for (const condition of ["lineart", "canny"]) {
      expect((await underdraw(["map", condition, drawing, out, "--size", size])).code).toBe(0);
      const map = await pixelsOf(out);
      expect([map.width, map.height]).toEqual([width, height]);
    }
  });

  test.each([
    ["by its content, whatever its name", "house.png", house],
    [
      "behind a declaration, comments and a document type",
      "a.svg",
      `<?xml version="1.0"?>\n<!-- x -->\n<!DOCTYPE svg>${house}`,
    ],
    [
      "with a prefix",
      "b.svg",
      house
        .replaceAll("<svg ", "<s:svg ")
        .replace("</svg", "</s:svg")
        .replace("xmlns=", "xmlns:s=")
        .replaceAll("<g", "<s:g")
        .replace("</g", "</s:g")
        .replace("<path", "<s:path"),
    ],
    ["in UTF-16", "c.svg", Buffer.from(`\ufeff${house}`, "utf16le")],
    ["packed", "d.svgz", gzipSync(house)],
  ])("is known %s", async (_, name, content) => {
    const out = join(folder, "known.png");
    expect(await underdraw(["map", "lineart", file(name, content), out])).toMatchObject({ code: 0 });
    expect(await pixelsOf(out)).toEqual(await pixelsOf(join(folder, "lines.png")));
  });

  test("tells what of it is not drawn, and that strokes vanish on their ground", async () => {
    const path = file(
      "odd.svg",
      svg(
        '<filter id="f"/><rect width="30" height="30" filter="url(#f)"/><image href="http://example.org/x.png" width="9" height="9"/>',
      ),
    );
    const outcome = await underdraw(["map", "canny", path, join(folder, "odd.png")]);
    expect(outcome.code).toBe(0);
    expect(said(outcome)).toContain(`${path}: Not drawn, or only nearly so: filter, external reference.`);
    expect(said(outcome)).toMatch(/warning: .*--matte white/);
    const { stdout } = await underdraw(["map", "lineart", path, join(folder, "odd.png"), "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ notes: [expect.stringContaining("filter")], width: 96, height: 64 });
  });

  test("has its text as outlines by --font", async () => {
    const path = file("text.svg", svg('<text x="8" y="50" font-family="Blocks" font-size="40">ab</text>'));
    const font = file("blocks.otf", await blockFont("Blocks"));
    const [boxes, letters] = [join(folder, "boxes.png"), join(folder, "letters.png")];
    expect(said(await underdraw(["map", "lineart", path, boxes]))).toContain("text without a font");
    expect(said(await underdraw(["map", "lineart", path, letters, "--font", font]))).toBe("");
    expect(await pixelsOf(letters)).not.toEqual(await pixelsOf(boxes));
  });

  test("with a picture in it shows the picture", async () => {
    const png = Buffer.from(pngOf(16, 16, { colourType: 2, depth: 8 }, (x) => (x < 8 ? 0 : 255))).toString("base64");
    const path = file("photo.svg", svg(`<image width="64" height="64" href="data:image/png;base64,${png}"/>`));
    const out = join(folder, "photo.png");
    expect(said(await underdraw(["map", "canny", path, out]))).toBe("");
    const map = await pixelsOf(out);
    const row = [...Array(64).keys()].filter((x) => map.data[(32 * 96 + x) * 4] === 255);
    expect(row.some((x) => x > 28 && x < 36)).toBe(true);
  });

  test.each([
    ["broken", "<svg xmlns='http://www.w3.org/2000/svg'>\n<g></svg>", /no sound XML \(line 2, column \d+\)/],
    ["of no elements", "<!-- nothing -->", /no elements|no sound XML/],
    ["of another kind", '<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"/>', /is no SVG drawing/],
    ["too large to draw", svg("", 'width="90000" height="90000"'), /8100000000|pixels are most.*--size/],
    ["of no size", svg("", 'width="0" height="9"'), /its width is 0/],
    ["packed and cut off", gzipSync(house).subarray(0, 60), /damaged or cut off/],
  ])("%s is refused in one sentence, with code 1 and no file", async (name, content, words) => {
    const path = file(`bad-${name.replaceAll(" ", "-")}.svg`, content);
    const outcome = await underdraw(["map", "canny", path, join(folder, "never.png")]);
    expect([outcome.code, said(outcome).split("\n").length]).toEqual([1, 1]);
    expect(said(outcome)).toMatch(words);
    expect(said(outcome)).toContain(path);
    expect(readdirSync(folder)).not.toContain("never.png");
  });

  test("becomes a picture by draw --from", async () => {
    const out = join(folder, "drawn.png");
    const outcome = await underdraw([
      ...["draw", "--from", drawing, "--condition", "lineart", "--prompt", "x", "--model", tinyModel.base],
      ...["--net", tinyModel.net, "--steps", "1", "--size", "64x64", "--seed", "1", "--out", out],
      ...["--save-map", join(folder, "saved.png")],
    ]);
    expect(outcome).toMatchObject({ code: 0 });
    expect(await pixelsOf(join(folder, "saved.png"))).toEqual(await pixelsOf(join(folder, "lines.png")));
  });
});

describe("a pose", () => {
  const person = Array.from({ length: 18 }, (_, n) => [20 + (n % 5) * 12, 10 + n * 5, 1]).flat();
  const pose = file(
    "pose.json",
    JSON.stringify({ canvas_width: 100, canvas_height: 120, people: [{ pose_keypoints_2d: person }] }),
  );

  test("is drawn on the canvas that its file names", async () => {
    const out = join(folder, "pose.png");
    expect(await underdraw(["map", "pose", pose, out])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("100x120"),
    });
    expect(new Set((await pixelsOf(out)).data).size).toBeGreaterThan(5);
  });

  test("is drawn at --size where its file tells none, as OpenPose's own do not", async () => {
    const own = file("own.json", JSON.stringify({ version: 1.3, people: [{ pose_keypoints_2d: person }] }));
    const out = join(folder, "own.png");
    const untold = await underdraw(["map", "pose", own, out]);
    expect([untold.code, said(untold)]).toEqual([1, expect.stringContaining("--size")]);
    expect(await underdraw(["map", "pose", own, out, "--size", "100x120"])).toMatchObject({ code: 0 });
    expect(await pixelsOf(out)).toEqual(await pixelsOf(join(folder, "pose.png")));
    expect(await underdraw(["map", "pose", pose, out, "--size", "100x120"])).toMatchObject({ code: 0 });
    const other = await underdraw(["map", "pose", pose, out, "--size", "99x120"]);
    expect([other.code, said(other)]).toEqual([2, expect.stringContaining("its picture is 100x120")]);
  });

  test("that is none is refused, and a picture is no pose", async () => {
    const broken = file("broken.json", '{"people": [');
    expect(await underdraw(["map", "pose", broken, join(folder, "no.png")])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(broken),
    });
    const asked = await underdraw(["map", "pose", drawing, join(folder, "no.png")]);
    expect([asked.code, said(asked)]).toEqual([2, expect.stringContaining("reads a pose, and a drawing was given")]);
    const taken = await underdraw(["map", "canny", pose, join(folder, "no.png")]);
    expect([taken.code, said(taken)]).toEqual([2, expect.stringContaining("a pose was given")]);
  });
});

describe("flags", () => {
  const photo = file(
    "photo.png",
    pngOf(16, 12, { colourType: 2, depth: 8 }, (x) => x * 16),
  );

  test.each([
    [["--size", "32x32"], "--size is for SVG drawings"],
    [["--font", "x.ttf"], "--font is for SVG drawings"],
    [["--model", "x.onnx"], "canny needs no model"],
    [["--sigma", "3"], "--sigma is no option of canny. It has --low"],
    [["--size", "0x5"], "--size must be"],
  ])("%j is refused for a picture and canny", async (flags, words) => {
    const outcome = await underdraw(["map", "canny", photo, join(folder, "no.png"), ...flags]);
    expect([outcome.code, said(outcome)]).toEqual([2, expect.stringContaining(words)]);
  });

  test("of models are by name where there are several", async () => {
    const outcome = await underdraw(["map", "pose-dw", photo, join(folder, "no.png"), "--model", "nose=x.onnx"]);
    expect(said(outcome)).toContain("Write it like detector=PATH,pose=PATH.");
  });

  test("may stand before the condition", async () => {
    const out = join(folder, "before.png");
    expect(await underdraw(["map", "--json", "--low=20", "canny", photo, out])).toMatchObject({ code: 0 });
    expect(await underdraw(["map", "--low", "20", "canny", photo, out])).toMatchObject({ code: 0 });
  });

  test("of each condition are in its own help, and every condition is in the help of map", async () => {
    const { stdout: help } = await underdraw(["map", "--help"]);
    const { stdout: list } = await underdraw(["map", "--list"]);
    for (const { id, title } of builtInConditions) {
      expect(help).toMatch(new RegExp(`^  ${id} +\\S`, "m"));
      expect(list).toContain(`${id}: ${title}`);
      const { code, stdout } = await underdraw(["map", id, "--help"]);
      expect([code, stdout.startsWith(title)]).toEqual([0, true]);
    }
    expect(help.split("\n").length).toBeLessThan(90);
    expect((await underdraw(["help", "map", "canny"])).stdout).toContain("--aperture 3|5|7");
    expect(Math.max(...help.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
  });
});
