import type {
  BooleanOperationNode,
  ComponentNode,
  ComponentSetNode,
  DocumentNode,
  EllipseNode,
  FrameNode,
  GroupNode,
  InstanceNode,
  LineNode,
  PageNode,
  PolygonNode,
  RectangleNode,
  SectionNode,
  SliceNode,
  StarNode,
  TextNode,
  VectorNode,
} from "../typings.ts";

// What a plugin can see of each type of node: the members that are simulated, and how they may be used. The compiler holds
// the tables against Figma's typings, so that a member which does not exist there, or is writable there and not here, does
// not build.

/** How a member may be used: read, read and written, or called. */
export type Use = "get" | "get set" | "call";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type IsReadonly<N, K extends keyof N> = Equal<{ [P in K]: N[P] }, { readonly [P in K]: N[P] }>;
type UseOf<N, K extends keyof N> = N[K] extends (...args: never[]) => unknown
  ? "call"
  : IsReadonly<N, K> extends true
    ? "get"
    : "get set";
/** Takes a table that says of members of `N` what the typings say, and no other. */
const of =
  <N>() =>
  <const T extends { readonly [K in keyof T]: K extends keyof N ? UseOf<N, K> : never }>(table: T): T =>
    table;

const base = {
  id: "get",
  name: "get set",
  parent: "get",
  removed: "get",
  toString: "call",
  remove: "call",
  getPluginData: "call",
  setPluginData: "call",
  getPluginDataKeys: "call",
  getSharedPluginData: "call",
  setSharedPluginData: "call",
  getSharedPluginDataKeys: "call",
  getRelaunchData: "call",
  setRelaunchData: "call",
  type: "get",
} as const;

const children = {
  children: "get",
  appendChild: "call",
  insertChild: "call",
  findAll: "call",
  findOne: "call",
  findChild: "call",
  findChildren: "call",
  findAllWithCriteria: "call",
} as const;

const exporting = { exportSettings: "get set", exportAsync: "call" } as const;

const scene = { ...base, ...exporting, visible: "get set", locked: "get set", clone: "call" } as const;

const position = {
  x: "get set",
  y: "get set",
  width: "get",
  height: "get",
  relativeTransform: "get set",
  absoluteTransform: "get",
  absoluteBoundingBox: "get",
  resizeWithoutConstraints: "call",
  resize: "call",
} as const;

const layout = {
  ...position,
  absoluteRenderBounds: "get",
  constrainProportions: "get set",
  rotation: "get set",
  layoutPositioning: "get set",
  layoutAlign: "get set",
  layoutGrow: "get set",
} as const;

const blend = {
  opacity: "get set",
  blendMode: "get set",
  isMask: "get set",
  maskType: "get set",
  effects: "get set",
} as const;

const fills = { fills: "get set" } as const;

const strokes = {
  strokes: "get set",
  strokeWeight: "get set",
  strokeJoin: "get set",
  strokeAlign: "get set",
  dashPattern: "get set",
} as const;

const geometry = {
  ...fills,
  ...strokes,
  strokeCap: "get set",
  strokeMiterLimit: "get set",
  fillGeometry: "get",
  strokeGeometry: "get",
} as const;

const corner = { cornerRadius: "get set", cornerSmoothing: "get set" } as const;

const corners = {
  topLeftRadius: "get set",
  topRightRadius: "get set",
  bottomLeftRadius: "get set",
  bottomRightRadius: "get set",
} as const;

const constraints = { constraints: "get set" } as const;

const sides = {
  strokeTopWeight: "get set",
  strokeBottomWeight: "get set",
  strokeLeftWeight: "get set",
  strokeRightWeight: "get set",
} as const;

const shape = { ...scene, ...layout, ...blend, ...geometry } as const;

const frame = {
  ...shape,
  ...children,
  ...corner,
  ...corners,
  ...sides,
  ...constraints,
  clipsContent: "get set",
  expanded: "get set",
  layoutMode: "get set",
  paddingLeft: "get set",
  paddingRight: "get set",
  paddingTop: "get set",
  paddingBottom: "get set",
  itemSpacing: "get set",
  primaryAxisSizingMode: "get set",
  counterAxisSizingMode: "get set",
  primaryAxisAlignItems: "get set",
  counterAxisAlignItems: "get set",
} as const;

/** The simulated members of each type of node. */
export const surfaces = {
  DOCUMENT: of<DocumentNode>()({ ...base, ...children, documentColorProfile: "get" }),
  PAGE: of<PageNode>()({
    ...base,
    ...children,
    ...exporting,
    selection: "get set",
    backgrounds: "get set",
    loadAsync: "call",
    on: "call",
    once: "call",
    off: "call",
    clone: "call",
  }),
  FRAME: of<FrameNode>()(frame),
  COMPONENT: of<ComponentNode>()({ ...frame, createInstance: "call" }),
  COMPONENT_SET: of<ComponentSetNode>()(frame),
  INSTANCE: of<InstanceNode>()({ ...frame, getMainComponentAsync: "call", mainComponent: "get set" }),
  GROUP: of<GroupNode>()({ ...scene, ...layout, ...blend, ...children, expanded: "get set" }),
  BOOLEAN_OPERATION: of<BooleanOperationNode>()({
    ...shape,
    ...children,
    ...corner,
    expanded: "get set",
    booleanOperation: "get set",
  }),
  SECTION: of<SectionNode>()({
    ...scene,
    ...position,
    ...children,
    ...fills,
    ...strokes,
    ...corner,
    ...corners,
    sectionContentsHidden: "get set",
  }),
  RECTANGLE: of<RectangleNode>()({ ...shape, ...corner, ...corners, ...sides, ...constraints }),
  ELLIPSE: of<EllipseNode>()({ ...shape, ...corner, ...constraints, arcData: "get set" }),
  LINE: of<LineNode>()({ ...shape, ...constraints }),
  POLYGON: of<PolygonNode>()({ ...shape, ...corner, ...constraints, pointCount: "get set" }),
  STAR: of<StarNode>()({
    ...shape,
    ...corner,
    ...constraints,
    pointCount: "get set",
    innerRadius: "get set",
  }),
  VECTOR: of<VectorNode>()({
    ...shape,
    ...corner,
    ...constraints,
    vectorPaths: "get set",
    vectorNetwork: "get set",
  }),
  TEXT: of<TextNode>()({
    ...shape,
    ...constraints,
    characters: "get set",
    fontSize: "get set",
    fontName: "get set",
  }),
  SLICE: of<SliceNode>()({ ...scene, ...layout }),
};

/** A type of node that is simulated. */
export type SimulatedType = keyof typeof surfaces;

/** True for a type of node that is simulated. */
export const isSimulated = (type: string): type is SimulatedType => Object.hasOwn(surfaces, type);

/** How a member of a node may be used; undefined for one that it does not have. */
export function usage(type: SimulatedType, member: string): Use | undefined {
  const surface: Readonly<Record<string, Use>> = surfaces[type];
  return Object.hasOwn(surface, member) ? surface[member] : undefined;
}

/** True for a type that holds others. */
export const holdsChildren = (type: SimulatedType): boolean => "children" in surfaces[type];
