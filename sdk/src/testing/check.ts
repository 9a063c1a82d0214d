import { type Pixels, type Rect, UnderdrawError } from "@underdraw/engine/core";
import type { Capture, NewLayer } from "../host/adapter.ts";
import type { HostKit } from "./host-kit.ts";
import { confetti } from "./sample-picture.ts";

/** What came of a check that was not broken: it held, or it could not be asked, and why. */
export type CheckOutcome = "passed" | { readonly skipped: string };

/** One promise that every host adapter keeps. */
export interface HostCheck {
  /** The promise, as a sentence. */
  readonly name: string;
  /** Opens a document and tries the promise on it. Rejects, saying what was found, when it is broken. */
  run(kit: HostKit): Promise<CheckOutcome>;
}

/** Makes a check out of what it tries in a fresh document. */
export function check(name: string, attempt: (kit: HostKit) => Promise<void>): HostCheck {
  return {
    name,
    async run(kit) {
      await kit.open();
      try {
        await attempt(kit);
      } catch (error) {
        if (error instanceof Skipped) return { skipped: error.message };
        throw error;
      }
      return "passed";
    },
  };
}

/** Ends a check that cannot be asked of this host or with this kit. */
export function skip(reason: string): never {
  throw new Skipped(reason);
}

class Skipped extends Error {}

/** Throws when a promise is broken. */
export function hold(condition: boolean, broken: string): asserts condition {
  if (!condition) throw new Error(broken);
}

/** What is selected, which must be something. */
export async function captured(kit: HostKit, maxSide = 1024): Promise<Capture> {
  const capture = await kit.host.capture({ maxSide });
  hold(capture !== null, "capture() gave null though something is selected.");
  return capture;
}

/** Draws something, selects it and captures it: the start of most checks. `seed` gives other pictures at the same place. */
export async function withSelection(kit: HostKit, seed = 1): Promise<Capture> {
  const box = { x: 12, y: 9, width: 53, height: 41 };
  await kit.select(confetti(box.width, box.height, seed), box);
  return captured(kit);
}

/** What a call rejects with, which it must. */
export async function refusal(call: () => Promise<unknown>, what: string): Promise<unknown> {
  let value: unknown;
  try {
    value = await call();
  } catch (error) {
    return error;
  }
  throw new Error(`${what} should reject, and it gave ${inWords(value)}.`);
}

/** True for an error of ours with that code; else says in words what it is. */
export function holdCode(error: unknown, code: "document-changed" | "selection-unusable", what: string): void {
  hold(UnderdrawError.is(error, code), `${what} should reject with "${code}", and rejected with: ${inWords(error)}.`);
}

/** A value in few words, for messages. */
export function inWords(value: unknown): string {
  if (UnderdrawError.is(value)) return `${value.code} (${value.message})`;
  if (value instanceof Error) return `${value.name} (${value.message})`;
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

/** Requires two boxes to be the same. */
export function holdBox(found: Rect, wanted: Rect, what: string): void {
  const text = ({ x, y, width, height }: Rect) => `${width} x ${height} at ${x}, ${y}`;
  hold(text(found) === text(wanted), `${what} should be ${text(wanted)}, and is ${text(found)}.`);
}

/** Requires two pictures to be the same byte for byte; colour under alpha 0 is nobody's business. */
export function holdPixels(found: Pixels, wanted: Pixels, what: string): void {
  hold(
    found.width === wanted.width && found.height === wanted.height,
    `${what} should have ${wanted.width} x ${wanted.height} pixels, and has ${found.width} x ${found.height}.`,
  );
  for (let i = 0; i < wanted.data.length; i += 4) {
    const [is, was] = [pixelAt(found, i), pixelAt(wanted, i)];
    if (is[3] === 0 && was[3] === 0) continue;
    const at = `${(i / 4) % wanted.width}, ${Math.floor(i / 4 / wanted.width)}`;
    hold(is.join() === was.join(), `${what} should be rgba(${was}) at ${at}, and is rgba(${is}).`);
  }
}

const pixelAt = ({ data }: Pixels, i: number) => [...data.subarray(i, i + 4)];

/** A layer to be placed, named after what it is for. */
export const layerOf = (pixels: Pixels, bounds: Rect, more: Partial<NewLayer> = {}): NewLayer => ({
  name: "Contract",
  pixels,
  bounds,
  ...more,
});

/** The part of a layer that says where it belongs: a capture's anchor, where it has one. */
export const anchorOf = ({ anchor }: Capture): Pick<NewLayer, "anchor"> => (anchor === undefined ? {} : { anchor });

/** Waits until something is so. False when it is not within `ms`. */
export async function until(isSo: () => boolean, ms: number): Promise<boolean> {
  const end = Date.now() + ms;
  while (!isSo()) {
    if (Date.now() > end) return false;
    await pause(5);
  }
  return true;
}

/** Lets time pass, in milliseconds. */
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
