import { createPixels, type Pixels, type Rect } from "@underdraw/engine/core";
import { writePicture } from "@underdraw/engine/pictures";
import type { EncodedPicture, Picture } from "@underdraw/sdk/host";
import { describe, expect, test } from "vitest";
import { joined, noise } from "./bridge-host.ts";

const file = async (pixels: Pixels, type: "image/png" | "image/jpeg" = "image/png"): Promise<EncodedPicture> => ({
  type,
  bytes: await writePicture(pixels, { format: type === "image/png" ? "png" : "jpeg" }),
});

/** Pixels in rows of RGBA. */
const pixelsOf = (width: number, ...colours: readonly (readonly [number, number, number, number])[]): Pixels => ({
  width,
  height: colours.length / width,
  data: Uint8ClampedArray.from(colours.flat()),
});

/** What a panel gets for what a host gives. */
async function captured(pixels: Picture, maxSide = 4_096, mask?: Picture): Promise<{ pixels: Pixels; mask?: Pixels }> {
  const bounds = { x: 0, y: 0, width: 1, height: 1 };
  const { host } = await joined({ capture: async () => ({ pixels, bounds, ...(mask ? { mask } : {}) }) });
  const capture = await host.capture({ maxSide });
  if (!capture) throw new Error("Nothing was captured.");
  return capture;
}

const stack = async (width: number, height: number, ...parts: readonly [pixels: Pixels, box: Rect][]) =>
  (
    await captured({
      width,
      height,
      parts: await Promise.all(parts.map(async ([pixels, box]) => ({ picture: await file(pixels), box }))),
    })
  ).pixels;

const white = [255, 255, 255, 255] as const;
const black = [0, 0, 0, 255] as const;
const red = [255, 0, 0, 255] as const;
const none = [0, 0, 0, 0] as const;

describe("files", () => {
  test("a PNG file keeps straight alpha to the byte, at an odd size", async () => {
    const pixels = noise(37, 3);
    for (let i = 3; i < pixels.data.length; i += 4) pixels.data[i] = Math.max(1, pixels.data[i] as number);
    expect((await captured(await file(pixels))).pixels).toEqual(pixels);
  });

  test("a mask may be a file where the pixels are none, and must have their size", async () => {
    const [pixels, mask] = [noise(4, 4), pixelsOf(4, ...Array.from({ length: 16 }, () => white))];
    expect((await captured(pixels, 4, await file(mask))).mask).toEqual(mask);
    await expect(captured(pixels, 4, await file(noise(4, 3)))).rejects.toMatchObject({ code: "host-failed" });
  });

  test("a JPEG file is read, and one that is called PNG is not", async () => {
    const gray = pixelsOf(8, ...Array.from({ length: 64 }, () => [128, 128, 128, 255] as const));
    const jpeg = await file(gray, "image/jpeg");
    expect((await captured(jpeg)).pixels).toEqual(gray);
    await expect(captured({ ...jpeg, type: "image/png" })).rejects.toMatchObject({ code: "host-failed" });
  });

  test("a file larger than was asked for, or cut off, is the host's failure", async () => {
    const picture = await file(noise(20, 10));
    await expect(captured(picture, 19)).rejects.toMatchObject({ code: "host-failed" });
    const cut = { ...picture, bytes: picture.bytes.subarray(0, picture.bytes.length / 2) };
    await expect(captured(cut)).rejects.toMatchObject({
      code: "host-failed",
      cause: { code: "picture-unreadable" },
    });
  });
});

