import type { ConditionSource } from "../conditions/condition.ts";
import { UnderdrawError } from "../core/errors.ts";
import type { Pixels } from "../core/pixels.ts";
import { colourCount, resizeMap } from "../vision/resize.ts";
import {
  type Bench,
  type ConditionCheck,
  check,
  drawingCheck,
  hold,
  holdSame,
  inWords,
  refusal,
  skip,
} from "./condition-check.ts";

const sizes = [
  [1, 1],
  [1, 9],
  [9, 1],
  [2, 2],
  [37, 29],
  [64, 48],
] as const;

/** The sizes that every condition is tried at, and what else the kit brings. */
const sources = (bench: Bench): readonly ConditionSource[] => [
  ...sizes.map(([width, height]) => bench.source(width, height)),
  ...(bench.kit.sources ?? []),
];

const at = ({ width }: Pixels, i: number): string => `${(i >> 2) % width}, ${Math.floor((i >> 2) / width)}`;

/** Requires all that is said of a map's values. */
function holdValues(bench: Bench, map: Pixels): void {
  const { values } = bench.kind.convention;
  const { data } = map;
  if (values === "palette") {
    const most = 256;
    hold(colourCount(map, most + 1) <= most, `Its convention says "palette", and a map has more than ${most} colours.`);
  }
  if (values === "rgb" || values === "palette") return;
  for (let i = 0; i < data.length; i += 4) {
    const [red, green, blue] = [data[i], data[i + 1], data[i + 2]];
    hold(
      red === green && red === blue,
      `Its convention says "${values}", and at ${at(map, i)} the map is rgb(${red}, ${green}, ${blue}): all channels should be equal.`,
    );
    hold(
      values !== "binary" || red === 0 || red === 255,
      `Its convention says "binary", and at ${at(map, i)} the map is ${red}, neither 0 nor 255.`,
    );
  }
}

