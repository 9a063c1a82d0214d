// The checks of values that a plugin gives, and their messages. Figma words them as zod 3 does ("Expected number, received
// string at [0].opacity"); this is a small checker that speaks like it, without being it.

/** A fault: what is wrong, and where in the value. */
export interface Fault {
  readonly message: string;
  readonly path: string;
}

/** Gives the first fault of a value, or null. */
export type Check = (value: unknown, path: string) => Fault | null;

const kindOf = (value: unknown): string => {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return Number.isNaN(value) ? "nan" : typeof value;
};

const fault = (message: string, path: string): Fault => ({ message, path });

const expected = (kind: string, value: unknown, path: string): Fault =>
  fault(value === undefined ? "Required" : `Expected ${kind}, received ${kindOf(value)}`, path);

/** A number from `min` to `max`. */
export const number =
  (min = -Infinity, max = Infinity): Check =>
  (value, path) => {
    if (typeof value !== "number" || Number.isNaN(value)) return expected("number", value, path);
    if (value < min) return fault(`Number must be greater than or equal to ${min}`, path);
    return value > max ? fault(`Number must be less than or equal to ${max}`, path) : null;
  };

/** A whole number from `min` to `max`. */
export const integer =
  (min = -Infinity, max = Infinity): Check =>
  (value, path) =>
    number(min, max)(value, path) ?? (Number.isInteger(value) ? null : fault("Expected integer, received float", path));

/** A text. */
export const string: Check = (value, path) => (typeof value === "string" ? null : expected("string", value, path));

/** True or false. */
export const boolean: Check = (value, path) => (typeof value === "boolean" ? null : expected("boolean", value, path));

const quoted = (values: readonly string[]): string => values.map((value) => `'${value}'`).join(" | ");

/** One of some words. */
export const oneOf =
  (...words: readonly string[]): Check =>
  (value, path) => {
    if (typeof value !== "string") return expected(quoted(words), value, path);
    return words.includes(value)
      ? null
      : fault(`Invalid enum value. Expected ${quoted(words)}, received '${value}'`, path);
  };

/** What `check` takes, or null. */
export const nullable =
  (check: Check): Check =>
  (value, path) =>
    value === null ? null : check(value, path);

/** A list of any length, or of one length. */
export const list =
  (check: Check, length?: number): Check =>
  (value, path) => {
    if (!Array.isArray(value)) return expected("array", value, path);
    if (length !== undefined && value.length !== length) {
      return fault(`Array must contain exactly ${length} element(s)`, path);
    }
    for (const [index, element] of value.entries()) {
      const found = check(element, `${path}[${index}]`);
      if (found) return found;
    }
    return null;
  };

const inside = (path: string, key: string): string => (path === "" ? key : `${path}.${key}`);

/** An object with these keys and no others. */
export const object =
  (required: Readonly<Record<string, Check>>, optional: Readonly<Record<string, Check>> = {}): Check =>
  (value, path) => {
    if (kindOf(value) !== "object") return expected("object", value, path);
    const entries = value as Readonly<Record<string, unknown>>;
    for (const [key, check] of Object.entries(required)) {
      const found = check(entries[key], inside(path, key));
      if (found) return found;
    }
    for (const [key, check] of Object.entries(optional)) {
      const found = entries[key] === undefined ? null : check(entries[key], inside(path, key));
      if (found) return found;
    }
    const strange = Object.keys(entries).filter((key) => !(key in required || key in optional));
    return strange.length === 0
      ? null
      : fault(`Unrecognized key(s) in object: ${strange.map((key) => `'${key}'`).join(", ")}`, path);
  };

/** An object whose `key` says which of several it is. */
export const union =
  (key: string, choices: Readonly<Record<string, Check>>): Check =>
  (value, path) => {
    if (kindOf(value) !== "object") return expected("object", value, path);
    const check = (name: unknown) =>
      typeof name === "string" && Object.hasOwn(choices, name) ? choices[name] : undefined;
    const chosen = check((value as Readonly<Record<string, unknown>>)[key]);
    return chosen
      ? chosen(value, path)
      : fault(`Invalid discriminator value. Expected ${quoted(Object.keys(choices))}`, inside(path, key));
  };

/** Anything of this exact text. */
export const literal =
  (text: string): Check =>
  (value, path) =>
    value === text ? null : fault(`Invalid literal value, expected "${text}"`, path);

/** Anything. */
export const anything: Check = () => null;

/** Throws, in Figma's words, when a value has a fault. */
export function demand(where: string, property: string, check: Check, value: unknown): void {
  const found = check(value, "");
  if (!found) return;
  const at = found.path === "" ? "" : ` at ${found.path}`;
  throw new Error(`in ${where}: Property "${property}" failed validation: ${found.message}${at}`);
}
