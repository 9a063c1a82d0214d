import { type ErrorCode, type ErrorDetails, UnderdrawError } from "./errors.ts";

/** An error as plain data, for a border that drops classes: `postMessage`, JSON. */
export interface WireError {
  /** The class: "UnderdrawError", "AbortError", "TypeError" … */
  readonly name: string;
  readonly message: string;
  /** For an `UnderdrawError`: its code and details. */
  readonly code?: string;
  readonly details?: unknown;
}

/** Anything thrown, as plain data. Stacks and causes stay behind: they may hold what must not cross. */
export function toWire(error: unknown): WireError {
  if (UnderdrawError.is(error)) {
    const { name, message, code, details } = error;
    return { name, message, code, details };
  }
  if (typeof error === "object" && error !== null && "message" in error) {
    const { name, message } = error as { readonly name?: unknown; readonly message: unknown };
    return { name: typeof name === "string" ? name : "Error", message: String(message) };
  }
  return { name: "Error", message: String(error) }; // some hosts reject with a string
}

/** An error that crossed a border, as it was there: codes and details kept. A code that is unknown here stays as it is. */
export function fromWire({ name, message, code, details }: WireError): Error {
  if (code !== undefined) return new UnderdrawError(code as ErrorCode, message, details as ErrorDetails[ErrorCode]);
  if (name === "TypeError") return new TypeError(message);
  if (name === "RangeError") return new RangeError(message);
  return Object.assign(new Error(message), { name });
}
