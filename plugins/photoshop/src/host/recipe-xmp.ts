import { asciiJson } from "./recipe-parts.ts";

// Recipes in a document's XMP, for a Photoshop that keeps no settings of plugins with a layer. Photoshop writes what it is
// given anew: a property comes back as an element or as an attribute. It is found by its name, which holds the layer's id.

const namespace = "https://underdraw.invalid/xmp/1.0/";

const opening = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">`;
const closing = "</rdf:RDF></x:xmpmeta>";

const element = (layer: number): RegExp => new RegExp(`<underdraw:layer${layer}>([^<]*)</underdraw:layer${layer}>`);
const attribute = (layer: number): RegExp => new RegExp(`\\sunderdraw:layer${layer}="([^"]*)"`);

/** The document's XMP with a layer's recipe in it, in place of an older one. */
export function withRecipe(xmp: string, layer: number, recipe: string): string {
  const rest = xmp.replace(element(layer), "").replace(attribute(layer), "");
  // Letters, digits and a few signs only: nothing that XML would read as its own.
  const text = encodeURIComponent(asciiJson(recipe)).replaceAll("'", "%27");
  const own = `<rdf:Description rdf:about="" xmlns:underdraw="${namespace}"><underdraw:layer${layer}>${text}</underdraw:layer${layer}></rdf:Description>`;
  const end = rest.lastIndexOf("</rdf:RDF>");
  return end < 0 ? `${opening}${own}${closing}` : `${rest.slice(0, end)}${own}${rest.slice(end)}`;
}

/** A layer's recipe in the document's XMP; null when there is none, or none that can be read. */
export function recipeInXmp(xmp: string, layer: number): string | null {
  const text = element(layer).exec(xmp)?.[1] ?? attribute(layer).exec(xmp)?.[1];
  if (text === undefined) return null;
  try {
    const recipe: unknown = JSON.parse(decodeURIComponent(text));
    return typeof recipe === "string" ? recipe : null;
  } catch {
    return null;
  }
}
