import { createPixels, type Pixels } from "@underdraw/engine/core";
import { describe, expect, test } from "vitest";
import {
  alphaOf,
  alphaRange,
  bufferOf,
  drawn,
  narrowed,
  pixelsOf,
} from "../../../plugins/photoshop/src/host/raster.ts";

const picture = (width: number, values: readonly number[]): Pixels => ({
  width,
  height: values.length / width / 4,
  data: Uint8ClampedArray.from(values),
});

const gray = (width: number, values: readonly number[], alpha = 255): Pixels =>
  picture(
    width,
    values.flatMap((value) => [value, value, value, alpha]),
  );

describe("samples of Photoshop", () => {
  test("three channels become opaque pixels, four keep their alpha", async () => {
    const rgb = await pixelsOf({ width: 2, height: 1, components: 3, data: Uint8Array.of(1, 2, 3, 4, 5, 6) });
    expect([...rgb.data]).toEqual([1, 2, 3, 255, 4, 5, 6, 255]);
    const rgba = await pixelsOf({ width: 1, height: 1, components: 4, data: Uint8Array.of(1, 2, 3, 4) });
    expect([...rgba.data]).toEqual([1, 2, 3, 4]);
  });

  test("one channel and two become gray pixels", async () => {
    const one = await pixelsOf({ width: 1, height: 1, components: 1, data: Uint8Array.of(7) });
    expect([...one.data]).toEqual([7, 7, 7, 255]);
    const two = await pixelsOf({ width: 1, height: 1, components: 2, data: Uint8Array.of(7, 9) });
    expect([...two.data]).toEqual([7, 7, 7, 9]);
  });

  test("a selection becomes alpha", async () => {
    const mask = await alphaOf({ width: 3, height: 1, components: 1, data: Uint8Array.of(0, 128, 255) });
    expect([...mask.data]).toEqual([0, 0, 0, 0, 0, 0, 0, 128, 0, 0, 0, 255]);
    expect(await alphaRange(mask)).toEqual({ least: 0, most: 255 });
  });

  test("16 and 32 bits become 8, and each of 256 values comes back as it was", () => {
    const all = Array.from({ length: 256 }, (_, value) => value);
    expect([...narrowed(Uint16Array.from(all, (value) => Math.round((value * 32768) / 255)))]).toEqual(all);
    expect([...narrowed(Float32Array.from(all, (value) => value / 255))]).toEqual(all);
    expect([...narrowed(Float32Array.of(-1, 0.5, 7))]).toEqual([0, 128, 255]);
  });

  test("a picture of more rows than one band is whole", async () => {
    const [width, height] = [1200, 700];
    const data = Uint8Array.from({ length: width * height * 3 }, (_, at) => at % 251);
    const pixels = await pixelsOf({ width, height, components: 3, data });
    const wrong = pixels.data.findIndex((value, at) =>
      at % 4 === 3 ? value !== 255 : value !== data[Math.floor(at / 4) * 3 + (at % 4)],
    );
    expect(wrong).toBe(-1);
  });
});

describe("drawing into a box", () => {
  test("a picture that fills the box is the same picture", async () => {
    const source = gray(2, [1, 2, 3, 4]);
    expect(await drawn(source, { x: 0, y: 0, width: 2, height: 2 }, { width: 2, height: 2 })).toBe(source);
  });

  test("a smaller one is padded with nothing, byte for byte", async () => {
    const source = picture(1, [9, 8, 7, 6]);
    const into = await drawn(source, { x: 1, y: 0, width: 1, height: 1 }, { width: 3, height: 1 });
    expect([...into.data]).toEqual([0, 0, 0, 0, 9, 8, 7, 6, 0, 0, 0, 0]);
  });

  test("what reaches over the edge is cut", async () => {
    const source = gray(3, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const into = await drawn(source, { x: -1, y: -2, width: 3, height: 3 }, { width: 2, height: 2 });
    expect([...into.data].filter((_, at) => at % 4 === 0)).toEqual([8, 9, 0, 0]);
    const outside = await drawn(source, { x: 5, y: 0, width: 3, height: 3 }, { width: 2, height: 2 });
    expect(outside).toEqual(createPixels(2, 2));
  });

  test("a picture is halved by a triangle as wide as two of its new pixels", async () => {
    const source = gray(4, [0, 0, 100, 100]);
    const into = await drawn(source, { x: 0, y: 0, width: 2, height: 1 }, { width: 2, height: 1 });
    // A triangle that reaches two pixels: its own pixels weigh 3/7 each, the neighbour's nearer one 1/7.
    expect([...into.data].filter((_, at) => at % 4 === 0)).toEqual([14, 86]);
  });

  test("a single colour stays that colour at any size", async () => {
    for (const [width, height] of [
      [7, 3],
      [1, 9],
      [40, 40],
    ] as const) {
      const source = gray(5, Array(25).fill(77), 200);
      const into = await drawn(source, { x: 0, y: 0, width, height }, { width, height });
      expect(new Set(into.data)).toEqual(new Set([77, 200]));
    }
  });

  test("transparent pixels give no colour away", async () => {
    const source = picture(2, [200, 0, 0, 255, 0, 255, 0, 0]);
    const into = await drawn(source, { x: 0, y: 0, width: 1, height: 1 }, { width: 1, height: 1 });
    expect([...into.data]).toEqual([200, 0, 0, 128]);
  });

  test("a box between pixels leaves what is outside empty", async () => {
    const into = await drawn(gray(1, [50]), { x: 1.5, y: 0, width: 2, height: 1 }, { width: 5, height: 1 });
    expect([...into.data].filter((_, at) => at % 4 === 3)).toEqual([0, 255, 255, 255, 0]);
  });
});

describe("buffers for Photoshop", () => {
  const pixels = picture(2, [0, 128, 255, 1, 2, 3, 4, 254]);

  test("8 bits are the bytes themselves, and a mask is their alpha", async () => {
    expect(await bufferOf(pixels, "rgba", 8)).toEqual(Uint8Array.of(0, 128, 255, 1, 2, 3, 4, 254));
    expect(await bufferOf(pixels, "alpha", 8)).toEqual(Uint8Array.of(1, 254));
  });

  test("16 bits run from 0 to 32768, as Photoshop counts", async () => {
    expect(await bufferOf(pixels, "rgba", 16)).toEqual(Uint16Array.of(0, 16448, 32768, 129, 257, 386, 514, 32639));
    expect(await bufferOf(pixels, "alpha", 16)).toEqual(Uint16Array.of(129, 32639));
  });

  test("each of 256 values comes back from 16 bits as it was", async () => {
    const ramp = gray(
      256,
      Array.from({ length: 256 }, (_, value) => value),
    );
    const buffer = await bufferOf(ramp, "rgba", 16);
    const back = [...buffer].filter((_, at) => at % 4 === 0).map((value) => Math.round((value * 255) / 32768));
    expect(back).toEqual(Array.from({ length: 256 }, (_, value) => value));
  });
});
