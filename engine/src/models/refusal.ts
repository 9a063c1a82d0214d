import { UnderdrawError } from "../core/errors.ts";

/** A name or value from a file, cut and quoted for a message. */
export function quoted(value: unknown, most = 120): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

/** A list of names for a message: the first few, and how many more. */
export function listed(names: readonly string[], most = 4): string {
  const more = names.length - most;
  return names.slice(0, most).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

/** The error for a file that cannot be what it should be. The reason is a clause or sentences without the file's name. */
export function fileInvalid(file: string, reason: string, options?: ErrorOptions): UnderdrawError<"file-invalid"> {
  return new UnderdrawError("file-invalid", `Could not read ${quoted(file)}: ${reason}`, { file, reason }, options);
}

/** The error for a file that ends before the bytes that were asked for. */
export function endsEarly(file: string, size: number, at: number, length: number): UnderdrawError<"file-invalid"> {
  const wanted = `bytes ${at} to ${at + length} were asked for`;
  return fileInvalid(file, `the file ends after ${size} bytes, and ${wanted}. Copy or download it again.`);
}

/** The error for a model whose parts are sound and do not fit what is asked of them. */
export function incompatible(
  id: string,
  problem: string,
  { expected, actual }: { readonly expected: string; readonly actual: string },
  options?: ErrorOptions,
): UnderdrawError<"model-incompatible"> {
  return new UnderdrawError("model-incompatible", `${quoted(id)}: ${problem}`, { id, expected, actual }, options);
}
