import { readPicture } from "@underdraw/engine/pictures";
import { afterEach, describe, expect, test } from "vitest";
import { inPlugin, openBare } from "./bare.ts";
import type { NodePhotoshop } from "./index.ts";
import type { DocumentSpec } from "./specification.ts";

let ps: NodePhotoshop;
afterEach(() => ps.quit());

const box = (left: number, top: number, right: number, bottom: number) => ({ left, top, right, bottom });

async function open(spec: Partial<DocumentSpec> = {}, options: Parameters<typeof openBare>[0] = {}): Promise<void> {
  ps = await openBare(options);
  ps.open({ width: 40, height: 30, layers: [], ...spec });
}

const read = `const read = (options) => modal(async () => {
    const { imageData, sourceBounds, level } = await imaging.getPixels(options);
    const { width, height, components, componentSize, pixelFormat, colorSpace, colorProfile, isChunky } = imageData;
    const data = [...await imageData.getData({ chunky: options.chunky ?? true, fullRange: options.fullRange ?? false })];
    const disposed = imageData.dispose();
    return { sourceBounds, level, width, height, components, componentSize, pixelFormat, colorSpace, colorProfile,
      isChunky, data, disposed };
  });
  const fox = app.activeDocument.layers[0].id;
`;

interface Reading {
  readonly sourceBounds: ReturnType<typeof box>;
  readonly level: number;
  readonly width: number;
  readonly height: number;
  readonly components: number;
  readonly componentSize: number;
  readonly pixelFormat: string;
  readonly colorSpace: string;
  readonly colorProfile: string;
  readonly data: number[];
}

const reading = (options: string) => inPlugin<Reading>(ps, `${read} return read(${options})`);
const refusal = async (code: string): Promise<string | undefined> =>
  (await inPlugin<{ message: string } | null>(ps, `${read} return failure(() => modal(async () => { ${code} }))`))
    ?.message;

const fox = (fill: readonly number[] = [200, 100, 50, 255]) => [{ name: "Fox", bounds: box(10, 8, 20, 14), fill }];

