/** What each error code carries in `details`. One line a failure: this table is the taxonomy. */
export interface ErrorDetails {
  "webgpu-unavailable": { reason: string };
  "feature-missing": { feature: string };
  "device-lost": { reason: string };
  "out-of-memory": { needed?: number };
  "runtime-failed": { what: string; reason: string };
  timeout: { what: string; limitMs: number };
  "model-unknown": { id: string; known: readonly string[] };
  "model-fetch": { url: string; status?: number };
  "model-integrity": { url: string; expected: string; actual: string };
  "model-incompatible": { id: string; expected: string; actual: string };
  "file-invalid": { file: string; reason: string };
  "weights-not-finite": { file: string; tensor: string };
  "picture-unreadable": { file: string; reason: string };
  "file-unwritable": { file: string; reason: string };
  "storage-full": { needed?: number; free?: number };
  "result-not-finite": { what: string };
  "condition-failed": { condition: string };
  "request-invalid": { issues: readonly { path: string; message: string }[] };
  disposed: { what: string };
  "host-unsupported": { host: string; ability: string };
  "host-denied": { host: string; permission: string };
  "host-failed": { host: string; call: string };
  "host-busy": { host: string; owner?: string };
  "selection-unusable": { host: string; reason: "hidden" | "empty" | "outside" | "locked" | "too-large" };
  "document-changed": { host: string; change: "closed" | "switched" | "resized" | "mode" | "source-gone" };
  "bridge-closed": { reason: string };
  "bridge-protocol": { got: string };
  "worker-crashed": { reason: string; again: boolean };
  "training-data": { issues: readonly { pair: string; problem: string }[] };
  "training-diverged": { step: number; loss: number; checkpoint: string | null };
  "locked-changed": { tensor: string };
}

/** The name of one kind of failure. Names are added in minor versions and taken away only in major ones. */
export type ErrorCode = keyof ErrorDetails;

const marker = Symbol.for("underdraw.error");

/** The one error class of the product: `code` says what failed, `details` with what, `cause` why. */
export class UnderdrawError<C extends ErrorCode = ErrorCode> extends Error {
  override readonly name: string = "UnderdrawError";
  readonly code: C;
  readonly details: ErrorDetails[C];

  constructor(code: C, message: string, details: ErrorDetails[C], options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.details = details;
    Object.defineProperty(this, marker, { value: true });
  }

  /** True for an error of ours, whichever copy or realm it came from; with a code, for that one. */
  static is<C extends ErrorCode>(error: unknown, code?: C): error is UnderdrawError<C> {
    return (
      typeof error === "object" &&
      error !== null &&
      marker in error &&
      (code === undefined || (error as unknown as UnderdrawError).code === code)
    );
  }
}
