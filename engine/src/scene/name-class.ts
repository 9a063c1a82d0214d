import type { ClassFound, ClassifyOptions, ClassMissing } from "./class-names.ts";
import type { Palette } from "./palette.ts";

/** Loads a palette, which is some kilobytes of names that only those carry who read them. */
export async function loadPalette(id: Palette["id"]): Promise<Palette> {
  return id === "coco" ? (await import("./coco.ts")).coco : (await import("./ade20k.ts")).ade20k;
}

/**
 * Finds the class that a layer's name stands for, in English or Korean, as the condition `segmentation` does; or up to
 * three classes that it may mean. For a panel that helps to name layers.
 */
export async function classOfName(
  name: string,
  palette: Palette["id"],
  options: ClassifyOptions = {},
): Promise<ClassFound | ClassMissing> {
  const [{ classify }, classes] = await Promise.all([import("./class-names.ts"), loadPalette(palette)]);
  return classify(name, classes, options);
}