describe("getPixels", () => {
  test("trims to what has pixels and tells the rectangle that it gives", async () => {
    await open({ layers: fox() });
    const all = await reading("{ sourceBounds: { left: 0, top: 0, right: 40, bottom: 30 } }");
    expect(all).toMatchObject({ sourceBounds: box(10, 8, 20, 14), width: 10, height: 6, components: 4, level: 0 });
    const part = await reading("{ layerID: fox, sourceBounds: { left: 15, top: 0, width: 100, height: 10 } }");
    expect(part).toMatchObject({ sourceBounds: box(15, 8, 20, 10), width: 5, height: 2 });
    expect(part.data.slice(0, 4)).toEqual([200, 100, 50, 255]);
  });

  test("gives nothing where nothing is, or throws, as it is told", async () => {
    await open({ layers: fox() });
    expect(await reading("{ sourceBounds: { left: 30, top: 20, right: 40, bottom: 30 } }")).toMatchObject({
      width: 0,
      height: 0,
      data: [],
    });
    await ps.quit();
    await open({ layers: fox() }, { manners: { blank: "throw" } });
    const code = "await imaging.getPixels({ sourceBounds: { left: 30, top: 20, right: 40, bottom: 30 } })";
    expect(await refusal(code)).toContain("no pixels");
  });

  test("trims a layer to its own bounds only, when it is told so", async () => {
    const spec = { layers: [{ name: "Fox", fill: (x: number) => (x < 4 || x > 35 ? [0, 0, 0, 255] : [0, 0, 0, 0]) }] };
    const middle = "{ layerID: fox, sourceBounds: { left: 2, top: 0, right: 20, bottom: 30 } }";
    await open(spec);
    expect((await reading(middle)).sourceBounds).toEqual(box(2, 0, 4, 30));
    await ps.quit();
    await open(spec, { manners: { trim: "layer" } });
    expect((await reading(middle)).sourceBounds).toEqual(box(2, 0, 20, 30));
  });

  test("gives three components of a document with a Background, four without", async () => {
    await open({ layers: [...fox(), { name: "Background", kind: "background", fill: [255, 255, 255] }] });
    expect(await reading("{}")).toMatchObject({ components: 3, pixelFormat: "RGB", width: 40, height: 30 });
    expect(await reading("{ layerID: fox }")).toMatchObject({ components: 4, pixelFormat: "RGBA" });
  });

  test("mattes on white with applyAlpha, and still trims", async () => {
    await open({ layers: fox([0, 0, 0, 51]) });
    const got = await reading("{ applyAlpha: true }");
    expect(got).toMatchObject({ components: 3, sourceBounds: box(10, 8, 20, 14) });
    expect(got.data.slice(0, 3)).toEqual([204, 204, 204]);
  });

  test("keeps the proportions when one side of targetSize is given", async () => {
    await open({ layers: fox() });
    expect(await reading("{ targetSize: { height: 3 } }")).toMatchObject({ width: 5, height: 3 });
  });

  test("answers in the coordinates of a smaller cached picture", async () => {
    await open({
      width: 400,
      height: 400,
      layers: [{ name: "Fox", bounds: box(101, 50, 301, 250), fill: [9, 9, 9, 255] }],
    });
    const got = await reading("{ targetSize: { width: 50, height: 50 } }");
    expect(got).toMatchObject({ level: 2, width: 50, height: 50, sourceBounds: box(25, 12, 76, 63) });
  });

  test("scales the trimmed part to targetSize, so that a whole document's size maps wrongly", async () => {
    await open({ layers: fox() });
    const got = await reading(
      "{ sourceBounds: { left: 0, top: 0, right: 40, bottom: 30 }, targetSize: { width: 40, height: 30 } }",
    );
    expect(got).toMatchObject({ width: 40, height: 30, sourceBounds: box(10, 8, 20, 14) });
    expect(got.data.slice(0, 4)).toEqual([200, 100, 50, 255]);
  });

  test("counts 16 bits to 32768, or to 65535 with fullRange; and gives planes", async () => {
    await open({ depth: 16, layers: fox([255, 128, 0, 255]) });
    expect((await reading("{}")).data.slice(0, 4)).toEqual([32768, 16448, 0, 32768]);
    expect((await reading("{ fullRange: true }")).data.slice(0, 4)).toEqual([65535, 32895, 0, 65535]);
    expect((await reading("{ componentSize: 8 }")).data.slice(0, 4)).toEqual([255, 128, 0, 255]);
    expect((await reading("{ chunky: false }")).data.slice(0, 61)).toEqual([...Array(60).fill(32768), 16448]);
  });

  test("reads the composite through opacity, masks, groups and clipping", async () => {
    const black = [0, 0, 0, 255];
    const background = { name: "Background", kind: "background", fill: [255, 255, 255] } as const;
    await open({
      layers: [
        { name: "Clipped", clipped: true, fill: [255, 0, 0, 255] },
        {
          name: "Group",
          kind: "group",
          layers: [{ name: "Half", opacity: 50, bounds: box(0, 0, 10, 10), fill: black }],
        },
        { name: "Masked", fill: black, mask: { bounds: box(20, 0, 30, 10), fill: 255 } },
        { name: "Hidden", visible: false, fill: black },
        background,
      ],
    });
    const { data } = await reading("{}");
    const at = (x: number, y: number): number[] => data.slice((y * 40 + x) * 3, (y * 40 + x) * 3 + 3);
    expect(at(25, 5)).toEqual([0, 0, 0]);
    expect(at(35, 5)).toEqual([255, 255, 255]);
    // The group lies under what is clipped to it.
    expect(at(5, 5)).toEqual([255, 127, 127]);
    expect(at(25, 25)).toEqual([255, 255, 255]);
  });

  test("reads an earlier state of the history", async () => {
    await open({ layers: fox() });
    ps.paint("Fox", box(10, 8, 20, 14), [0, 0, 0, 255]);
    const state = "app.activeDocument.historyStates[0].id";
    expect((await reading(`{ historyStateID: ${state} }`)).data.slice(0, 3)).toEqual([200, 100, 50]);
    expect((await reading("{}")).data.slice(0, 3)).toEqual([0, 0, 0]);
  });

  test("refuses groups, adjustments, unknown layers, profiles and modes", async () => {
    await open({ layers: [{ name: "Group", kind: "group", layers: [{ name: "Curves", kind: "curves" }] }] });
    expect(await refusal("await imaging.getPixels({ layerID: fox })")).toContain('kind is "group"');
    expect(await refusal("await imaging.getPixels({ layerID: app.activeDocument.layers[0].layers[0].id })")).toContain(
      "curves",
    );
    expect(await refusal("await imaging.getPixels({ layerID: 999 })")).toContain("999");
    expect(await refusal("await imaging.getPixels({ documentID: 999 })")).toContain("999");
    const linear = 'await imaging.getPixels({ colorProfile: "sRGB IEC61966-2.1 (Linear RGB Profile)" })';
    expect(await refusal(linear)).toContain("not known");
    expect(await refusal('await imaging.getPixels({ colorSpace: "CMYK" })')).toContain("CMYK");
    ps.changeMode(ps.document.id, "indexedColorMode");
    expect(await refusal("await imaging.getPixels({})")).toContain("indexedColorMode");
  });
});

