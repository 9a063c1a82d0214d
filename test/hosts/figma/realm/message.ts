// What may travel between main and the plugin's window. Both realms use this file.

/**
 * Throws for what Figma's `postMessage` does not carry. Only the words for a symbol are known from Figma itself; those for
 * functions, other binary types and class instances are ours.
 */
export function demandMessage(value: unknown, where = "postMessage"): void {
  const refused = (why: string): Error => new Error(`in ${where}: Cannot unwrap ${why}`);
  const type = typeof value;
  if (type === "symbol" || type === "function" || type === "bigint") throw refused(type);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array || value instanceof Date) return;
  if (Array.isArray(value)) {
    for (const element of value) demandMessage(element, where);
    return;
  }
  const name = Object.prototype.toString.call(value).slice(8, -1);
  if (name !== "Object") throw refused(name);
  for (const entry of Object.values(value)) demandMessage(entry, where);
}
