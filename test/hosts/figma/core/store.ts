import type { NodeType, Transform } from "../typings.ts";

// The document as records: what is stored of each node and nothing that follows from it (boxes, absolute transforms and
// groups' sizes are geometry.ts's). Records are never changed in place, so that a change is two of them, before and after;
// history and events are made of these.

/** Who made a change: this editor's person and plugin, or somebody else in the same file. */
export type Origin = "LOCAL" | "REMOTE";

/** What is stored of a node. */
export interface Fields {
  readonly name: string;
  readonly parent: string | null;
  /** Its place among its siblings: the higher, the more in front. */
  readonly order: number;
  readonly width: number;
  readonly height: number;
  /** Relative to the container; for what takes its box from its children, only its turn counts. */
  readonly transform: Transform;
  /** Plugin id or shared namespace, a slash, and the key -> value. */
  readonly pluginData: Readonly<Record<string, string>>;
  /** Plugin id -> command -> description. */
  readonly relaunch: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Everything else, under Figma's own names. */
  readonly [property: string]: unknown;
}

/** A node. */
export interface NodeRecord {
  readonly id: string;
  readonly type: NodeType;
  readonly fields: Fields;
}

/** One change of one node: made, changed or deleted. */
export interface Change {
  readonly id: string;
  readonly before: NodeRecord | null;
  readonly after: NodeRecord | null;
  readonly origin: Origin;
}

/** The nodes of a file. */
export class Store {
  readonly #nodes = new Map<string, NodeRecord>();
  readonly #counters: Record<Origin, number> = { LOCAL: 1, REMOTE: 1 };
  #children: Map<string, string[]> | null = null;
  readonly #listeners = new Set<(change: Change) => void>();

  /** Calls `listener` after every change. */
  onChange(listener: (change: Change) => void): void {
    this.#listeners.add(listener);
  }

  /** An id that was never used, as Figma writes them: the session and a number. */
  newId(origin: Origin): string {
    return `${origin === "LOCAL" ? 1 : 2}:${++this.#counters[origin]}`;
  }

  find(id: string): NodeRecord | null {
    return this.#nodes.get(id) ?? null;
  }

  /** Gives a node that must be there. */
  at(id: string): NodeRecord {
    const node = this.#nodes.get(id);
    if (!node) throw new Error(`The node with id "${id}" does not exist`);
    return node;
  }

  all(): Iterable<NodeRecord> {
    return this.#nodes.values();
  }

  /** The ids of a node's children, the lowest first. */
  children(id: string): readonly string[] {
    if (!this.#children) {
      const children = new Map<string, string[]>();
      const inOrder = [...this.#nodes.values()].sort((a, b) => a.fields.order - b.fields.order);
      for (const { id, fields } of inOrder) {
        if (fields.parent === null) continue;
        const siblings = children.get(fields.parent);
        if (siblings) siblings.push(id);
        else children.set(fields.parent, [id]);
      }
      this.#children = children;
    }
    return this.#children.get(id) ?? [];
  }

  /** A node and all below it, parents first. */
  *subtree(id: string): Generator<NodeRecord> {
    const node = this.find(id);
    if (!node) return;
    yield node;
    for (const child of this.children(id)) yield* this.subtree(child);
  }

  /** A node's ancestors, the nearest first. */
  *ancestors(id: string): Generator<NodeRecord> {
    for (let parent = this.at(id).fields.parent; parent !== null; ) {
      const node = this.at(parent);
      yield node;
      parent = node.fields.parent;
    }
  }

  /** The page of a node; null for the document and for what is on no page. */
  pageOf(id: string): string | null {
    if (this.at(id).type === "PAGE") return id;
    for (const node of this.ancestors(id)) if (node.type === "PAGE") return node.id;
    return null;
  }

  /** An order that puts a node at `index` among a parent's children, of which `except` is not one. */
  orderAt(parent: string, index: number, origin: Origin, except?: string): number {
    const siblings = this.children(parent).filter((id) => id !== except);
    const orders = siblings.map((id) => this.at(id).fields.order);
    const [below, above] = [orders[index - 1], orders[index]];
    if (below === undefined) return above === undefined ? 0 : above - 1;
    if (above === undefined) return below + 1;
    const between = (below + above) / 2;
    if (between > below && between < above) return between;
    // No number is left between the two.
    for (const [place, id] of siblings.entries()) this.write(id, { order: place }, origin);
    return index - 0.5;
  }

  /** Makes a node, changes some of its fields, or (with null) deletes it and all below it. */
  write(id: string, change: NodeRecord | Partial<Fields> | null, origin: Origin): void {
    if (change === null) {
      for (const child of [...this.children(id)].reverse()) this.write(child, null, origin);
      this.#replace(id, null, origin);
    } else if (this.#nodes.has(id)) {
      const { type, fields } = this.at(id);
      const entries = Object.entries(change).filter(([key, value]) => !equal(fields[key], value));
      if (entries.length > 0)
        this.#replace(id, { id, type, fields: { ...fields, ...Object.fromEntries(entries) } }, origin);
    } else {
      this.#replace(id, change as NodeRecord, origin);
    }
  }

  #replace(id: string, after: NodeRecord | null, origin: Origin): void {
    const before = this.find(id);
    if (after) this.#nodes.set(id, after);
    else this.#nodes.delete(id);
    if (before?.fields.parent !== after?.fields.parent || before?.fields.order !== after?.fields.order)
      this.#children = null;
    for (const listener of this.#listeners) listener({ id, before, after, origin });
  }
}

/** True for plain data that says the same. */
export function equal(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every(
      (key) => key in other && equal((one as Record<string, unknown>)[key], (other as Record<string, unknown>)[key]),
    )
  );
}