describe("colours", () => {
  const srgb = '{ colorSpace: "RGB", colorProfile: "sRGB IEC61966-2.1", componentSize: 8 }';
  // Wanted values were reckoned apart from color.ts, from the chromaticities of each standard under D65.
  test.each([
    ["Display P3", "RGBColorMode", [128, 128, 128], [128, 128, 128]],
    ["Display P3", "RGBColorMode", [200, 100, 50], [215, 93, 31]],
    ["Display P3", "RGBColorMode", [90, 160, 220], [61, 162, 225]],
    ["Adobe RGB (1998)", "RGBColorMode", [128, 128, 128], [129, 129, 129]],
    ["Adobe RGB (1998)", "RGBColorMode", [100, 150, 120], [66, 151, 119]],
    ["None", "RGBColorMode", [12, 34, 56], [12, 34, 56]],
    ["Gray Gamma 2.2", "grayscaleMode", [128], [129, 129, 129]],
    ["Lab D50", "labColorMode", [128, 128, 128], [119, 119, 119]],
  ] as const)("of %s are read as sRGB", async (profile, mode, paint, wanted) => {
    await open({ profile, mode, layers: [{ name: "Fox", fill: [...paint, 255] }] });
    const { data } = await reading(srgb);
    for (const [i, value] of wanted.entries()) expect(Math.abs((data[i] as number) - value)).toBeLessThanOrEqual(1);
    expect(data[3]).toBe(255);
  });

  test("of a press with dot gain are darker, and come back the same", async () => {
    await open({ profile: "Dot Gain 20%", mode: "grayscaleMode", layers: [{ name: "Fox", fill: [128, 255] }] });
    const { data } = await reading(srgb);
    expect(data[0]).toBeLessThan(190);
    const back = await inPlugin(
      ps,
      `${read} return modal(async () => {
        const { imageData } = await imaging.getPixels(${srgb});
        await imaging.putPixels({ layerID: fox, imageData });
        imageData.dispose();
      })`,
    );
    expect(back).toBe(undefined);
    expect(Math.abs((ps.layer("Fox").pixels?.data[0] as number) - 128)).toBeLessThanOrEqual(1);
  });

  test("of CMYK have no space of their own: they are read as RGB", async () => {
    await open({ mode: "CMYKColorMode", layers: [{ name: "Fox", fill: [0, 255, 255, 0, 255] }] });
    expect(await reading("{}")).toMatchObject({ colorSpace: "RGB", components: 4 });
    expect((await reading("{}")).data.slice(0, 4)).toEqual([255, 0, 0, 255]);
  });

  test("of 32 bits are linear", async () => {
    await open({ depth: 32, layers: [{ name: "Fox", fill: [128, 128, 128, 255] }] });
    expect((await reading("{ componentSize: 32 }")).data[0]).toBeCloseTo(0.2158, 3);
    expect(ps.document.profile).toBe("sRGB IEC61966-2.1 (Linear RGB Profile)");
    expect((await reading(srgb)).data.slice(0, 4)).toEqual([128, 128, 128, 255]);
  });
});

const buffer = (width: number, height: number, more = "") => `const image = await imaging.createImageDataFromBuffer(
    new Uint8Array(${width * height * 4}).fill(255),
    { width: ${width}, height: ${height}, components: 4, colorSpace: "RGB", colorProfile: "sRGB IEC61966-2.1" ${more} });`;
