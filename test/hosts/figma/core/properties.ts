import { checks } from "./checks.ts";
import { absoluteBoundingBox, absoluteTransform, localTransform, sizeOf, slotOf } from "./geometry.ts";
import { apply, moved } from "./matrix.ts";
import { parsePaths, pathsBox } from "./paths.ts";
import { demand } from "./schema.ts";
import { rotationOf, setRotation, setTransform } from "./shaping.ts";
import type { Fields, Origin, Store } from "./store.ts";
import { inInstance } from "./tree.ts";

// Reading and setting what a node stores or what follows from it, for plugin and person alike. The few members that need
// more than the document (bounds as drawn, selection, methods) are the run's.

/** Stands for `figma.mixed`. */
export const mixed = Symbol("figma.mixed");

const radii = ["topLeftRadius", "topRightRadius", "bottomLeftRadius", "bottomRightRadius"] as const;

const sides = ["strokeTopWeight", "strokeRightWeight", "strokeBottomWeight", "strokeLeftWeight"] as const;

/** The weights of a node's strokes, from the top on with the clock: one for all sides unless some have their own. */
export const sideWeights = (fields: Fields): readonly number[] =>
  sides.map((side) => (fields[side] ?? fields["strokeWeight"]) as number);

/** The value of a property; undefined for one that is not the document's. */
export function read(store: Store, id: string, property: string): unknown {
  const { fields, type } = store.at(id);
  switch (property) {
    case "x":
      return localTransform(store, id)[0][2];
    case "y":
      return localTransform(store, id)[1][2];
    case "rotation":
      return rotationOf(localTransform(store, id));
    case "width":
    case "height":
      return sizeOf(store, id)[property];
    case "relativeTransform":
      return localTransform(store, id);
    case "absoluteTransform":
      return absoluteTransform(store, id);
    case "absoluteBoundingBox":
      return absoluteBoundingBox(store, id);
    case "cornerRadius": {
      if (fields["topLeftRadius"] === undefined) return fields["cornerRadius"];
      const [first, ...others] = radii.map((radius) => fields[radius]);
      return others.every((radius) => radius === first) ? first : mixed;
    }
    case "strokeWeight": {
      const [first, ...others] = sideWeights(fields);
      return others.every((weight) => weight === first) ? first : mixed;
    }
    case "strokeTopWeight":
    case "strokeRightWeight":
    case "strokeBottomWeight":
    case "strokeLeftWeight":
      return fields[property] ?? fields["strokeWeight"];
    case "type":
      return type;
    default:
      return fields[property];
  }
}

/** What of a node in an instance stays its component's. */
const fixedInInstance = [
  "x",
  "y",
  "rotation",
  "relativeTransform",
  "constraints",
  "vectorPaths",
  "booleanOperation",
  "isMask",
];

type Setter = (store: Store, id: string, value: never, origin: Origin) => void;

/** How the properties are set that are more than a value to keep. */
const setters: Readonly<Record<string, Setter>> = {
  x: (store, id, value: number, origin) => place(store, id, value, localTransform(store, id)[1][2], origin),
  y: (store, id, value: number, origin) => place(store, id, localTransform(store, id)[0][2], value, origin),
  rotation: setRotation,
  relativeTransform: setTransform,
  cornerRadius: (store, id, value: number, origin) => {
    const isOne = store.at(id).fields["topLeftRadius"] === undefined;
    const patch = isOne ? { cornerRadius: value } : Object.fromEntries(radii.map((radius) => [radius, value]));
    store.write(id, patch, origin);
  },
  strokeWeight: (store, id, strokeWeight: number, origin) => {
    const own = sides.filter((side) => store.at(id).fields[side] !== undefined);
    store.write(id, { strokeWeight, ...Object.fromEntries(own.map((side) => [side, strokeWeight])) }, origin);
  },
  layoutPositioning: position,
  layoutMode: changeLayout,
  fills: (store, id, value: readonly object[], origin) => store.write(id, { fills: value.map(whole) }, origin),
  strokes: (store, id, value: readonly object[], origin) => store.write(id, { strokes: value.map(whole) }, origin),
  backgrounds: (store, id, value: readonly object[], origin) =>
    store.write(id, { backgrounds: value.map(whole) }, origin),
  vectorPaths: (store, id, value: Parameters<typeof parsePaths>[1], origin) => {
    const box = pathsBox(parsePaths("set_vectorPaths", value));
    const { transform } = store.at(id).fields;
    store.write(id, { vectorPaths: value, width: box.width, height: box.height }, origin);
    setTransform(store, id, moved(transform, ...apply(transform, box.x, box.y)), origin);
  },
  characters: (store, id, characters: string, origin) => measure(store, id, { characters }, origin),
  fontSize: (store, id, fontSize: number, origin) => measure(store, id, { fontSize }, origin),
};

