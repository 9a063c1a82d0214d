import type { MapWarning, Warning } from "@underdraw/engine";
import { type ErrorCode, UnderdrawError } from "@underdraw/engine/core";
import { cards, type Topic } from "../words/en-cards.ts";
import type { Card } from "./cards.ts";

// From what the code says to what a person is told. An error's own message, which is for whoever knows the code, comes
// along as the card's detail.

/** True for what somebody stopped on purpose: nothing to tell. */
export function isStop(error: unknown, signal?: AbortSignal): boolean {
  if (signal?.aborted) return true;
  return typeof error === "object" && error !== null && "name" in error && error.name === "AbortError";
}

/** What an error is about, for a person. */
function topicOf(error: unknown): Topic {
  if (UnderdrawError.is(error, "selection-unusable")) return known(`selection-${error.details.reason}`);
  if (UnderdrawError.is(error, "document-changed")) return known(`document-${error.details.change}`);
  if (UnderdrawError.is(error, "worker-crashed"))
    return error.details.again ? "worker-crashed-again" : "worker-crashed";
  return UnderdrawError.is(error) ? known(error.code) : "failed";
}

/** A code of a newer part is not among ours. */
const known = (name: string): Topic => (Object.hasOwn(cards, name) ? (name as Topic) : "failed");

/** Every code that is told under its own name has a card: this does not compile when one is missing. */
type Told = Exclude<ErrorCode, "selection-unusable" | "document-changed" | "worker-crashed">;
type Missing = Exclude<Told, Topic>;
true satisfies [Missing] extends [never] ? true : Missing;

/** Where it helps to do the same once more. */
const passing: ReadonlySet<Topic> = new Set<Topic>([
  ...(["host-busy", "host-failed", "device-lost", "out-of-memory", "runtime-failed", "timeout"] as const),
  ...([
    "worker-crashed",
    "worker-crashed-again",
    "result-not-finite",
    "model-fetch",
    "failed",
    "nothing-selected",
  ] as const),
  ...(["selection-hidden", "selection-empty", "selection-outside", "selection-locked", "selection-too-large"] as const),
  // Not "document-closed": one that is opened again is another one to its editor.
  ...(["document-switched", "document-resized", "document-mode", "document-source-gone"] as const),
]);

/** The card for a failure; `again` is offered where trying again can help. */
export function failureCard(error: unknown, place: Card["place"], again?: () => void): Card {
  const topic = topicOf(error);
  const detail = error instanceof Error || UnderdrawError.is(error) ? error.message : String(error);
  const remedies = again && passing.has(topic) ? [{ word: "again", run: again } as const] : [];
  const mild = topic === "host-busy" || topic.startsWith("selection-");
  return { topic, tone: mild ? "warn" : "bad", place, remedies, ...(detail === "" ? {} : { detail }) };
}

/** The card for something that was ignored or changed. */
export function warningCard(warning: Warning | MapWarning, place: Card["place"]): Card {
  const own = Object.hasOwn(cards, warning.code);
  const detail = warning.remedy === undefined ? warning.message : `${warning.message} ${warning.remedy}`;
  return { topic: own ? (warning.code as Topic) : "noted", tone: "warn", place, detail };
}
