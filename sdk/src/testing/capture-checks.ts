import type { Capture } from "../host/adapter.ts";
import {
  captured,
  check,
  type HostCheck,
  hold,
  holdBox,
  holdCode,
  holdPixels,
  inWords,
  layerOf,
  refusal,
  skip,
  withSelection,
} from "./check.ts";
import { confetti, half, quarterColours, quarters, round } from "./sample-picture.ts";

/** Boxes that have tripped editors: odd, thin, a single pixel, at the document's corner. */
const boxes = [
  { x: 10, y: 20, width: 64, height: 48 },
  { x: 3, y: 5, width: 37, height: 23 },
  { x: 7, y: 9, width: 1, height: 1 },
  { x: 11, y: 13, width: 1, height: 50 },
  { x: 0, y: 0, width: 201, height: 3 },
] as const;

/** What `capture` promises. */
export const captureChecks: readonly HostCheck[] = [
  check("gives null when nothing is selected", async (kit) => {
    const nothing = await kit.host.capture({ maxSide: 64 });
    hold(nothing === null, `capture() gave ${nothing && inWords(nothing.bounds)} in an empty document.`);
    await kit.select(quarters(20, 20), { x: 0, y: 0, width: 20, height: 20 });
    await kit.deselect();
    hold((await kit.host.capture({ maxSide: 64 })) === null, "capture() gave something after all was deselected.");
  }),
  check("gives the bounds of what is selected, whole and at any odd size", async (kit) => {
    for (const box of boxes) {
      await kit.select(quarters(box.width, box.height), box);
      const capture = await captured(kit);
      holdBox(capture.bounds, box, "The captured bounds");
      holdSound(capture, 1024);
    }
  }),
  check("rounds bounds that are not whole outward", async (kit) => {
    if (!kit.fractions) skip("This editor has whole units only.");
    await kit.select(quarters(20, 10), { x: 10.25, y: 4.5, width: 20.5, height: 9.25 });
    holdBox((await captured(kit)).bounds, { x: 10, y: 4, width: 21, height: 10 }, "The captured bounds");
  }),
  check("keeps every side within maxSide, and the proportions", async (kit) => {
    for (const box of [...boxes, { x: 2, y: 2, width: 90, height: 201 }]) {
      await kit.select(quarters(box.width, box.height), box);
      for (const maxSide of [1, 16, 63, 150, 1000]) holdSound(await captured(kit, maxSide), maxSide);
    }
  }),
  check("sees what is selected upright and unshifted", async (kit) => {
    const box = { x: 30, y: 12, width: 96, height: 64 };
    await kit.select(quarters(box.width, box.height), box);
    for (const maxSide of [48, 96, 400]) {
      const { pixels } = await captured(kit, maxSide);
      for (const [quarter, colour] of quarterColours.entries()) {
        const x = Math.floor(((quarter % 2) * 0.5 + 0.25) * pixels.width);
        const y = Math.floor(((quarter >> 1) * 0.5 + 0.25) * pixels.height);
        const found = [...pixels.data.subarray(4 * (y * pixels.width + x), 4 * (y * pixels.width + x) + 4)];
        const near = [...colour, 255].every((value, i) => Math.abs(value - (found[i] ?? 0)) <= 8);
        hold(
          near,
          `At ${x}, ${y} of ${pixels.width} x ${pixels.height}: rgb(${colour}) lies there, seen was ${found}.`,
        );
      }
    }
  }),
  check("keeps every pixel of a picture that needs no scaling", async (kit) => {
    const box = { x: 21, y: 17, width: 45, height: 31 };
    const picture = confetti(box.width, box.height);
    await kit.select(picture, box);
    const { pixels } = await captured(kit, 45);
    holdPixels(pixels, picture, "The capture");
  }),
  check("sees transparency as transparency", async (kit) => {
    const box = { x: 8, y: 8, width: 40, height: 30 };
    await kit.select(half(box.width, box.height), box);
    const { pixels, bounds } = await captured(kit, 40);
    // An editor that trims what is empty has the left half alone.
    const share = bounds.width === box.width / 2 ? 1 : 0.5;
    const alphaAt = (part: number) =>
      pixels.data[4 * ((pixels.height >> 1) * pixels.width + Math.floor(part * pixels.width)) + 3];
    hold(alphaAt(share / 2) === 255, `Alpha is ${alphaAt(share / 2)} where the picture is opaque.`);
    if (share < 1) hold(alphaAt(0.75) === 0, `Alpha is ${alphaAt(0.75)} where there is nothing.`);
  }),
  check("changes nothing by capturing, and leaves no step behind", async (kit) => {
    await withSelection(kit);
    const before = await kit.snapshot();
    await captured(kit);
    await captured(kit, 16);
    hold((await kit.snapshot()) === before, "The document is another after capture().");
    await kit.host.place("Contract", [layerOf(confetti(20, 20), { x: 0, y: 0, width: 20, height: 20 })]);
    await captured(kit);
    await kit.undo();
    hold((await kit.snapshot()) === before, "One undo after place() and capture() does not undo the placing.");
  }),
  check("clips a selection that reaches over the canvas", async (kit) => {
    const { canvas } = kit;
    if (!canvas) skip("Documents of this editor have no edge.");
    const picture = confetti(40, 30);
    await kit.select(picture, { x: -10, y: -7, width: 40, height: 30 });
    holdBox((await captured(kit)).bounds, { x: 0, y: 0, width: 30, height: 23 }, "The captured bounds at the corner");
    await kit.select(picture, { x: canvas.width - 13, y: canvas.height - 11, width: 40, height: 30 });
    const box = { x: canvas.width - 13, y: canvas.height - 11, width: 13, height: 11 };
    const { bounds, pixels } = await captured(kit);
    holdBox(bounds, box, "The captured bounds at the far corner");
    if (pixels.width === 13) {
      const seen = [...pixels.data.subarray(0, 4)];
      hold(seen.join() === [...picture.data.subarray(0, 4)].join(), `The clipped capture begins with rgba(${seen}).`);
    }
  }),
  check("gives nothing for a selection off the canvas", async (kit) => {
    const { canvas } = kit;
    if (!canvas) skip("Documents of this editor have no edge.");
    await kit.select(quarters(20, 20), { x: canvas.width + 5, y: 4, width: 20, height: 20 });
    let capture: Capture | null;
    try {
      capture = await kit.host.capture({ maxSide: 64 });
    } catch (error) {
      holdCode(error, "selection-unusable", "capture() of what lies off the canvas");
      return;
    }
    hold(capture === null, `capture() gave ${capture && inWords(capture.bounds)} of what lies off the canvas.`);
  }),
  check("says that what is hidden cannot be seen", async (kit) => {
    if (!kit.hide) skip("The kit cannot hide.");
    await kit.select(quarters(20, 20), { x: 4, y: 4, width: 20, height: 20 });
    await kit.hide();
    const error = await refusal(() => kit.host.capture({ maxSide: 64 }), "capture() of something hidden");
    holdCode(error, "selection-unusable", "capture() of something hidden");
  }),
  check("gives a selected area with its mask, soft edge and all", async (kit) => {
    if (!kit.selectArea) skip("This editor selects no areas.");
    await kit.select(quarters(120, 90), { x: 0, y: 0, width: 120, height: 90 });
    const area = { x: 15, y: 9, width: 61, height: 43 };
    const wanted = round(area.width, area.height);
    await kit.selectArea(area, wanted);
    const { bounds, mask, pixels } = await captured(kit, 61);
    holdBox(bounds, area, "The captured bounds");
    hold(mask !== undefined, "The capture of an area has no mask.");
    hold(pixels.width === 61 && pixels.height === 43, "The capture of an area was scaled without need.");
    for (let i = 3; i < wanted.data.length; i += 4)
      hold(mask.data[i] === wanted.data[i], `The mask is ${mask.data[i]} where ${wanted.data[i]} is selected.`);
    holdSound(await captured(kit, 20), 20);
  }),
];

