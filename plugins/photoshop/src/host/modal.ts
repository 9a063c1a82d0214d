import { UnderdrawError } from "@underdraw/engine/core";
import type { StopSignal } from "@underdraw/sdk/host";
import { core, type ExecutionContext } from "photoshop";
import { busy, ownerIn } from "./busy.ts";
import { hostName } from "./identity.ts";
import { stoppedByPerson } from "./play.ts";

/** Seconds to wait for another plugin's modal scope to end. */
const PATIENCE = 3;

/** Photoshop's number for "the host is in a modal state". */
const MODAL_STATE = 9;

/** Ends when our own latest scope has: one that begins inside another would share its state, and hold Photoshop longer. */
let ours: Promise<void> = Promise.resolve();

/** A modal scope that is open. */
export interface ModalScope {
  /** Photoshop's own: neither to be copied nor spread, since its members are live and not enumerable. */
  readonly context: ExecutionContext;
  /** Throws when the person stopped it, or when nobody waits for the answer any more. */
  check(): void;
}

/** How a modal scope is opened. */
export interface ModalOptions {
  /** What is asked for, for messages: "capture". */
  readonly call: "capture" | "place" | "scene";
  /** True for a scope without progress window that hears notifications: for reading. */
  readonly interactive: boolean;
  readonly signal?: StopSignal | undefined;
}

/**
 * Runs a step during which nobody else can change the document: everything in it is held back from the person, so it is
 * to be short. Our own come one after the other. Rejects with `host-busy` when another holds Photoshop, with an AbortError when the person stopped it, with
 * the signal's reason, with what the body threw when that is ours, and otherwise with `host-failed`.
 */
export async function inModal<T>(
  commandName: string,
  body: (scope: ModalScope) => Promise<T>,
  { call, interactive, signal }: ModalOptions,
): Promise<T> {
  let cancelled = false;
  // What Photoshop rejects with is not always the error that was thrown inside.
  const outcome: { done?: { readonly value: T }; thrown?: { readonly error: unknown } } = {};
  const turn = ours;
  let end = (): void => {};
  ours = new Promise((resolve) => {
    end = resolve;
  });
  try {
    await turn;
    if (signal?.aborted) throw signal.reason;
    await core.executeAsModal(
      async (context) => {
        const check = () => {
          cancelled ||= context.isCancelled === true;
          if (cancelled) throw stoppedByPerson();
          if (signal?.aborted) throw signal.reason;
        };
        try {
          check();
          outcome.done = { value: await body({ context, check }) };
        } catch (error) {
          cancelled ||= context.isCancelled === true;
          outcome.thrown = { error };
          throw error;
        }
      },
      { commandName, interactive, timeOut: PATIENCE },
    );
    if (!outcome.done) throw new Error("Photoshop did not do what was asked");
    return outcome.done.value;
  } catch (rejected) {
    const error = outcome.thrown ? outcome.thrown.error : rejected;
    if (signal?.aborted && error === signal.reason) throw error;
    if (cancelled) throw stoppedByPerson();
    throw failureOf(error, call);
  } finally {
    end();
  }
}

/** What is said of a call whose name says nothing. */
const work: Readonly<Record<string, string>> = { scene: "tell its layers", recipe: "read the recipe" };

/** What went wrong, as an error with a code: one that is ours, or that the person caused, stays as it is. */
export function failureOf(error: unknown, call: string): unknown {
  if (UnderdrawError.is(error)) return error;
  const { name, number, message } = (error ?? {}) as { name?: unknown; number?: unknown; message?: unknown };
  if (name === "AbortError") return error;
  const words = typeof message === "string" ? message : String(error);
  if (number === MODAL_STATE) return busy(ownerIn(words), error);
  return new UnderdrawError(
    "host-failed",
    `Photoshop could not ${work[call] ?? call}: ${words.replace(/[.\s]+$/, "")}. Nothing was changed; try again.`,
    { host: hostName, call },
    { cause: error },
  );
}
