import type { NodeType } from "../typings.ts";
import { identity } from "./matrix.ts";
import type { Fields } from "./store.ts";
import { type SimulatedType, surfaces } from "./surface.ts";

// What a new node looks like: Figma's defaults of `create…`.

const grey = [{ type: "SOLID", visible: true, opacity: 1, blendMode: "NORMAL", color: gray(217 / 255) }];
const white = [{ type: "SOLID", visible: true, opacity: 1, blendMode: "NORMAL", color: gray(1) }];
const black = [{ type: "SOLID", visible: true, opacity: 1, blendMode: "NORMAL", color: gray(0) }];

function gray(level: number): { r: number; g: number; b: number } {
  return { r: level, g: level, b: level };
}

const usual: Readonly<Record<string, unknown>> = {
  visible: true,
  locked: false,
  opacity: 1,
  blendMode: "PASS_THROUGH",
  isMask: false,
  maskType: "ALPHA",
  effects: [],
  fills: [],
  strokes: [],
  strokeWeight: 1,
  strokeJoin: "MITER",
  strokeAlign: "INSIDE",
  strokeCap: "NONE",
  strokeMiterLimit: 4,
  dashPattern: [],
  cornerRadius: 0,
  cornerSmoothing: 0,
  topLeftRadius: 0,
  topRightRadius: 0,
  bottomLeftRadius: 0,
  bottomRightRadius: 0,
  constraints: { horizontal: "MIN", vertical: "MIN" },
  constrainProportions: false,
  layoutPositioning: "AUTO",
  layoutAlign: "INHERIT",
  layoutGrow: 0,
  layoutMode: "NONE",
  paddingLeft: 0,
  paddingRight: 0,
  paddingTop: 0,
  paddingBottom: 0,
  itemSpacing: 0,
  primaryAxisSizingMode: "AUTO",
  counterAxisSizingMode: "FIXED",
  primaryAxisAlignItems: "MIN",
  counterAxisAlignItems: "MIN",
  clipsContent: false,
  expanded: true,
  exportSettings: [],
  sectionContentsHidden: false,
  arcData: { startingAngle: 0, endingAngle: 2 * Math.PI, innerRadius: 0 },
  innerRadius: 0.382,
  pointCount: 3,
  booleanOperation: "UNION",
  vectorPaths: [],
  characters: "",
  fontSize: 12,
  fontName: { family: "Inter", style: "Regular" },
  backgrounds: [{ type: "SOLID", visible: true, opacity: 1, blendMode: "NORMAL", color: gray(245 / 255) }],
  documentColorProfile: "SRGB",
};

const special: Partial<Record<SimulatedType, Readonly<Record<string, unknown>>>> = {
  PAGE: { name: "Page" },
  FRAME: { name: "Frame", fills: white, clipsContent: true },
  COMPONENT: { name: "Component", fills: white, clipsContent: true },
  COMPONENT_SET: { name: "Component Set", clipsContent: true },
  GROUP: { name: "Group" },
  BOOLEAN_OPERATION: { name: "Union", fills: grey },
  SECTION: { name: "Section", fills: white },
  RECTANGLE: { name: "Rectangle", fills: grey },
  ELLIPSE: { name: "Ellipse", fills: grey },
  LINE: { name: "Line", height: 0, strokes: black, strokeAlign: "CENTER" },
  POLYGON: { name: "Polygon", fills: grey },
  STAR: { name: "Star", fills: grey, pointCount: 5 },
  VECTOR: { name: "Vector", strokes: black, strokeAlign: "CENTER" },
  TEXT: { name: "Text", fills: black, strokeAlign: "OUTSIDE", width: 0, height: 14 },
  SLICE: { name: "Slice" },
};

/** The fields of a new node. */
export function defaultsOf(
  type: SimulatedType,
  place: { readonly parent: string | null; readonly order: number },
): Fields {
  const members = Object.keys(surfaces[type]);
  // Where there are four radii, the one is made of them.
  const stored = members.filter(
    (member) => Object.hasOwn(usual, member) && !(member === "cornerRadius" && members.includes("topLeftRadius")),
  );
  return {
    name: "",
    width: 100,
    height: 100,
    transform: identity,
    pluginData: {},
    relaunch: {},
    ...Object.fromEntries(stored.map((member) => [member, usual[member]])),
    ...special[type],
    ...place,
  };
}

/** The types that take their box from their children. */
const flat: readonly NodeType[] = ["GROUP", "BOOLEAN_OPERATION"];

/** True for a type that is no container: it takes its box from its children, which do not move with it. */
export const isFlat = (type: NodeType): boolean => flat.includes(type);