/** Requires that a capture is what every caller may count on. */
function holdSound({ pixels, bounds, mask }: Capture, maxSide: number): void {
  const { x, y, width, height } = bounds;
  hold([x, y, width, height].every(Number.isInteger), `Bounds should be whole, and are ${inWords(bounds)}.`);
  hold(width >= 1 && height >= 1, `Bounds should have an area, and are ${inWords(bounds)}.`);
  const size = `${pixels.width} x ${pixels.height}`;
  hold(Math.max(pixels.width, pixels.height) <= maxSide, `The capture has ${size} pixels, and maxSide was ${maxSide}.`);
  hold(pixels.width >= 1 && pixels.height >= 1, `The capture has ${size} pixels.`);
  hold(pixels.data.length === 4 * pixels.width * pixels.height, `${size} pixels have ${pixels.data.length} bytes.`);
  const [long, short] = width >= height ? [pixels.width, pixels.height] : [pixels.height, pixels.width];
  const wanted = (long * Math.min(width, height)) / Math.max(width, height);
  const off = Math.abs(short - Math.max(1, wanted));
  hold(off <= 1, `A capture of ${width} x ${height} has other proportions than ${size}.`);
  if (mask) hold(mask.width === pixels.width && mask.height === pixels.height, `The mask's size is not ${size}.`);
}