describe("a stack", () => {
  test("of nothing is transparent", async () => {
    expect(await stack(3, 2)).toEqual(createPixels(3, 2));
  });

  test("with one part of its size is that part, to the byte", async () => {
    const pixels = noise(16, 16);
    for (let i = 3; i < pixels.data.length; i += 4) pixels.data[i] = Math.max(1, pixels.data[i] as number);
    expect(await stack(16, 16, [pixels, { x: 0, y: 0, width: 16, height: 16 }])).toEqual(pixels);
  });

  test("lays the later over the earlier, and cuts at its edge", async () => {
    const two = { width: 2, height: 2 };
    const square = (colour: typeof red | typeof white) => pixelsOf(2, colour, colour, colour, colour);
    expect(await stack(3, 3, [square(white), { x: -1, y: -1, ...two }], [square(red), { x: 1, y: 1, ...two }])).toEqual(
      pixelsOf(3, white, none, none, none, red, red, none, red, red),
    );
  });

  test("mixes half-transparent colours as source over destination, rounded once", async () => {
    const box = { x: 0, y: 0, width: 1, height: 1 };
    const [lower, upper] = [pixelsOf(1, [10, 200, 30, 100]), pixelsOf(1, [250, 20, 40, 77])];
    const [a, b] = [77 / 255, 100 / 255];
    const alpha = a + b * (1 - a);
    const mixed = (top: number, bottom: number) => Math.round((top * a + bottom * b * (1 - a)) / alpha);
    expect(await stack(1, 1, [lower, box], [upper, box])).toEqual(
      pixelsOf(1, [mixed(250, 10), mixed(20, 200), mixed(40, 30), Math.round(alpha * 255)]),
    );
    // Three faint layers: rounding after each would lose them.
    const faint = pixelsOf(1, [200, 100, 50, 1]);
    expect(await stack(1, 1, [faint, box], [faint, box], [faint, box])).toEqual(pixelsOf(1, [200, 100, 50, 3]));
  });

  test("scales a part down to the mean of what a pixel covers, transparent ones keeping their colour out", async () => {
    const part = pixelsOf(4, white, black, red, none, black, white, none, none);
    expect(await stack(2, 1, [part, { x: 0, y: 0, width: 2, height: 1 }])).toEqual(
      pixelsOf(2, [128, 128, 128, 255], [255, 0, 0, 64]),
    );
  });

  test("scales by a third, and up, without a blur", async () => {
    const three = pixelsOf(3, white, black, white);
    expect(await stack(2, 1, [three, { x: 0, y: 0, width: 2, height: 1 }])).toEqual(
      pixelsOf(2, [170, 170, 170, 255], [170, 170, 170, 255]),
    );
    const two = pixelsOf(2, white, black);
    expect(await stack(4, 2, [two, { x: 0, y: 0, width: 4, height: 2 }])).toEqual(
      pixelsOf(4, white, white, black, black, white, white, black, black),
    );
  });

  test("puts a box that lies between pixels where it lies", async () => {
    const one = pixelsOf(1, red);
    expect(await stack(3, 1, [one, { x: 0.5, y: 0, width: 1, height: 1 }])).toEqual(
      pixelsOf(3, [255, 0, 0, 128], [255, 0, 0, 128], none),
    );
    expect(await stack(1, 1, [one, { x: 0.25, y: 0.25, width: 0.5, height: 0.5 }])).toEqual(
      pixelsOf(1, [255, 0, 0, 64]),
    );
  });

  test("takes boxes far away, tiny and huge", async () => {
    const one = pixelsOf(1, red);
    expect(await stack(2, 1, [one, { x: 1e9, y: 0, width: 1, height: 1 }])).toEqual(createPixels(2, 1));
    expect(await stack(2, 1, [one, { x: -1e12, y: -1e12, width: 2e12, height: 2e12 }])).toEqual(pixelsOf(2, red, red));
    expect(await stack(2, 1, [one, { x: 0, y: 0, width: 1e-9, height: 1e-9 }])).toEqual(createPixels(2, 1));
  });

  test("a part that cannot be read is the host's failure", async () => {
    const broken = { type: "image/png", bytes: new Uint8Array(9) } as const;
    const box = { x: 0, y: 0, width: 1, height: 1 };
    await expect(captured({ width: 1, height: 1, parts: [{ picture: broken, box }] })).rejects.toMatchObject({
      code: "host-failed",
    });
  });
});

test("a stop amid the laying of a large stack ends it with the signal's reason", async () => {
  const picture = await file(noise(64, 64));
  const parts = Array.from({ length: 40 }, () => ({ picture, box: { x: 0, y: 0, width: 1_024, height: 1_024 } }));
  const { host } = await joined({
    capture: async () => ({
      pixels: { width: 1_024, height: 1_024, parts },
      bounds: { x: 0, y: 0, width: 1, height: 1 },
    }),
  });
  const stopping = new AbortController();
  const capture = host.capture({ maxSide: 1_024 }, { signal: stopping.signal });
  setTimeout(() => stopping.abort("enough"), 150);
  await expect(capture).rejects.toBe("enough");
});
