/** What is needed of a node to find its way through the tree; Figma's own nodes are such. */
export interface Branch {
  readonly id: string;
  readonly type: string;
  readonly parent: Branch | null;
  readonly children?: readonly Branch[];
}

/** The nodes from the root down to a node, the node itself last. */
export function chainOf<Node extends Branch>(node: Node): readonly (Node | Branch)[] {
  const chain: (Node | Branch)[] = [];
  for (let at: Node | Branch | null = node; at; at = at.parent) chain.unshift(at);
  return chain;
}

/** The page that a node lies on; null for one that was taken out of the document. */
export function pageOf(node: Branch): Branch | null {
  for (let at: Branch | null = node; at; at = at.parent) if (at.type === "PAGE") return at;
  return null;
}

/** The children of a node. Asking a real node for a member that its kind does not have throws. */
const childrenOf = (node: Branch): readonly Branch[] => ("children" in node ? (node.children ?? []) : []);

const placeIn = (parent: Branch | null, child: Branch): number =>
  parent ? childrenOf(parent).findIndex(({ id }) => id === child.id) : 0;

/** Nodes in the order of the document, the lowest first: Figma keeps no order in a selection. */
export function inDocumentOrder<Node extends Branch>(nodes: readonly Node[]): readonly Node[] {
  const path = (node: Node): readonly number[] =>
    chainOf(node).map((at, depth, chain) => placeIn(chain[depth - 1] ?? null, at));
  return nodes
    .map((node) => ({ node, path: path(node) }))
    .sort((one, other) => {
      for (let depth = 0; ; depth++) {
        const [left, right] = [one.path[depth], other.path[depth]];
        if (left === undefined || right === undefined) return one.path.length - other.path.length;
        if (left !== right) return left - right;
      }
    })
    .map(({ node }) => node);
}

/** Where a new node goes: into `parent`, directly above `above`, or on top of all when that is null. */
export interface Slot {
  readonly parent: Branch;
  readonly above: Branch | null;
}

/** Kinds that take no picture as a child. The children of an instance cannot be changed at all. */
const closed: readonly string[] = [
  "INSTANCE",
  "COMPONENT_SET",
  "BOOLEAN_OPERATION",
  "TABLE",
  "SLIDE_ROW",
  "SLIDE_GRID",
  "DOCUMENT",
];

/**
 * The slot directly above a node: beside it, or beside the nearest of what holds it that lies in something a picture can
 * go into. Null for a node that lies in nothing of that kind.
 */
export function slotAbove(node: Branch): Slot | null {
  const chain = chainOf(node);
  const instance = chain.findIndex(({ type }) => type === "INSTANCE");
  let at = instance < 0 ? chain.length - 1 : instance;
  for (; at > 0; at--) {
    const [parent, above] = [chain[at - 1], chain[at]];
    if (parent && above && !closed.includes(parent.type) && "children" in parent) return { parent, above };
  }
  return null;
}

/**
 * What to go above so that the picture of several nodes lies over all of them: the topmost node, or what holds it inside
 * the nearest parent that all of them share. `nodes` are in the order of the document, and at least one.
 */
export function topOf<Node extends Branch>(nodes: readonly Node[]): Node | Branch {
  const chains = nodes.map(chainOf);
  const top = chains[chains.length - 1] ?? [];
  let shared = 0;
  while (chains.every((chain) => shared < chain.length - 1 && chain[shared]?.id === top[shared]?.id)) shared++;
  const found = top[shared];
  if (!found) throw new RangeError("nodes: at least one is needed.");
  return found;
}

/** Kinds that are no frame of reference: their children's transforms are relative to what holds the group. */
const flat: readonly string[] = ["GROUP", "BOOLEAN_OPERATION", "TRANSFORM_GROUP"];

/** What the transforms of a parent's children are relative to: the parent, or what holds it when it is a mere group. */
export function frameOf<Node extends Branch>(parent: Node): Node | Branch {
  let at: Node | Branch = parent;
  while (flat.includes(at.type) && at.parent) at = at.parent;
  return at;
}