/** What holds of the maps themselves. */
export const mapChecks: readonly ConditionCheck[] = [
  drawingCheck("draws an opaque map as large as its source, at 1x1, 1xN, Nx1 and odd sizes", async (bench) => {
    for (const source of sources(bench)) {
      const { width, height } = source;
      const map = await bench.draw(source);
      hold(
        map.width === width && map.height === height,
        `A source of ${width}x${height} gave a map of ${map.width}x${map.height}.`,
      );
      hold(
        map.data.length === 4 * width * height,
        `A map of ${width}x${height} has ${map.data.length} bytes, not ${4 * width * height}.`,
      );
      for (let i = 3; i < map.data.length; i += 4)
        hold(map.data[i] === 255, `At ${at(map, i)} of ${width}x${height} alpha is ${map.data[i]}, not 255.`);
    }
  }),
  drawingCheck("draws the values that its convention names", async (bench) => {
    for (const source of sources(bench)) holdValues(bench, await bench.draw(source));
  }),
  drawingCheck("leaves a plain source empty, where its lines are white on black", async (bench) => {
    const { values, polarity, display, background } = bench.kind.convention;
    // Of two tones as they are may be areas, which fill a plain source.
    if (polarity !== "white-on-black" || (values !== "soft" && display !== "inverted"))
      skip("Its maps are no lines, white on black.");
    if (Object.keys(bench.kind.models).length > 0) skip("What a model sees in nothing is the model's matter.");
    // What is nothing to one is ink all over to another: one of the three leaves nothing to draw.
    const shares: number[] = [];
    for (const tone of ["gray", "black", "white"] as const) {
      const { data } = await bench.draw(bench.source(64, 48, tone));
      let drawn = 0;
      for (let i = 0; i < data.length; i += 4) if (Math.abs((data[i] as number) - background[0]) > 32) drawn++;
      shares.push((4 * drawn) / data.length);
    }
    const least = Math.min(...shares);
    hold(
      least <= 0.01,
      `Of sources of one tone it draws at least ${Math.round(100 * least)} % that is no ground: its "${values}" map is not white on black, or finds what is not there.`,
    );
  }),
  drawingCheck("gives the same map for the same source and options", async (bench) => {
    const source = bench.source(61, 47);
    const first = await bench.draw(source);
    const before = { ...first, data: first.data.slice() };
    holdSame(await bench.draw(source), before, "The second map of one source is another");
    holdSame(await bench.draw(bench.source(61, 47)), before, "The map of an equal source is another");
    holdSame(first, before, "The first map changed while the second was drawn");
  }),
  drawingCheck("changes nothing in its source, and shares no memory with it", async (bench) => {
    for (const look of ["full", "hidden"] as const) {
      const source = bench.source(40, 30, look);
      const before = structuredClone(source);
      const map = await bench.draw(source);
      if ("data" in source && "data" in before) {
        holdSame(source, before, "The source changed");
        hold(source.data.buffer !== map.data.buffer, "The map lies in the memory of its source.");
        map.data.fill(77);
        holdSame(source, before, "The source changed with its map");
      } else hold(JSON.stringify(source) === JSON.stringify(before), "The source changed.");
    }
  }),
  drawingCheck("never shows a colour that lies hidden under alpha 0", async (bench) => {
    if (bench.kind.reads !== "picture") skip("It reads no pixels.");
    const [one, other] = [bench.source(48, 40, "hidden"), bench.source(48, 40, "hidden-otherwise")];
    holdSame(await bench.draw(one), await bench.draw(other), "What is hidden shows");
  }),
  drawingCheck("draws maps that stay of their kind when they are resized by its rule", async (bench) => {
    const { resize, values } = bench.kind.convention;
    if (values !== "binary" && values !== "palette") skip("Only black and white, and flat colours, can be lost.");
    const map = await bench.draw(bench.source(64, 48));
    const colours = colourCount(map, 257);
    for (const scale of [0.5, 1.5]) {
      const scaled = resizeMap(map, Math.round(64 * scale), Math.round(48 * scale), resize);
      holdValues(bench, scaled);
      const now = colourCount(scaled, 257);
      hold(
        now <= Math.max(colours, 2),
        `Scaled by ${scale} with "${resize}", a map of ${colours} colours has ${now === 257 ? "more than 256" : now}.`,
      );
    }
  }),
  drawingCheck("draws the same where chance takes part, unless the seed is another", async (bench) => {
    if (!bench.kind.convention.random) skip("No chance takes part.");
    hold("seed" in bench.kind.options._zod.def.shape, "Chance takes part, and there is no option named seed.");
    const source = bench.source(64, 48);
    const [one, again, other] = [
      await bench.draw(source, { seed: 1 }),
      await bench.draw(source, { seed: 1 }),
      await bench.draw(source, { seed: 2 }),
    ];
    holdSame(again, one, "The same seed gave another map");
    hold(
      one.data.some((value, i) => value !== other.data[i]),
      "Another seed gave the same map.",
    );
  }),
  drawingCheck("agrees with itself at least as well as chance when its maps are compared", async (bench) => {
    const map = await bench.draw(bench.source(64, 48));
    const { measure, value, chance, better } = await bench.kind.compare(map, map);
    hold(measure !== "", "The measure has no name.");
    hold(
      Number.isFinite(value) && Number.isFinite(chance),
      `By "${measure}" a map agrees with itself by ${value}, and by chance by ${chance}: both are numbers.`,
    );
    hold(
      better === "higher" ? value >= chance : value <= chance,
      `By "${measure}", of which ${better} is better, a map agrees with itself by ${value}, and by chance by ${chance}.`,
    );
  }),
  check("refuses to compare maps of different size, in words", async ({ kind }) => {
    const plain = (width: number): Pixels => ({ width, height: 2, data: new Uint8ClampedArray(8 * width).fill(255) });
    const error = await refusal(() => kind.compare(plain(4), plain(5)), "Comparing maps of 4x2 and 5x2 pixels");
    hold(
      error instanceof RangeError && error.message.includes("4x2") && error.message.includes("5x2"),
      `Maps of 4x2 and 5x2 pixels are refused by a RangeError that names both sizes, not by ${inWords(error)}.`,
    );
  }),
  check("refuses a source that it does not read, in words", async (bench) => {
    const { reads } = bench.kind;
    const strange = reads === "pose" ? { width: 4, height: 4, data: new Uint8ClampedArray(64) } : nobody;
    const error = await refusal(() => bench.draw(strange as ConditionSource), "A source that it does not read");
    hold(
      UnderdrawError.is(error, "request-invalid"),
      `A source that it does not read is refused with "request-invalid", not with ${inWords(error)}.`,
    );
    for (const [width, height] of [
      [0, 0],
      [2.5, 2],
    ] as const) {
      const broken = { ...bench.source(2, 2), width, height } as ConditionSource;
      const refused = await refusal(() => bench.draw(broken), `A source of ${width}x${height}`);
      hold(
        refused instanceof RangeError,
        `A source of ${width}x${height} is refused by a RangeError, not by ${inWords(refused)}.`,
      );
    }
  }),
];

const nobody = { width: 4, height: 4, people: [] };
