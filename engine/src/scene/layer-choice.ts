import { UnderdrawError } from "../core/errors.ts";
import type { Scene } from "../core/scene.ts";
import type { OutlinedShape } from "./outlined.ts";

/**
 * Says of each shape whether it is among the layers that `text` names: names or ids of shapes and groups, parted by
 * commas, capitals or not. All are where it names none. Throws `request-invalid` for a name that the scene does not have.
 */
export function layerChoice(scene: Scene, text: string): (shape: OutlinedShape) => boolean {
  const all = [...scene.shapes, ...(scene.groups ?? [])];
  const wanted = text.trim() === "" ? [] : namesIn(text, all);
  if (wanted.length === 0) return () => true;
  const chosen = new Set<string>();
  const missing: string[] = [];
  for (const name of wanted) {
    // A name that is an id too means that one layer.
    const byId = all.filter(({ id }) => id === name);
    const found = byId.length > 0 ? byId : all.filter((layer) => same(layer.name, name));
    if (found.length === 0) missing.push(name);
    for (const { id } of found) chosen.add(id);
  }
  if (missing.length > 0) throw unknownLayers(missing, all);
  return ({ shape, groups }) => chosen.has(shape.id) || groups.some(({ id }) => chosen.has(id));
}

interface Named {
  readonly id: string;
  readonly name: string;
}

/** The names in a list; one name where a layer is called just so, commas and all. */
function namesIn(text: string, all: readonly Named[]): readonly string[] {
  if (all.some(({ id, name }) => id === text.trim() || same(name, text))) return [text.trim()];
  return text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

function same(one: string, other: string): boolean {
  return one.trim().normalize("NFC").toLowerCase() === other.trim().normalize("NFC").toLowerCase();
}

function unknownLayers(missing: readonly string[], all: readonly Named[]): UnderdrawError<"request-invalid"> {
  const names = [...new Set(all.map(({ name }) => name.trim()).filter((name) => name !== ""))];
  const some = names.slice(0, 12).map((name) => `"${name}"`);
  const rest = names.length > some.length ? ` and ${names.length - some.length} more` : "";
  const has = some.length > 0 ? `It has ${some.join(", ")}${rest}.` : "None of its layers has a name.";
  const message = `the drawing has no layer ${missing.map((name) => `"${name}"`).join(" nor ")}. ${has}`;
  return new UnderdrawError("request-invalid", `The layers cannot be used: ${message}`, {
    issues: [{ path: "layers", message }],
  });
}