/** Sets a property, or throws in Figma's words. */
export function write(store: Store, id: string, property: string, value: unknown, origin: Origin): void {
  const where = `set_${property}`;
  if (property === "vectorNetwork") {
    throw new Error(
      "in set_vectorNetwork: Cannot call with documentAccess: dynamic-page. Use node.setVectorNetworkAsync instead.",
    );
  }
  const check = checks[property];
  if (!check) throw new TypeError("no setter for property");
  demand(where, property, check, value);
  if (fixedInInstance.includes(property) && inInstance(store, id)) {
    throw new Error(`in ${where}: This property cannot be overridden in an instance`);
  }
  const setter = setters[property];
  if (setter) setter(store, id, value as never, origin);
  else store.write(id, { [property]: value }, origin);
}

function place(store: Store, id: string, x: number, y: number, origin: Origin): void {
  // In auto layout, the frame says where its children are: nothing happens, and nothing is said.
  if (!slotOf(store, id)) setTransform(store, id, moved(localTransform(store, id), x, y), origin);
}

function position(store: Store, id: string, value: string, origin: Origin): void {
  const { parent } = store.at(id).fields;
  const mode = parent === null ? undefined : store.at(parent).fields["layoutMode"];
  if (value === "ABSOLUTE" && (mode === undefined || mode === "NONE")) {
    throw new Error(
      "in set_layoutPositioning: Can only set layoutPositioning = ABSOLUTE if the parent node has layoutMode !== NONE",
    );
  }
  // What leaves the flow stays where it is.
  store.write(id, { transform: localTransform(store, id), layoutPositioning: value }, origin);
}

function changeLayout(store: Store, id: string, value: string, origin: Origin): void {
  if (value === "GRID") throw new Error("The simulator lays out no grids: layoutMode GRID is Figma's own.");
  const places = new Map(store.children(id).map((child) => [child, localTransform(store, child)]));
  store.write(id, { ...sizeOf(store, id), layoutMode: value }, origin);
  if (value !== "NONE") return;
  for (const [child, transform] of places) store.write(child, { transform, layoutPositioning: "AUTO" }, origin);
}

/** A paint with what it leaves to the defaults written out, as Figma gives it back. */
function whole(paint: object): object {
  return { visible: true, opacity: 1, blendMode: "NORMAL", ...paint };
}

/** Text takes its box from its letters: here, cells of a fixed share of the font size. */
export const letter = { width: 0.6, height: 1.2 } as const;

function measure(store: Store, id: string, change: Partial<Fields>, origin: Origin): void {
  const { characters, fontSize } = { ...store.at(id).fields, ...change } as unknown as {
    characters: string;
    fontSize: number;
  };
  const lines = characters.split("\n");
  const longest = Math.max(...lines.map((line) => [...line].length));
  const [width, height] = [longest * fontSize * letter.width, lines.length * fontSize * letter.height];
  store.write(id, { ...change, width, height }, origin);
}