const put = (code: string) => inPlugin(ps, `${read} return modal(async () => { ${code} image.dispose(); })`);

describe("putPixels", () => {
  test("replaces all of the layer, unless replace is false", async () => {
    await open({ layers: fox() });
    await put(`${buffer(4, 4)} await imaging.putPixels({ layerID: fox, imageData: image, replace: false });`);
    expect(ps.layer("Fox").bounds).toEqual(box(0, 0, 20, 14));
    await put(`${buffer(4, 4)} await imaging.putPixels({ layerID: fox, imageData: image });`);
    expect(ps.layer("Fox").bounds).toEqual(box(0, 0, 4, 4));
    await put(`${buffer(4, 4)} await imaging.putPixels({ layerID: fox, imageData: image,
      targetBounds: { left: 7, top: 9, width: 100, height: 1 }, commandName: "Mine" });`);
    expect(ps.layer("Fox").bounds).toEqual(box(7, 9, 11, 13));
    expect(ps.history.names).toEqual(["Open", "Put Pixels", "Put Pixels", "Mine"]);
  });

  test("keeps pixels beyond the canvas", async () => {
    await open({ layers: fox() });
    await put(
      `${buffer(4, 4)} await imaging.putPixels({ layerID: fox, imageData: image, targetBounds: { left: -2, top: 28 } });`,
    );
    expect(ps.layer("Fox").bounds).toEqual(box(-2, 28, 2, 32));
  });

  test.each([
    ["group", {}, 'kind "group"'],
    ["text", {}, 'kind "text"'],
    ["smartObject", {}, 'kind "smartObject"'],
    ["curves", {}, 'kind "curves"'],
    ["pixel", { locked: "all" }, "locked"],
    ["pixel", { locked: "pixels" }, "locked"],
    ["pixel", { visible: false }, "hidden"],
  ] as const)("refuses a layer of kind %s, %j", async (kind, more, words) => {
    await open({ layers: [{ name: "Target", kind, ...more }] });
    const before = ps.snapshot();
    const code = `${buffer(1, 1)} try { await imaging.putPixels({ layerID: fox, imageData: image }); } finally { image.dispose(); }`;
    expect(await refusal(code)).toContain(words);
    expect(ps.snapshot()).toBe(before);
  });

  test("refuses what was disposed of, and what never was image data", async () => {
    await open({ layers: fox() });
    const gone = `${buffer(1, 1)} image.dispose(); await imaging.putPixels({ layerID: fox, imageData: image });`;
    expect(await refusal(gone)).toContain("disposed");
    expect(await refusal(`${buffer(1, 1)} image.dispose(); await image.getData();`)).toContain("disposed");
    const never = "await imaging.putPixels({ layerID: fox, imageData: new Uint8Array(4) })";
    expect(await refusal(never)).toContain("PhotoshopImageData");
  });

  test("writes 8 bits into 16, and half ranges and full ones alike", async () => {
    await open({ depth: 16, layers: fox() });
    await put(`${buffer(1, 1)} await imaging.putPixels({ layerID: fox, imageData: image });`);
    expect([...(ps.layer("Fox").pixels?.data ?? [])]).toEqual([32768, 32768, 32768, 32768]);
    const deep = (values: string, more: string) => `const image = await imaging.createImageDataFromBuffer(
      new Uint16Array(${values}), { width: 1, height: 1, components: 4, colorSpace: "RGB", ${more} });
      await imaging.putPixels({ layerID: fox, imageData: image });`;
    await put(deep("[32768, 16384, 0, 32768]", ""));
    expect([...(ps.layer("Fox").pixels?.data ?? [])]).toEqual([32768, 16384, 0, 32768]);
    await put(deep("[65535, 32768, 0, 65535]", "fullRange: true"));
    expect([...(ps.layer("Fox").pixels?.data ?? [])]).toEqual([32768, 16384, 0, 32768]);
  });

  test("refuses RGB in CMYK, or converts it, as it is told", async () => {
    const code = `${buffer(1, 1)} try { await imaging.putPixels({ layerID: fox, imageData: image }); } finally { image.dispose(); }`;
    await open({ mode: "CMYKColorMode" });
    expect(await refusal(code)).toContain("CMYK");
    await ps.quit();
    await open({ mode: "CMYKColorMode" }, { manners: { cmyk: "convert" } });
    expect(await refusal(code)).toBe(undefined);
    expect([...(ps.layer("Layer 1").pixels?.data ?? [])]).toEqual([0, 0, 0, 0, 255]);
  });
});

