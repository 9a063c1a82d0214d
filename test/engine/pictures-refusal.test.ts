import { readFileSync } from "node:fs";
import { UnderdrawError } from "@underdraw/engine";
import { readPicture } from "@underdraw/engine/pictures";
import { expect, test } from "vitest";

const golden = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../golden/pictures/${name}`, import.meta.url)));
const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));

/** Reads what must be refused, and gives the reason. */
async function refusal(bytes: Uint8Array): Promise<string> {
  const error = await readPicture(bytes, { name: "holiday.png" }).catch((caught: unknown) => caught);
  if (!UnderdrawError.is(error, "picture-unreadable")) throw new Error(`It was not refused: ${String(error)}`);
  expect(error.details.file).toBe("holiday.png");
  expect(error.message).toBe(`Cannot read holiday.png: ${error.details.reason}`);
  return error.details.reason;
}

test.each([
  ["\0\0\0\x20ftypavif\0\0\0\0", "AVIF"],
  ["\0\0\0\x18ftypheic\0\0\0\0", "HEIC"],
  ["\0\0\0\x18ftypmif1\0\0\0\0", "HEIC"],
  ["\0\0\0\x18ftypmp42\0\0\0\0", "film"],
  ["II*\0\x08\0\0\0", "TIFF"],
  ["MM\0*\0\0\0\x08", "TIFF"],
  ["8BPS\0\x01", "Photoshop"],
  ["%PDF-1.7", "PDF"],
  ["BM\x46\0\0\0\0\0\0\0", "BMP"],
  ["\xff\x0a\x12", "JPEG XL"],
  ['<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"],
  ["\xef\xbb\xbf<svg width='4'/>", "SVG"],
  ["<!DOCTYPE html><html>", "web page"],
  ["version https://git-lfs.github.com/spec/v1", "Git LFS"],
  ["just some text", "no picture"],
  ["", "empty"],
])("%j is refused by its name", async (start, name) => {
  const reason = await refusal(latin1(start));
  expect(reason).toContain(name);
  // A reason and then what to do.
  expect(reason).toMatch(/\. \S.+\.$/);
});

test("a file cut short is refused, wherever the cut is", async () => {
  for (const name of [
    "kind-6-16-interlaced.png",
    "progressive.jpg",
    "lossless.webp",
    "lossy-alpha.webp",
    "formula.gif",
  ]) {
    const whole = golden(name);
    for (let part = 0; part < 12; part++) {
      const reason = await refusal(whole.subarray(0, Math.floor((whole.length * part) / 12)));
      expect(reason).toMatch(/empty|no picture|cut|damaged|far too little/);
    }
  }
});

test("a PNG whose data was changed says which part is damaged", async () => {
  const bytes = golden("kind-2-8.png");
  const at = bytes.findIndex((_, i) => String.fromCharCode(...bytes.subarray(i, i + 4)) === "IDAT");
  bytes[at + 20] = (bytes[at + 20] ?? 0) ^ 1;
  expect(await refusal(bytes)).toContain("IDAT");
});

test("a PNG that claims 100,000 x 100,000 is refused by the limit before memory is asked for", async () => {
  const before = process.memoryUsage().arrayBuffers;
  const reason = await refusal(png({ width: 100_000, height: 100_000 }));
  expect(reason).toContain("100000 x 100000");
  expect(reason).toContain("134217728 pixels");
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000);
});

test("a PNG within the limit that does not hold what it claims costs no memory either", async () => {
  const before = process.memoryUsage().arrayBuffers;
  expect(await refusal(png({ width: 11_000, height: 11_000 }))).toContain("ends or breaks after 0 %");
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(40_000_000);
});

test("a JPEG, a GIF and a WebP that claim too much are refused by the limit or by their few bytes", async () => {
  const jpeg = golden("baseline.jpg");
  const frame = jpeg.findIndex((_, i) => jpeg[i] === 0xff && jpeg[i + 1] === 0xc0);
  jpeg.set([0xff, 0xdc, 0xff, 0xdc], frame + 5);
  expect(await refusal(jpeg)).toContain("limit");
  jpeg.set([0x27, 0x10, 0x27, 0x10], frame + 5);
  expect(await refusal(jpeg)).toContain("far too little data");
  const gif = golden("formula.gif");
  gif.set([0xff, 0xff, 0xff, 0xff], 6);
  expect(await refusal(gif)).toContain("limit");
  const webp = golden("moving.webp");
  webp.set([0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 24);
  expect(await refusal(webp)).toContain("limit");
});

test("an empty size is refused", async () => {
  expect(await refusal(png({ width: 0, height: 5 }))).toContain("0 x 5");
});

test("a JPEG of inks is refused in words and never shown as a negative", async () => {
  expect(await refusal(golden("inks.jpg"))).toContain("CMYK");
});

test("a JPEG with 12 bits, a lossless one and an arithmetic one are refused in words", async () => {
  const jpeg = golden("baseline.jpg");
  const frame = jpeg.findIndex((_, i) => jpeg[i] === 0xff && jpeg[i + 1] === 0xc0);
  const changed = (at: number, value: number): Uint8Array => {
    const copy = jpeg.slice();
    copy[frame + at] = value;
    return copy;
  };
  expect(await refusal(changed(4, 12))).toContain("12 bits");
  expect(await refusal(changed(1, 0xc3))).toContain("lossless");
  expect(await refusal(changed(1, 0xc9))).toContain("arithmetic");
});

test("a JPEG with a damaged middle is refused, while bytes between its parts are passed over", async () => {
  const jpeg = golden("restarts.jpg");
  const restart = jpeg.findIndex((_, i) => jpeg[i] === 0xff && jpeg[i + 1] === 0xd0);
  const lost = new Uint8Array([...jpeg.subarray(0, restart - 40), ...jpeg.subarray(restart)]);
  expect(await refusal(lost)).toContain("damaged");
  const scan = jpeg.findIndex((_, i) => jpeg[i] === 0xff && jpeg[i + 1] === 0xda);
  const padded = new Uint8Array([...jpeg.subarray(0, scan), 0, 0, 0, ...jpeg.subarray(scan)]);
  expect((await readPicture(padded)).pixels).toEqual((await readPicture(golden("restarts.jpg"))).pixels);
});

test("a decoder that failed does not spoil the next picture", async () => {
  const wanted = await readPicture(golden("progressive.jpg"));
  const cut = golden("progressive.jpg").slice();
  const codes = cut.findIndex((_, i) => cut[i] === 0xff && cut[i + 1] === 0xc4);
  cut.fill(0xff, codes + 5, codes + 20);
  await refusal(cut);
  expect(await readPicture(golden("progressive.jpg"))).toEqual(wanted);
});

test("bytes changed at random end in a picture or in a refusal, never in anything else", async () => {
  let seed = 7;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  for (const name of ["kind-3-4.png", "profile-table-16.png", "subsampled.jpg", "lossy-alpha.webp", "interlaced.gif"]) {
    const whole = golden(name);
    for (let round = 0; round < 25; round++) {
      const bytes = whole.slice();
      for (let change = 0; change < 3; change++) bytes[8 + random(bytes.length - 8)] = random(256);
      await readPicture(bytes).catch((error: unknown) => {
        if (!UnderdrawError.is(error, "picture-unreadable")) throw error;
      });
    }
  }
});

test("a stopped reading rejects with the signal's own reason", async () => {
  const reason = new Error("enough");
  for (const name of ["kind-6-8.png", "baseline.jpg", "lossless.webp", "formula.gif"]) {
    const reading = readPicture(golden(name), { signal: AbortSignal.abort(reason) });
    await expect(reading).rejects.toBe(reason);
  }
});

/** A PNG file of one small IDAT chunk, whatever size it claims. */
function png({ width, height }: { width: number; height: number }): Uint8Array {
  const bytes = golden("kind-2-8.png").slice();
  const view = new DataView(bytes.buffer);
  view.setUint32(16, width);
  view.setUint32(20, height);
  let crc = 0xffffffff;
  for (const byte of bytes.subarray(12, 29)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  view.setUint32(29, ~crc >>> 0);
  return bytes;
}
