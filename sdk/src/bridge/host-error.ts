import { type ErrorCode, type ErrorDetails, fromWire } from "@underdraw/engine/core";
import * as z from "zod/mini";
import { hostFailed } from "../host/packed.ts";
import type { Call } from "../host/protocol.ts";

const text = z.string();

const failure = z.object({
  name: text,
  message: text,
  code: z.optional(z.string()),
  details: z.optional(z.unknown()),
});

/** What the codes that a host raises carry: whoever reads `details.reason` must find it. */
const details: { readonly [C in ErrorCode]?: z.ZodMiniType<ErrorDetails[C]> } = {
  "host-unsupported": z.object({ host: text, ability: text }),
  "host-denied": z.object({ host: text, permission: text }),
  "host-failed": z.object({ host: text, call: text }),
  "host-busy": z.object({ host: text, owner: z.exactOptional(z.string()) }),
  "selection-unusable": z.object({
    host: text,
    reason: z.enum(["hidden", "empty", "outside", "locked", "too-large"]),
  }),
  "document-changed": z.object({
    host: text,
    change: z.enum(["closed", "switched", "resized", "mode", "source-gone"]),
  }),
  "bridge-closed": z.object({ reason: text }),
  "bridge-protocol": z.object({ got: text }),
  "out-of-memory": z.object({ needed: z.exactOptional(z.number()) }),
  "picture-unreadable": z.object({ file: text, reason: text }),
  "file-invalid": z.object({ file: text, reason: text }),
  "request-invalid": z.object({ issues: z.array(z.object({ path: text, message: text })) }),
  disposed: z.object({ what: text }),
  timeout: z.object({ what: text, limitMs: z.number() }),
};

const unknownDetails = z.catch(z.looseObject({}), {});

/** The most characters of a message that a person is to read. */
const longest = 4_000;

/**
 * The error that a host's call failed with, with its code and details. One whose details are not what its code promises
 * becomes `host-failed` with the same message; a code that is unknown here stays, with no details to rely on.
 */
export function hostError(value: unknown, host: string, call: Call): Error {
  const read = failure.safeParse(value);
  if (!read.success) return hostFailed(host, call, "failed and did not say why.");
  const { name, code } = read.data;
  const message = read.data.message.slice(0, longest);
  if (code === undefined) return fromWire({ name, message });
  const schema: z.ZodMiniType | undefined = Object.hasOwn(details, code) ? details[code as ErrorCode] : undefined;
  const known = (schema ?? unknownDetails).safeParse(read.data.details);
  if (!known.success) return hostFailed(host, call, `failed: ${message}`);
  return fromWire({ name, message, code, details: known.data });
}