describe("createImageDataFromBuffer", () => {
  test.each([
    ["new Uint8Array(3)", "{ width: 1, height: 1, components: 4, colorSpace: 'RGB' }", "width * height * components"],
    ["new Uint8Array(4)", "{ width: 1, height: 1, components: 4, colorSpace: 'Grayscale' }", "components"],
    ["new Uint8Array(4)", "{ width: 1, height: 1, components: 4, colorSpace: 'CMYK' }", "colorSpace"],
    ["new Uint8ClampedArray(4)", "{ width: 1, height: 1, components: 4, colorSpace: 'RGB' }", "Uint8Array"],
    ["[1, 2, 3, 4]", "{ width: 1, height: 1, components: 4, colorSpace: 'RGB' }", "Uint8Array"],
    ["new Uint8Array(0)", "{ width: 0, height: 1, components: 4, colorSpace: 'RGB' }", '"width"'],
    [
      "new Float32Array(4)",
      "{ width: 1, height: 1, components: 4, colorSpace: 'RGB', colorProfile: 'sRGB IEC61966-2.1 (Linear RGB Profile)' }",
      "not known",
    ],
  ])("refuses %s with %s", async (array, options, words) => {
    await open();
    expect(await refusal(`await imaging.createImageDataFromBuffer(${array}, ${options})`)).toContain(words);
  });

  test("reads planes", async () => {
    await open();
    await put(`const image = await imaging.createImageDataFromBuffer(new Uint8Array([1, 2, 3, 4, 5, 6, 255, 255]),
      { width: 2, height: 1, components: 4, chunky: false, colorSpace: "RGB" });
      await imaging.putPixels({ layerID: fox, imageData: image });`);
    expect([...(ps.layer("Layer 1").pixels?.data ?? [])]).toEqual([1, 3, 5, 255, 2, 4, 6, 255]);
  });
});

test("encodeImageData writes a JPEG of RGB, and refuses alpha", async () => {
  await open({ layers: [{ name: "Background", kind: "background", fill: [200, 100, 50] }] });
  const code = `const { imageData } = await imaging.getPixels({});
    try { return await imaging.encodeImageData({ imageData, base64: true }); } finally { imageData.dispose(); }`;
  const text = await inPlugin<string>(ps, `return modal(async () => { ${code} })`);
  const { pixels } = await readPicture(Buffer.from(text, "base64"), { name: "encoded.jpg" });
  expect([pixels.width, pixels.height]).toEqual([40, 30]);
  for (const [i, value] of [200, 100, 50].entries())
    expect(Math.abs((pixels.data[i] as number) - value)).toBeLessThan(4);
  ps.open({ width: 4, height: 4, layers: fox() });
  expect(
    await refusal(
      `${buffer(1, 1)} try { await imaging.encodeImageData({ imageData: image }); } finally { image.dispose(); }`,
    ),
  ).toContain("alpha");
});

