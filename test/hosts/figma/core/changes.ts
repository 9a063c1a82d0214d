import { NodeReference } from "./references.ts";
import { type Change, equal, type NodeRecord, type Origin, type Store } from "./store.ts";

// What `nodechange` and `documentchange` tell of a batch of changes.

/** One entry of the event, as the plugin gets it. */
export interface NodeChange {
  readonly type: "CREATE" | "DELETE" | "PROPERTY_CHANGE";
  readonly id: string;
  readonly origin: Origin;
  readonly node: NodeReference | { readonly removed: true; readonly type: string; readonly id: string };
  readonly properties?: readonly string[];
  /** The page it happened on. Not told. */
  readonly page: string | null;
}

/** The names of what a stored field makes of itself; the others are called as they are stored. */
const named: Readonly<Record<string, readonly string[]>> = {
  transform: ["relativeTransform"],
  order: ["parent"],
  relaunch: [],
  vectorPaths: ["vectorNetwork"],
  sectionContentsHidden: [],
  exportSettings: ["exportSettings"],
};

/** Sums changes up: each node once, and of what was made or deleted only the highest. */
export function summarize(store: Store, changes: readonly Change[]): readonly NodeChange[] {
  const nets = new Map<string, { before: NodeRecord | null; after: NodeRecord | null; origin: Origin }>();
  for (const { id, before, after, origin } of changes) {
    const known = nets.get(id);
    nets.set(id, { before: known ? known.before : before, after, origin });
  }
  const isMade = (id: string | null): boolean =>
    id !== null && nets.get(id)?.before === null && nets.get(id)?.after !== null;
  const isGone = (id: string | null): boolean => id !== null && nets.get(id)?.after === null;
  const pageOf = (node: NodeRecord): string | null => {
    if (node.type === "PAGE") return node.id;
    const { parent } = node.fields;
    if (parent === null) return null;
    const above = store.find(parent) ?? nets.get(parent)?.before;
    return above ? pageOf(above) : null;
  };
  return [...nets].flatMap(([id, { before, after, origin }]): NodeChange[] => {
    if (before === null && after !== null) {
      if (isMade(after.fields.parent)) return [];
      return [{ type: "CREATE", id, origin, node: new NodeReference(id, after.type), page: pageOf(after) }];
    }
    if (before !== null && after === null) {
      if (isGone(before.fields.parent)) return [];
      return [{ type: "DELETE", id, origin, node: { removed: true, type: before.type, id }, page: pageOf(before) }];
    }
    if (before === null || after === null) return [];
    const properties = changedProperties(before, after);
    if (properties.length === 0) return [];
    const node = new NodeReference(id, after.type);
    return [{ type: "PROPERTY_CHANGE", id, origin, node, properties, page: pageOf(after) }];
  });
}

function changedProperties(before: NodeRecord, after: NodeRecord): readonly string[] {
  const keys = Object.keys({ ...before.fields, ...after.fields });
  const changed = keys.filter((key) => !equal(before.fields[key], after.fields[key]));
  const [[a, c, x], [b, d, y]] = before.fields.transform;
  const [[a2, c2, x2], [b2, d2, y2]] = after.fields.transform;
  return [
    ...new Set([
      ...changed.flatMap((key) => named[key] ?? [key]),
      ...(x === x2 ? [] : ["x"]),
      ...(y === y2 ? [] : ["y"]),
      ...(a === a2 && b === b2 && c === c2 && d === d2 ? [] : ["rotation"]),
    ]),
  ].sort();
}
