import * as z from "zod/mini";
import type { Pixels } from "../core/pixels.ts";
import { loadPalette } from "../scene/name-class.ts";
import type { Segmentation, UnknownName } from "../scene/segmentation.ts";
import { type ConditionContext, defineCondition } from "./condition.ts";

/** Classes from the names of layers, in the colours of a data set: "sky", "나무", "Tree copy 2". */
export const segmentation = defineCondition({
  id: "segmentation",
  title: "Segmentation from layer names",
  about: "Classes from the names of layers: a layer called sky, tree or 사람 gets that class's colour.",
  reads: "scene",
  options: z.object({
    palette: z
      ._default(z.enum(["ade20k", "coco"]), "ade20k")
      .check(z.describe("Whose classes and colours: ade20k has 150, coco 133.")),
    unknown: z
      ._default(z.enum(["free", "nothing"]), "free")
      .check(
        z.describe(
          "Layers whose names stand for no class. free: in colours that are no class's. nothing: left out, so that what lies behind shows.",
        ),
      ),
    ground: z
      ._default(z.string().check(z.maxLength(100)), "")
      .check(z.describe("The class where no layer lies, by name: sky, wall. Without it that is black.")),
    screenDesign: z
      ._default(z.boolean(), true)
      .check(
        z.describe("The document may be a design of screens: card, bar and box are then parts of it and no things."),
      ),
  }),
  convention: { values: "palette", polarity: "none", resize: "nearest" },
  nets: ["segmentation", "seg"],
  extract: async (source, { palette, ...options }, context) => {
    const [{ readSegmentation }, classes] = await Promise.all([
      import("../scene/segmentation.ts"),
      loadPalette(palette),
    ]);
    return noted(readSegmentation(source, { ...options, palette: classes }), palette, context);
  },
});

/** The map alone; what it does not show is told to whoever listens. */
function* noted(
  work: Generator<number, Segmentation, void>,
  palette: string,
  context: ConditionContext,
): Generator<number, Pixels, void> {
  const { pixels, unknown } = yield* work;
  if (unknown.length > 0) context.note?.(unknownNote(unknown, palette));
  return pixels;
}

/** Layers without a class, as a note to a person. */
function unknownNote(unknown: readonly UnknownName[], palette: string) {
  const some = unknown.slice(0, 5);
  const rest = unknown.length - some.length;
  const names = some.map(({ name }) => `"${name}"`).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
  const hints = some.flatMap(({ name, suggestions }) =>
    suggestions.length > 0 ? [`"${name}" may be ${suggestions.join(", ")}`] : [],
  );
  return {
    code: "names-unknown",
    message: `No class of ${palette} is called ${names}.`,
    remedy: `Name these layers, or a group around them, after what they show${hints.length > 0 ? `: ${hints.join("; ")}` : ""}.`,
  };
}
