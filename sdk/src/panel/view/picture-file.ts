import { formatRecipe, recipeKeyword } from "@underdraw/engine";
import { type Pixels, UnderdrawError } from "@underdraw/engine/core";
import type { Drawn } from "../../session/session.ts";
import { withText } from "./png-text.ts";

/** The longest side of an example, in pixels: larger ones are scaled down. */
const longest = 1024;

/**
 * Reads an example's picture from its address, through an image element: that works where a page may not fetch. Rejects
 * with `picture-unreadable` when there is no picture.
 */
export async function readExample(address: string | URL): Promise<Pixels> {
  const image = new Image();
  const { protocol, origin } = new URL(String(address), document.baseURI);
  // Else a canvas would not give the pixels back. Other schemes know no such request.
  if (/^https?:$/.test(protocol) && origin !== location.origin) image.crossOrigin = "anonymous";
  image.src = String(address);
  const file = String(address).slice(0, 200);
  try {
    await image.decode();
    const scale = Math.min(1, longest / Math.max(image.naturalWidth, image.naturalHeight));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(image.naturalWidth * scale));
    canvas.height = Math.max(1, Math.round(image.naturalHeight * scale));
    const drawing = canvas.getContext("2d", { willReadFrequently: true });
    if (!drawing) throw new Error("The browser gives no 2D canvas.");
    drawing.drawImage(image, 0, 0, canvas.width, canvas.height);
    const { width, height, data } = drawing.getImageData(0, 0, canvas.width, canvas.height);
    canvas.width = canvas.height = 0;
    return { width, height, data };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `The picture of the example could not be read from ${file}: ${reason} Check its address.`;
    throw new UnderdrawError("picture-unreadable", message, { file, reason }, { cause });
  }
}

/**
 * Gives a picture to the person as a PNG file that holds its recipe. The browser encodes it away from the page's thread;
 * what a model draws is opaque, so that a canvas keeps every byte. Rejects with `file-unwritable` when it cannot.
 */
export async function savePicture({ result: { pixels }, recipe }: Drawn, name: string): Promise<void> {
  const canvas = document.createElement("canvas");
  canvas.width = pixels.width;
  canvas.height = pixels.height;
  canvas.getContext("2d")?.putImageData(new ImageData(pixels.data, pixels.width, pixels.height), 0, 0);
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/png"));
  canvas.width = canvas.height = 0;
  if (!blob) {
    const reason = "the browser could not encode it";
    throw new UnderdrawError(
      "file-unwritable",
      `The picture could not be saved: ${reason}. Close other pages to free memory.`,
      {
        file: name,
        reason,
      },
    );
  }
  const made = new Uint8Array(await blob.arrayBuffer());
  const { parseLayerRecipe } = await import("../../session/layer-recipe.ts");
  // A file holds the engine's part, as the command line reads it: a layer's place is of no use in a file.
  const bytes =
    recipe === "" ? made : withText(made, recipeKeyword, formatRecipe((await parseLayerRecipe(recipe)).recipe));
  const address = URL.createObjectURL(new Blob([bytes], { type: "image/png" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // The download has begun by then; some browsers read the address a little later than the click.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
