import { toWire } from "@underdraw/engine/core";
import * as z from "zod/mini";
import { figmaHost } from "./host.ts";

// What main does for the loader's own page, which is shown while the panel cannot be reached: it reads the selection and
// places a map. Two messages and no more, from a page without an origin.

const called = (name: string) => z.custom<string>((value) => value === name);
const text = (most: number) => z.custom<string>((value) => typeof value === "string" && value.length <= most);
const number = z.custom<number>((value) => Number.isFinite(value));
const id = z.custom<number>((value) => Number.isSafeInteger(value));

const captureAsked = z.object({ loader: called("capture"), id });
const placeAsked = z.object({
  loader: called("place"),
  id,
  name: text(200),
  png: z.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length <= 16 * 2 ** 20),
  bounds: z.object({ x: number, y: number, width: number, height: number }),
  anchor: text(20_000),
});

/** A PNG of this many pixels a side is drawn and looked at within a second on a slow machine. */
const maxSide = 1024;

/** Answers a message of the loader's page with one that carries its id; nothing for what is no such message. */
export async function answerLoader(message: unknown): Promise<object | null> {
  const capture = captureAsked.safeParse(message);
  const place = placeAsked.safeParse(message);
  const asked = capture.data ?? place.data;
  if (!asked) return null;
  const { id } = asked;
  try {
    if (!place.success) return { loader: "captured", id, capture: await figmaHost.capture({ maxSide }) };
    const { name, png, bounds, anchor } = place.data;
    const layers = [{ name, pixels: { type: "image/png", bytes: png } as const, bounds, anchor }];
    return { loader: "placed", id, ids: await figmaHost.place(name, layers) };
  } catch (error) {
    return { loader: "failed", id, error: toWire(error) };
  }
}
