import type { Rect } from "@underdraw/engine/core";
import type { Part } from "./area.ts";
import { type Fields, fieldsOf, listOf, numberOf } from "./descriptor.ts";
import type { Node } from "./layer-stack.ts";
import { type Content, colourFrom, contentFrom, cssColour } from "./paint.ts";
import { ask } from "./play.ts";
import { type ShapeStyle, shapeStyleFrom } from "./stroke.ts";
import { type PathSpace, partsFrom } from "./vector-path.ts";

// What Photoshop's DOM does not tell of layers and its descriptors do: masks, paths, paints, words. Only reads.

/** What a descriptor told of a layer or group. */
export interface LayerFacts {
  readonly hasUserMask: boolean;
  /** The path of its vector mask, which for a shape layer is its shape; null without one that is in use. */
  readonly vector: readonly Part[] | null;
  /** A fill layer's; null for other kinds. */
  readonly content: Content | null;
  readonly style: ShapeStyle;
  /** A text layer's words and their first colour. */
  readonly text: { readonly words: string; readonly colour: string | null } | null;
  /** Where an artboard lies. */
  readonly artboard: Rect | null;
}

/** Layers that are asked for at once: between two questions the person may stop it. */
const AT_ONCE = 40;

/** Characters of one text layer that are told: more than a page. */
const MOST_WORDS = 10_000;

const flags = [
  "layerID",
  "hasUserMask",
  "userMaskEnabled",
  "hasVectorMask",
  "vectorMaskEnabled",
  "artboardEnabled",
  "artboard",
];

const fillKinds = new Set(["solidColor", "gradientFill", "pattern"]);

/** Asks for what is to be known of some layers and groups, by their ids. */
export async function readFacts(
  documentID: number,
  nodes: readonly Node[],
  space: PathSpace,
  check: () => void,
): Promise<ReadonlyMap<number, LayerFacts>> {
  const document = { _ref: "document", _id: documentID };
  const get = (id: number, ...parts: readonly object[]) => ({
    _obj: "get",
    _target: [...parts, { _ref: "layer", _id: id }, document],
  });
  const [all] = await ask([
    {
      _obj: "multiGet",
      _target: { _ref: [document] },
      extendedReference: [flags, { _obj: "layer", index: 1, count: -1 }],
      options: { failOnMissingProperty: false, failOnMissingElement: false },
    },
  ]);
  check();
  const told = new Map<number, Fields>();
  for (const layer of listOf(fieldsOf(all)["list"]).map(fieldsOf)) {
    const id = numberOf(layer["layerID"]);
    if (id !== null) told.set(id, layer);
  }
  const facts = new Map<number, LayerFacts>();
  for (let from = 0; from < nodes.length; from += AT_ONCE) {
    const some = nodes.slice(from, from + AT_ONCE);
    const commands: object[] = [];
    const takers: ((answer: Fields) => void)[] = [];
    const found = some.map((node) => {
      const own: Record<string, unknown> = { ...told.get(node.id) };
      const want = (name: string, ...parts: readonly object[]): void => {
        commands.push(get(node.id, ...parts));
        takers.push((answer) => {
          own[name] = answer[name];
        });
      };
      // A version that does not answer for all layers at once may answer for each.
      if (!told.has(node.id) && !node.isBackground) for (const name of flags.slice(1)) want(name, { _property: name });
      if (own["hasVectorMask"] !== false && !node.isBackground) {
        want("pathContents", { _ref: "path", _enum: "path", _value: "vectorMask" });
      }
      if (fillKinds.has(node.kind)) {
        want("adjustment", { _property: "adjustment" });
        want("AGMStrokeStyleInfo", { _property: "AGMStrokeStyleInfo" });
      }
      if (node.kind === "text") want("textKey", { _property: "textKey" });
      return [node, own] as const;
    });
    const answers = await ask(commands as { _obj: string }[]);
    check();
    for (const [n, taker] of takers.entries()) taker(fieldsOf(answers[n]));
    for (const [node, own] of found) facts.set(node.id, factsFrom(node, own, space));
  }
  return facts;
}

function factsFrom(node: Node, own: Fields, space: PathSpace): LayerFacts {
  const canvas = { x: 0, y: 0, width: space.width, height: space.height };
  const parts = partsFrom(own["pathContents"], space);
  const artboard = fieldsOf(fieldsOf(own["artboard"])["artboardRect"]);
  const [left, top, right, bottom] = ["left", "top", "right", "bottom"].map((side) => numberOf(artboard[side]));
  const hasArtboard =
    own["artboardEnabled"] === true && left !== null && top !== null && right !== null && bottom !== null;
  const words = fieldsOf(own["textKey"]);
  return {
    hasUserMask: own["hasUserMask"] === true && own["userMaskEnabled"] !== false,
    vector: own["vectorMaskEnabled"] !== false && parts.length > 0 ? parts : null,
    content: fillKinds.has(node.kind) ? contentFrom(listOf(own["adjustment"])[0], node.extent, canvas) : null,
    style: shapeStyleFrom(own["AGMStrokeStyleInfo"], space.resolution, node.extent, canvas),
    text: node.kind === "text" ? textFrom(words) : null,
    artboard: hasArtboard
      ? {
          x: left as number,
          y: top as number,
          width: (right as number) - (left as number),
          height: (bottom as number) - (top as number),
        }
      : null,
  };
}

/** A text's words, and the colour of its first letter where it is told. */
function textFrom(text: Fields): LayerFacts["text"] {
  const words = text["textKey"];
  const style = fieldsOf(fieldsOf(listOf(text["textStyleRange"])[0])["textStyle"]);
  // What is as in the style that it is based on is not told again.
  const colour = colourFrom(style["color"]) ?? colourFrom(fieldsOf(style["baseParentStyle"])["color"]);
  return {
    // Photoshop ends paragraphs with a carriage return, and lines within one with the character of number 3.
    words:
      typeof words === "string" ? words.slice(0, MOST_WORDS).replace(/\r\n?/g, "\n").replaceAll("\u0003", "\n") : "",
    colour: colour && cssColour(colour),
  };
}
