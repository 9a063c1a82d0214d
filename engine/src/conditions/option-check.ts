import * as z from "zod/mini";
import { UnderdrawError } from "../core/errors.ts";
import { inWords } from "../wording.ts";

/**
 * Checks options by their schema and fills in defaults. An option that the schema does not know is refused, unless the
 * schema says itself what to do with strangers; so is a number that is none, wherever it stands. Throws
 * `request-invalid` with the path of each wrong option.
 */
export function checkOptions<Options extends z.core.$ZodObject>(
  id: string,
  schema: Options,
  options: unknown,
): z.output<Options> {
  const { def } = schema._zod;
  const strict = def.catchall === undefined ? z.clone(schema, { ...def, catchall: z.never() }) : schema;
  const result = z.safeParse(strict, options, inWords);
  if (result.success) {
    const endless = endlessNumbers(result.data, [id]);
    if (endless.length > 0) throw optionsRefused(id, endless);
    return result.data as z.output<Options>;
  }
  const issues = result.error.issues.flatMap((issue) => {
    if (issue.code !== "unrecognized_keys") return [{ path: [id, ...issue.path].join("."), message: issue.message }];
    const path = [id, ...issue.path];
    return issue.keys.map((key) => ({
      path: [...path, key].join("."),
      message: `there is no such option${issue.path.length > 0 ? "" : `; ${known(schema)}`}`,
    }));
  });
  throw optionsRefused(id, issues, result.error);
}

/** The error for options that a condition does not take. */
export function optionsRefused(
  id: string,
  issues: readonly { readonly path: string; readonly message: string }[],
  cause?: unknown,
): UnderdrawError<"request-invalid"> {
  const list = issues.map(({ path, message }) => `${path}: ${message}`).join("; ");
  const message = `The options of condition "${id}" cannot be used: ${list}.`;
  return new UnderdrawError("request-invalid", message, { issues }, cause === undefined ? {} : { cause });
}

/** A clause that names the options a schema knows. */
export function known(schema: z.core.$ZodObject): string {
  const names = Object.keys(schema._zod.def.shape);
  return names.length > 0 ? `use ${names.join(", ")}` : "this condition has no options";
}

/** Numbers that a loose schema let through though no map can be drawn with them, and that JSON would lose. */
function endlessNumbers(value: unknown, path: readonly string[]): { path: string; message: string }[] {
  if (typeof value === "number" && !Number.isFinite(value))
    return [{ path: path.join("."), message: `${value} is no number that can be used` }];
  // Options are shallow; what lies deeper than this is no option but a knot.
  if (typeof value !== "object" || value === null || path.length > 8) return [];
  return Object.entries(value).flatMap(([key, inner]) => endlessNumbers(inner, [...path, key]));
}