describe("masks and selections", () => {
  const gray = (profile: string, value = 128) => `const image = await imaging.createImageDataFromBuffer(
    new Uint8Array(6).fill(${value}), { width: 3, height: 2, components: 1, colorSpace: "Grayscale" ${profile} });`;
  const gamma = ', colorProfile: "Gray Gamma 2.2"';

  test("putLayerMask makes a mask, on groups too, and getLayerMask gives it back", async () => {
    await open({ layers: [{ name: "Group", kind: "group", layers: [] }] });
    await put(`${gray(gamma)} await imaging.putLayerMask({ layerID: fox, kind: "user", imageData: image,
      targetBounds: { left: 5, top: 6 } });`);
    expect(ps.layer("Group").mask).toMatchObject({ ...box(5, 6, 8, 8), outside: 0 });
    const code = `return modal(async () => {
      const { imageData, sourceBounds } = await imaging.getLayerMask({ layerID: fox, kind: "user",
        sourceBounds: { left: 4, top: 6, right: 6, bottom: 7 } });
      const data = [...await imageData.getData()];
      imageData.dispose();
      return { data, sourceBounds, components: imageData.components };
    })`;
    expect(await inPlugin(ps, read + code)).toEqual({ data: [0, 128], sourceBounds: box(4, 6, 6, 7), components: 1 });
  });

  test("what is around a new mask's data is hidden, or shown, as it is told", async () => {
    await open({ layers: fox() }, { manners: { maskOutside: 255 } });
    await put(`${gray(gamma, 0)} await imaging.putLayerMask({ layerID: fox, imageData: image });`);
    expect(ps.layer("Fox").mask?.outside).toBe(255);
  });

  test("a mask in another gray profile than the working space's shifts", async () => {
    await open({ layers: fox() }, { manners: { grayProfile: "Dot Gain 20%" } });
    await put(`${gray(gamma)} await imaging.putLayerMask({ layerID: fox, imageData: image });`);
    expect(ps.layer("Fox").mask?.data[0]).not.toBe(128);
    await put(
      `${gray(', colorProfile: "Dot Gain 20%"')} await imaging.putLayerMask({ layerID: fox, imageData: image });`,
    );
    expect(ps.layer("Fox").mask?.data[0]).toBe(128);
  });

  test("a mask takes one component, and the Background none", async () => {
    await open({ layers: [{ name: "Background", kind: "background" }] });
    const four = `${buffer(1, 1)} try { await imaging.putLayerMask({ layerID: fox, imageData: image }); } finally { image.dispose(); }`;
    expect(await refusal(four)).toContain("Background");
    ps.open({ width: 4, height: 4, layers: fox() });
    expect(await refusal(four)).toContain("one gray component");
    expect(await refusal("await imaging.getLayerMask({ layerID: fox })")).toContain("no user mask");
  });

  test("getSelection is soft, trimmed, and nothing without a selection", async () => {
    await open();
    expect(await refusal("await imaging.getSelection({})")).toContain("no selection");
    ps.select({ mask: [0, 10, 255, 0], box: box(3, 4, 7, 5) });
    const code = `return modal(async () => {
      const { imageData, sourceBounds } = await imaging.getSelection({});
      const data = [...await imageData.getData()];
      imageData.dispose();
      return { data, sourceBounds, size: imageData.componentSize };
    })`;
    expect(await inPlugin(ps, code)).toEqual({ data: [10, 255], sourceBounds: box(4, 4, 6, 5), size: 8 });
    ps.open({ width: 10, height: 10, depth: 16 });
    ps.select({ mask: [0, 10, 255, 0], box: box(3, 4, 7, 5) });
    // A selection is as deep as its document.
    expect(await inPlugin(ps, code)).toMatchObject({ data: [1285, 32768], size: 16 });
    ps.quickMask(true);
    expect(await refusal("await imaging.getSelection({})")).toContain("no selection");
    expect(await inPlugin(ps, "return app.activeDocument.selection.bounds")).toBe(null);
  });

  test("putSelection selects", async () => {
    await open();
    await put(
      `${gray(gamma, 77)} await imaging.putSelection({ imageData: image, targetBounds: { left: 2, top: 3 } });`,
    );
    expect(ps.selection).toMatchObject({ ...box(2, 3, 5, 5), data: new Uint8Array(6).fill(77) });
  });
});

test("image data that is not disposed of is counted, and 600 MB are warned about", async () => {
  await open();
  await inPlugin(ps, `return modal(async () => { ${buffer(10, 10)} globalThis.kept = image; })`);
  expect(ps.leaks).toEqual({ handles: 1, bytes: 400 });
  // Kept as getPixels keeps it: a picture whose memory nobody ever touches.
  const { images } = ps.plugin;
  const data = new Uint8Array(6.1e8);
  images.keep(
    { width: 1, height: data.length, channels: 1, depth: 8, data },
    { space: "Grayscale", profile: "", depth: 8 },
  );
  expect(ps.console).toContainEqual({ level: "warn", text: "Plugin memory usage increased to: 610MB." });
});
