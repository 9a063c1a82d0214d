import type { Pixels } from "./core/pixels.ts";
import type { PipelineDefaults } from "./engine.ts";
import type { GenerateRequest, Init, Sampler } from "./request.ts";
import { usualInitStrength } from "./request-schema.ts";

// The live variant of a request: the same picture in a few steps.

/** How frames are drawn while a person works. */
export interface LiveSettings {
  /** Steps that a frame executes, 1 to 1000, if the request does not ask for fewer; 4 without it. */
  readonly steps?: number;
  /** The sampler; without it the one that does best in few steps, or the request's own where that needs few by itself. */
  readonly sampler?: Sampler;
  /** Strength of guidance; the request's own without it. At 1 a step costs half. */
  readonly guidance?: number;
  /**
   * What a frame begins with. "sketch": the request's own picture (`init`), noise where it has none. "frame": the frame
   * before it, so that it changes where the map changed and little elsewhere; noise after another prompt, seed or size.
   * "noise": noise alone. Without it "sketch". What a request's mask keeps is the request's own picture in all three.
   */
  readonly from?: "noise" | "sketch" | "frame";
  /** How much of what a frame begins with may change, above 0 to 1: the request's own or 0.6 for "sketch", 0.8 for "frame". */
  readonly strength?: number;
}

/**
 * How much of the frame before may change. What is wrong in a frame lives on in the next, and grows: at 0.6 a drawing burns
 * within a dozen frames (bench/README.md, "Live").
 */
const FRAME_STRENGTH = 0.8;

/** Steps of a frame. */
const STEPS = 4;

/** The sampler of a frame: see bench/README.md, "Live". */
const SAMPLER = "unipc";

/** A schedule of at most this many steps is that of a model that was made for few. */
const FEW = 8;

/** The most steps of a schedule. */
const MOST_STEPS = 1000;

/** The live variant of a request: fewer steps, and what to begin with. `frame` is the one before it, where it is alike. */
export function liveRequest(
  request: GenerateRequest,
  defaults: Pick<PipelineDefaults, "steps">,
  settings: LiveSettings = {},
  frame: Pixels | null = null,
): GenerateRequest {
  const asked = request.steps ?? defaults.steps;
  const { init: own, sampler: _, ...rest } = request;
  const init = beginningOf(own, settings, frame);
  const strength = init?.strength ?? 1;
  const executed = Math.min(settings.steps ?? STEPS, Math.max(1, Math.floor(asked * strength)));
  const sampler = settings.sampler ?? samplerFor(request, asked);
  return {
    ...rest,
    steps: wholeSchedule(executed, strength),
    ...(settings.guidance === undefined ? {} : { guidance: settings.guidance }),
    ...(init ? { init } : {}),
    ...(sampler === undefined ? {} : { sampler }),
  };
}

/** Names and classes of samplers for models that were distilled to few steps. */
const madeForFew: readonly string[] = ["lcm", "LCMScheduler", "tcd", "TCDScheduler"];

/**
 * The sampler of a frame. With few steps the second-order ones come closest to the picture of many; a request whose own
 * steps are few, or whose sampler is made for few, keeps what it has.
 */
function samplerFor({ sampler }: GenerateRequest, asked: number): Sampler | undefined {
  const name = typeof sampler === "object" ? sampler._class_name : sampler;
  return asked <= FEW || madeForFew.includes(name ?? "") ? sampler : SAMPLER;
}

/** What a frame begins with. */
function beginningOf(own: Init | undefined, settings: LiveSettings, frame: Pixels | null): Init | null {
  const { from = "sketch", strength } = settings;
  // What lies outside of a mask must come from the request's own picture, of which frames are copies.
  if (own?.mask) return { ...own, strength: from === "noise" ? 1 : (strength ?? own.strength ?? usualInitStrength) };
  if (from === "sketch" && own) return { ...own, strength: strength ?? own.strength ?? usualInitStrength };
  if (from === "frame" && frame) return { picture: frame, strength: strength ?? FRAME_STRENGTH };
  return null;
}

/** How many steps a schedule has of which the last `executed` are left at a strength. */
function wholeSchedule(executed: number, strength: number): number {
  let steps = Math.max(executed, Math.ceil(executed / strength));
  // A quotient may be rounded below what its product needs.
  while (Math.floor(steps * strength) < executed) steps++;
  return Math.min(MOST_STEPS, steps);
}

/**
 * Whether two values have the same content: pixels by their bytes, what is undefined as if it were absent, a seed as a
 * number and as a BigInt alike. Two equal requests ask for the same picture.
 */
export function sameContent(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one === "bigint" || typeof other === "bigint") return String(one) === String(other);
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  if (one instanceof Uint8ClampedArray && other instanceof Uint8ClampedArray) return sameBytes(one, other);
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  const [here, there] = [one, other] as Record<string, unknown>[];
  for (const name of names) if (!sameContent(here?.[name], there?.[name])) return false;
  return true;
}

/** Whether a frame may begin from that of another request: all but maps, strengths and beginnings is the same. */
export function beginsAlike(one: GenerateRequest, other: GenerateRequest): boolean {
  const without = ({ controls: _, init: __, ...rest }: GenerateRequest) => rest;
  return sameContent(without(one), without(other));
}

function sameBytes(one: Uint8ClampedArray, other: Uint8ClampedArray): boolean {
  if (one.length !== other.length) return false;
  if (one.byteOffset % 4 !== 0 || other.byteOffset % 4 !== 0) return one.every((byte, n) => byte === other[n]);
  // Pixels have four bytes each: whole words, four times as fast.
  const [here, there] = [one, other].map(({ buffer, byteOffset, length }) => {
    return new Uint32Array(buffer, byteOffset, length / 4);
  }) as [Uint32Array, Uint32Array];
  for (let n = 0; n < here.length; n++) if (here[n] !== there[n]) return false;
  return true;
}
