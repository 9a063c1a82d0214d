import type { ActionDescriptor, Layer } from "photoshop";
import type { LayerAddress } from "./layer-id.ts";
import { ask, play } from "./play.ts";
import { countParts, joinRecipe, type Property, partProperty, recipeProperty, splitRecipe } from "./recipe-parts.ts";
import { recipeInXmp, withRecipe } from "./recipe-xmp.ts";

// Where recipes are kept: in `generatorSettings`, Photoshop's storage for plugins on a layer, which is saved with the
// document. The descriptors are those of Adobe's generator-core (getGeneratorSettings, setGeneratorSettings). Where a
// Photoshop keeps nothing there, the document's own XMP takes the recipe.

const reference = ({ document, layer }: LayerAddress) => [
  { _ref: "layer", _id: layer },
  { _ref: "document", _id: document },
];

const reading = (address: LayerAddress, property: string): ActionDescriptor => ({
  _obj: "get",
  _target: { _ref: [{ _property: "generatorSettings" }, ...reference(address)] },
  property,
});

/** The text in an answer to `reading`; null when the layer has none. */
function textIn(answer: ActionDescriptor | null): string | null {
  const json: unknown = answer?.["generatorSettings"]?.json;
  return typeof json === "string" && json.length > 0 ? json : null;
}

async function readSettings(address: LayerAddress): Promise<string | null> {
  const [answer = null] = await ask([reading(address, recipeProperty)]);
  const head = textIn(answer);
  if (head === null) return null;
  const count = countParts(head);
  const parts = await ask(Array.from({ length: count }, (_, at) => reading(address, partProperty(at + 1))));
  return joinRecipe(head, parts.map(textIn));
}

async function readXmp(document: number): Promise<string> {
  const _target = { _ref: [{ _property: "XMPMetadataAsUTF8" }, { _ref: "document", _id: document }] };
  const [answer] = await ask([{ _obj: "get", _target }]);
  const xmp: unknown = answer?.["XMPMetadataAsUTF8"];
  return typeof xmp === "string" ? xmp : "";
}

/** The recipe that a layer holds; null for a layer without one, or that is gone. Throws `file-invalid` for a damaged one. */
export async function readRecipe(address: LayerAddress): Promise<string | null> {
  return (await readSettings(address)) ?? recipeInXmp(await readXmp(address.document), address.layer);
}

/** Keeps a recipe with a layer and makes sure that it can be read back. Needs a modal scope. */
export async function writeRecipe(address: LayerAddress, recipe: string): Promise<void> {
  try {
    if (await writeSettings(address, recipe)) return;
  } catch (error) {
    console.warn(error); // a scope that was cancelled says so again in the next call
  }
  const XMPMetadataAsUTF8 = withRecipe(await readXmp(address.document), address.layer, recipe);
  const _target = [
    { _ref: "property", _property: "XMPMetadataAsUTF8" },
    { _ref: "document", _id: address.document },
  ];
  await play([{ _obj: "set", _target, to: { _obj: "document", XMPMetadataAsUTF8 } }]);
  const kept = recipeInXmp(await readXmp(address.document), address.layer);
  if (kept !== recipe) throw new Error("Photoshop did not keep the recipe with the layer");
}

/** The first property comes last: without it there is no recipe, so that a half that was kept misleads nobody. */
async function writeSettings(address: LayerAddress, recipe: string): Promise<boolean> {
  const [head, ...parts] = splitRecipe(recipe);
  const write = (properties: readonly Property[]) =>
    play(
      properties.map(({ property, json }) => ({
        _obj: "set",
        _target: [{ _ref: "property", _property: "generatorSettings" }, ...reference(address)],
        to: { _obj: "generatorSettings", json },
        property,
      })),
    );
  await write(parts);
  const kept = await ask(parts.map(({ property }) => reading(address, property)));
  if (!head || !parts.every(({ json }, at) => textIn(kept[at] ?? null) === json)) return false;
  await write([head]);
  return (await readSettings(address)) === recipe;
}

/** The id of a layer that holds a recipe: the layer itself, or one directly in it when it is a group; null for none. */
export async function layerWithRecipe(document: number, layer: Layer): Promise<number | null> {
  const candidates = [layer, ...(layer.layers ?? [])].map(({ id }) => id);
  const heads = await ask(candidates.map((id) => reading({ document, layer: id }, recipeProperty)));
  const found = candidates.find((_, at) => textIn(heads[at] ?? null) !== null);
  if (found !== undefined) return found;
  const xmp = await readXmp(document);
  return candidates.find((id) => recipeInXmp(xmp, id) !== null) ?? null;
}
