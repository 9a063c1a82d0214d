import { UnderdrawError } from "@underdraw/engine/core";
import { z } from "zod/mini";

// A recipe as the texts that are kept with a layer. Photoshop keeps one text for each property name, and how long one may
// be is written nowhere: parts stay below 32 KiB. They are ASCII, since other characters came back changed in some
// versions.

/** The name under which a layer keeps how many parts its recipe has; the parts are `com.underdraw.1` and so on. */
export const recipeProperty = "com.underdraw";

/** Longest text of one part, in characters. */
const PART = 30_000;

/** More parts than a recipe of the largest size that crosses the bridge can need. */
const MOST = 10_000;

const headSchema = z.object({
  version: z.literal(1),
  parts: z.int().check(z.gte(1), z.lte(MOST)),
  length: z.int().check(z.gte(0)),
});
const partSchema = z.object({ text: z.string() });

/** The name of a part, counted from 1. */
export const partProperty = (part: number): string => `${recipeProperty}.${part}`;

/** One property and its text. */
export interface Property {
  readonly property: string;
  readonly json: string;
}

/** What stands for each UTF-16 unit of a text in JSON's strings, in ASCII. */
function* written(text: string): Generator<string> {
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    const plain = unit >= 0x20 && unit < 0x7f && unit !== 0x22 && unit !== 0x5c;
    yield plain ? (text[at] as string) : `\\u${unit.toString(16).padStart(4, "0")}`;
  }
}

/** A text as a JSON string in ASCII. */
export function asciiJson(text: string): string {
  let json = "";
  for (const unit of written(text)) json += unit;
  return `"${json}"`;
}

/** A recipe as properties; the first says how many there are. */
export function splitRecipe(recipe: string): Property[] {
  const parts: string[] = [];
  let part = "";
  for (const unit of written(recipe)) {
    if (part.length + unit.length > PART) {
      parts.push(part);
      part = "";
    }
    part += unit;
  }
  parts.push(part);
  const head = JSON.stringify({ version: 1, parts: parts.length, length: recipe.length });
  return [
    { property: recipeProperty, json: head },
    ...parts.map((text, at) => ({ property: partProperty(at + 1), json: `{"text":"${text}"}` })),
  ];
}

const damaged = (reason: string): UnderdrawError<"file-invalid"> =>
  new UnderdrawError(
    "file-invalid",
    `The recipe kept with this layer cannot be used: ${reason}. Draw the picture anew.`,
    { file: recipeProperty, reason },
  );

function read<T>(schema: z.ZodMiniType<T>, json: string): T {
  let data: unknown;
  try {
    data = JSON.parse(json);
  } catch {
    throw damaged("it is no JSON");
  }
  const found = schema.safeParse(data);
  if (!found.success) throw damaged("it has another shape than this version of Underdraw writes");
  return found.data;
}

/** How many parts follow the first property. Throws `file-invalid` for a text that is none of ours. */
export function countParts(head: string): number {
  return read(headSchema, head).parts;
}

/** Joins what `splitRecipe` made; null stands for a part that is missing. Throws `file-invalid` for what is damaged. */
export function joinRecipe(head: string, parts: readonly (string | null)[]): string {
  const { length } = read(headSchema, head);
  const recipe = parts
    .map((json, at) => {
      if (json === null) throw damaged(`part ${at + 1} of ${parts.length} is missing`);
      return read(partSchema, json).text;
    })
    .join("");
  if (recipe.length !== length) throw damaged(`it has ${recipe.length} characters instead of ${length}`);
  return recipe;
}
