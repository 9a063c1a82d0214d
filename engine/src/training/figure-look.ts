import type { MapWarning } from "../conditions/map-check.ts";
import type { Pixels } from "../core/pixels.ts";
import { flattened, isOpaque } from "../vision/matte.ts";
import { finished } from "../vision/part.ts";
import { silhouette } from "../vision/silhouette.ts";

/** What was seen of a map that should be a white figure on black. */
export interface FigureLook {
  /** `null` where neither map nor picture tells. */
  readonly polarity: "upright" | "inverted" | null;
  readonly warnings: readonly MapWarning[];
}

/** Columns and rows that are looked at. */
const cells = 64;
/** From how many levels between its channels on a pixel has a colour, and of what share of pixels on a map has colours. */
const [colour, coloured] = [64, 0.02];
/** The share of grays from which on a map is no figure of two tones with soft edges. */
const grays = 0.25;
/** How much more of one side must be white than of the other. */
const clearly = 0.25;
/** Smaller parts of a picture than this tell nothing. */
const least = 0.02;

/** Looks at a figure's map beside its picture: white where the picture has its ground is the wrong way round. */
export function lookAtFigure(map: Pixels, picture: Pixels): FigureLook {
  const flat = isOpaque(map) ? map : flattened(map, "black");
  const found = tonesFault(flat);
  if (found !== null) {
    const message = `The map should be a white figure on black, and it ${found}.`;
    const remedy = "If maps and pictures were exchanged, exchange them back.";
    return { polarity: null, warnings: [{ code: "map-other-kind", message, remedy }] };
  }
  const polarity = polarityOfFigure(sampled(flat), sampled(picture));
  if (polarity !== "inverted") return { polarity, warnings: [] };
  const message = "The map looks like a black figure on white; a white figure on black is expected.";
  return { polarity, warnings: [{ code: "map-inverted", message, remedy: "Invert the map." }] };
}

/** Why a map is no figure of two tones, as the end of a sentence; null where it is one. */
function tonesFault({ data }: Pixels): string | null {
  let [colours, between] = [0, 0];
  for (let i = 0; i < data.length; i += 4) {
    const [red, green, blue] = [data[i] as number, data[i + 1] as number, data[i + 2] as number];
    const [low, high] = [Math.min(red, green, blue), Math.max(red, green, blue)];
    if (high - low >= colour) colours++;
    if (high > 47 && low < 208) between++;
  }
  const count = data.length / 4;
  if (colours > coloured * count) return "has colours";
  return between > grays * count ? "has grays all over" : null;
}

function polarityOfFigure(map: Pixels, picture: Pixels): FigureLook["polarity"] {
  const subject = finished(silhouette(picture, { tolerance: 0, area: 4 })).data;
  const white = { subject: 0, ground: 0, frame: 0, all: 0 };
  const count = { subject: 0, ground: 0, frame: 0 };
  for (let at = 0; at < subject.length; at++) {
    const isWhite = (map.data[4 * at + 1] as number) > 127 ? 1 : 0;
    const [x, y] = [at % cells, Math.floor(at / cells)];
    const part = subject[at] ? "subject" : "ground";
    count[part]++;
    white[part] += isWhite;
    white.all += isWhite;
    if (x > 0 && y > 0 && x + 1 < cells && y + 1 < cells) continue;
    count.frame++;
    white.frame += isWhite;
  }
  const frame = white.frame / count.frame;
  const isTold = Math.min(count.subject, count.ground) >= least * subject.length;
  const more = isTold ? white.subject / count.subject - white.ground / count.ground : 0;
  if (more >= clearly) return "upright";
  // A busy picture may be misjudged: then the map's own frame must say the same.
  if (more <= -clearly) return frame > 0.5 ? "inverted" : null;
  // A figure that fills its frame is white there, and no less so inside.
  if (frame >= 0.9 && white.all < 0.9 * subject.length) return "inverted";
  return frame <= 0.5 ? "upright" : null;
}

/** Some pixels of a picture, evenly spread: as many across as down. */
function sampled({ width, height, data }: Pixels): Pixels {
  const found = new Uint8ClampedArray(4 * cells * cells);
  for (let y = 0, to = 0; y < cells; y++)
    for (let x = 0; x < cells; x++, to += 4) {
      // The frame of the picture is that of the sample.
      const [across, down] = [(x * (width - 1)) / (cells - 1), (y * (height - 1)) / (cells - 1)];
      const from = 4 * (Math.round(down) * width + Math.round(across));
      found.set(data.subarray(from, from + 4), to);
    }
  return { width: cells, height: cells, data: found };
}
