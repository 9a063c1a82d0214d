import type { Pixels } from "../core/pixels.ts";
import { broadShare } from "../vision/breadth.ts";
import { flatLook, type MapLook, mapLook, seamLook } from "../vision/map-look.ts";
import { flattened, isOpaque } from "../vision/matte.ts";
import { above } from "../vision/overlap.ts";
import type { Plane } from "../vision/plane.ts";

// What kind of map a person brought. Rules of thumb over what can be counted in a picture: every kind is what its maps
// have and others hardly have. What no rule knows is a photograph, which is what most pictures are. The thresholds were
// set on maps and photographs that are not the project's; `map-kind.test.ts` says how often they err.

/** What a picture looks like, of all that nets read. */
export type SeenKind =
  | "lines"
  | "soft-lines"
  | "areas"
  | "depth"
  | "normal"
  | "pose"
  | "segmentation"
  | "colour-grid"
  | "photograph"
  | "empty";

/** What a map looks like, and how sure that is. */
export interface MapGuess {
  /**
   * `lines`: thin, of two tones; `soft-lines`: thin, in grays; `areas`: of two tones, as a mask; `segmentation`: flat
   * colours; `colour-grid`: squares of one colour each; `photograph`: any other picture.
   */
  readonly kind: SeenKind;
  /** Which end of the scale is the subject. Of depth, where near and far look the same way round, `none`. */
  readonly polarity: "white-on-black" | "black-on-white" | "near-white" | "near-black" | "none";
  /** From 0, a guess, to 1. */
  readonly confidence: number;
  /** What speaks for it, as a clause for a person. */
  readonly why: string;
}

/** How far a number has come from one to another, from 0 to 1. */
const way = (value: number, from: number, to: number): number => Math.min(1, Math.max(0, (value - from) / (to - from)));

const percent = (share: number): string => `${Math.round(100 * share)} %`;

/**
 * Says what kind of map a picture looks like. Transparent pixels count as the black that they become, and as white where
 * nothing could be seen on black.
 */
export function detectMapKind(map: Pixels): MapGuess {
  const pixels = laid(map);
  const look = mapLook(pixels);
  const guess = guessFrom(pixels, look);
  // Few pixels say little of what is in them.
  const sure = way(Math.min(map.width, map.height), 0, 48);
  return { ...guess, confidence: Math.round(100 * guess.confidence * sure) / 100 };
}

function laid(map: Pixels): Pixels {
  if (isOpaque(map)) return map;
  const dark = flattened(map, "black");
  return mapLook(dark).dark > 0.999 ? flattened(map, "white") : dark;
}

function guessFrom(pixels: Pixels, look: MapLook): MapGuess {
  const { coloured, dark } = look;
  const plain = Math.max(...look.levels);
  if (plain > 0.9995 && coloured < 0.0005)
    return { kind: "empty", polarity: "none", confidence: 1, why: "it has one tone all over" };
  const flats = look.still > 0.75 ? flatLook(pixels) : { flat: 0, colours: 0 };
  return (
    normals(look, flats) ??
    grid(pixels, flats) ??
    (coloured > 0.003 && dark > 0.5 ? pose(pixels, look) : null) ??
    (coloured > 0.05 ? classes(look, flats) : coloured > 0.02 ? null : grays(pixels, look)) ?? {
      kind: "photograph",
      polarity: "none",
      confidence: 0.4 + 0.6 * Math.max(way(look.rough, 0.02, 0.15), way(look.tones, 20, 120)),
      why: coloured > 0.02 ? "it has many colours, in no order" : "it has grays with texture",
    }
  );
}

type Flats = ReturnType<typeof flatLook>;

function normals({ unit, facing, dark, coloured }: MapLook, { flat }: Flats): MapGuess | null {
  if (unit < 0.85 || dark > 0.95 || coloured < 0.05) return null;
  // A few flat colours have that length by chance, those of icons among them; surfaces bend.
  if (facing < 0.9 && flat > 0.85) return null;
  const turned = facing < 0.9 ? `, but ${percent(1 - facing)} of them look away` : "";
  return {
    kind: "normal",
    polarity: "none",
    confidence: way(unit, 0.75, 0.95),
    why: `${percent(unit)} of its colours are directions${turned}`,
  };
}

/** Squares of a size: changes lie along a few columns and rows alone, and all along them. */
function grid(pixels: Pixels, { colours, flat }: Flats): MapGuess | null {
  if (flat < 0.9 || colours < 6 || Math.min(pixels.width, pixels.height) < 32) return null;
  const { share, filled } = seamLook(pixels);
  if (share === 0 || share > 1 / 7 || filled < 0.6) return null;
  const why = `its colours change along ${percent(share)} of its columns and rows alone`;
  return {
    kind: "colour-grid",
    polarity: "none",
    confidence: Math.min(way(filled, 0.5, 0.8), way(colours, 0, 12)),
    why,
  };
}

/** Thin figures in full colours on black. */
function pose(pixels: Pixels, { vivid, dark }: MapLook): MapGuess | null {
  if (vivid < 0.7 || dark < 0.6) return null;
  const broad = broadShare(above(pixels, 12), broadness(pixels));
  if (broad > 0.25) return null;
  return {
    kind: "pose",
    polarity: "none",
    confidence: Math.min(way(vivid, 0.5, 0.85), way(dark, 0.5, 0.8), 1 - way(broad, 0, 0.5)),
    why: `thin figures in full colours lie on black, ${percent(dark)} of it empty`,
  };
}

/** The side of a square into which no line fits: 24 pixels on 512, the broadest stroke that scribble nets saw. */
export function broadness({ width, height }: Pixels): number {
  return Math.max(3, Math.round((24 * Math.min(width, height)) / 512) + 1);
}

/** Flat colours, few enough to be classes; also when an encoder or a soft edge has blurred them. */
function classes({ tones, still, rough }: MapLook, { flat, colours }: Flats): MapGuess | null {
  const sharp = flat >= 0.85 && colours <= 200;
  const blurred = tones <= 40 && still >= 0.75 && rough <= 0.25;
  if (!sharp && !blurred) return null;
  const confidence = sharp
    ? Math.min(way(flat, 0.7, 0.95), 1 - 0.5 * way(colours, 60, 200))
    : 0.8 * Math.min(way(still, 0.6, 0.9), 1 - way(tones, 20, 60));
  const why = sharp ? `${percent(flat)} of it is flat, in ${colours} colours` : "it has few colours, with soft edges";
  return { kind: "segmentation", polarity: "none", confidence, why };
}

function grays(pixels: Pixels, look: MapLook): MapGuess | null {
  const { twoTone, rough, bend, dark, levels } = look;
  if (twoTone > 0.96) return twoTones(pixels, look);
  let bright = 0;
  for (let level = 224; level < 256; level++) bright += levels[level] as number;
  const ground = Math.max(dark, bright);
  // What is no ground is nearly all edge where lines are drawn, and hardly any where surfaces are seen.
  const edges = rough / Math.max(1e-6, 1 - ground);
  if (ground > 0.4 && edges > 0.3)
    return {
      kind: "soft-lines",
      polarity: dark >= bright ? "white-on-black" : "black-on-white",
      confidence: Math.min(way(ground, 0.3, 0.6), way(edges, 0.2, 0.5)),
      why: `gray lines lie on ${dark >= bright ? "black" : "white"}, ${percent(ground)} of it empty`,
    };
  // On a small map the same surface bends more from pixel to pixel.
  const bent = bend * way(Math.min(pixels.width, pixels.height), 0, 256);
  if (edges > 0.25 || rough > 0.1 || bent > 0.8) return null;
  return {
    kind: "depth",
    polarity: depthPolarity(pixels),
    // Surfaces end somewhere; what is smooth without any edge may as well be a blurred photograph.
    confidence: Math.min(1 - way(bent, 0.3, 1), 1 - way(rough, 0.06, 0.12), 0.5 + way(rough, 0, 0.002)),
    why: "its grays are smooth, with few hard edges",
  };
}

/** Black and white alone: the tone that is thin is drawn, the other one is the ground. */
function twoTones(pixels: Pixels, { dark }: MapLook): MapGuess {
  const white = above(pixels, 127);
  const black: Plane = { ...white, data: white.data.map((value) => 1 - value) };
  const side = broadness(pixels);
  const [broadWhite, broadBlack] = [broadShare(white, side), broadShare(black, side)];
  const isWhite = Math.abs(broadWhite - broadBlack) > 0.05 ? broadWhite < broadBlack : dark >= 0.5;
  const broad = isWhite ? broadWhite : broadBlack;
  const polarity = isWhite ? "white-on-black" : "black-on-white";
  const said = isWhite ? "white on black" : "black on white";
  if (broad < 0.25)
    return { kind: "lines", polarity, confidence: 1 - 2 * broad, why: `thin strokes lie there, ${said}` };
  return { kind: "areas", polarity, confidence: way(broad, 0.15, 0.5), why: `broad areas lie there, ${said}` };
}

/** The ground in front lies mostly below, and near. */
function depthPolarity({ width, height, data }: Pixels): "near-white" | "near-black" | "none" {
  const third = Math.max(1, Math.floor(height / 3)) * width;
  const total = width * height;
  let [upper, lower] = [0, 0];
  for (let i = 0; i < third; i++) {
    upper += data[4 * i] as number;
    lower += data[4 * (total - 1 - i)] as number;
  }
  const lean = (lower - upper) / third;
  return lean > 16 ? "near-white" : lean < -16 ? "near-black" : "none";
}
