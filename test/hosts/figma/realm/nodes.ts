import { isSimulated, usage } from "../core/surface.ts";
import type { BaseNode, Image, NodeType, SceneNode } from "../typings.ts";
import { ask, tags } from "./channel.ts";
import { addListener, removeListener } from "./listeners.ts";
import { unsimulated } from "./unsimulated.ts";

// Nodes as a plugin sees them: objects without values of their own, that ask the editor for each member, and refuse what
// their type does not have. One object a node, so that `===` and `indexOf` work.

type AnyFunction = (...args: never[]) => unknown;

const nodes = new Map<string, BaseNode>();
const identities = new WeakMap<object, readonly [id: string, type: string]>();
const mixed = Symbol("figma.mixed");

/** `figma.mixed`. */
export { mixed };

/** The node with an id, as an object of this realm. */
function nodeOf(id: string, type: string): BaseNode {
  const known = nodes.get(id);
  if (known) return known;
  const target = Object.preventExtensions({ id });
  const node = new Proxy(target, handlerFor(id, type)) as unknown as BaseNode;
  nodes.set(id, node);
  identities.set(node, [id, type]);
  return node;
}

/** The id of a node; throws for anything else, in the name of `where`. */
export function idOf(value: unknown, where: string): string {
  const identity = typeof value === "object" && value !== null ? identities.get(value) : undefined;
  if (!identity) throw new Error(`in ${where}: Expected node, got ${value === null ? "null" : typeof value}`);
  return identity[0];
}

function handlerFor(id: string, type: string): ProxyHandler<object> {
  if (!isSimulated(type)) throw new Error(`The simulator has no nodes of type ${type}.`);
  const methods = new Map<string, AnyFunction>();
  const method = (name: string): AnyFunction => {
    const made = methods.get(name) ?? methodOf(id, name);
    methods.set(name, made);
    return made;
  };
  return {
    has: (_, key) => typeof key === "string" && usage(type, key) !== undefined,
    ownKeys: () => ["id"],
    getOwnPropertyDescriptor: (_, key) =>
      key === "id" ? { value: id, enumerable: true, configurable: true, writable: true } : undefined,
    get: (target, key) => {
      if (typeof key === "symbol") return Reflect.get(target, key);
      // A promise that is resolved with a node looks for `then`, JSON.stringify for `toJSON`; Figma's nodes bear both.
      if (key === "then" || key === "toJSON") return undefined;
      // These two are known even of a node that is gone.
      if (key === "id" || key === "type") return key === "id" ? id : type;
      const use = usage(type, key);
      if (use === "call") return method(key);
      if (use !== undefined) return frozen(ask("get", id, key));
      if (key in Object.prototype) return Reflect.get(target, key);
      if (unsimulated.has(key)) throw new Error(`The simulator does not have node.${key} of Figma's API.`);
      throw new TypeError(`node.${key}: no such property '${key}' on ${type} node`);
    },
    set: (_, key, value) => {
      const use = typeof key === "string" ? usage(type, key) : undefined;
      if (use === undefined) throw new TypeError(`Cannot add property ${String(key)}, object is not extensible`);
      if (use !== "get set") throw new TypeError("no setter for property");
      ask("set", id, key, value);
      return true;
    },
    defineProperty: (_, key) => {
      throw new TypeError(`Cannot add property ${String(key)}, object is not extensible`);
    },
    deleteProperty: (_, key) => {
      throw new TypeError(`Cannot delete property ${String(key)}`);
    },
    setPrototypeOf: () => false,
  };
}

const events = ["on", "once", "off"];

function methodOf(id: string, name: string): AnyFunction {
  if (events.includes(name)) {
    return (type: string, listener: AnyFunction) => {
      if (type !== "nodechange") throw new Error(`in ${name}: "${type}" is no event of a page`);
      if (name === "off") return removeListener(`nodechange ${id}`, listener);
      ask("call", id, "on", [type]);
      addListener(`nodechange ${id}`, listener, name === "once");
    };
  }
  const find = Object.hasOwn(finders, name) ? finders[name] : undefined;
  if (find) return ((test?: unknown) => find(ask("call", id, name, []) as SceneNode, test)) as AnyFunction;
  return ((...args: readonly unknown[]) => frozen(ask("call", id, name, args))) as AnyFunction;
}

/** What goes through nodes with a function of the plugin's runs here: functions do not cross. */
const finders: Readonly<Record<string, (from: SceneNode, test: unknown) => unknown>> = {
  findAll: (from, test) => [...below(from)].filter(tester(test)),
  findOne: (from, test) => [...below(from)].find(tester(test)) ?? null,
  findChildren: (from, test) => childrenOf(from).filter(tester(test)),
  findChild: (from, test) => childrenOf(from).find(tester(test)) ?? null,
  findAllWithCriteria: (from, criteria) => {
    const { types } = criteria as { readonly types?: readonly NodeType[] };
    return [...below(from)].filter(({ type }) => types?.includes(type) ?? true);
  },
};

const tester = (test: unknown): ((node: SceneNode) => boolean) =>
  typeof test === "function" ? (node) => Boolean(test(node)) : () => true;

const childrenOf = (node: SceneNode): readonly SceneNode[] => ("children" in node ? node.children : []);

function* below(node: SceneNode): Generator<SceneNode> {
  for (const child of childrenOf(node)) {
    yield child;
    yield* below(child);
  }
}

/** Lists and objects come as copies that nobody can change. */
function frozen(value: unknown): unknown {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array || value instanceof Promise)
    return value;
  if (identities.has(value) || images.has(value)) return value;
  for (const entry of Object.values(value)) frozen(entry);
  return Object.freeze(value);
}

const images = new WeakSet<object>();

function imageOf(hash: string): Image {
  const image: Image = {
    hash,
    getBytesAsync: () => ask("imageBytes", hash) as Promise<Uint8Array>,
    getSizeAsync: () => ask("imageSize", hash) as Promise<{ width: number; height: number }>,
  };
  images.add(image);
  return Object.freeze(image);
}

tags.to = (value) => {
  if (value === mixed) return { $mixed: true };
  const identity = typeof value === "object" && value !== null ? identities.get(value) : undefined;
  if (identity) return { $node: identity };
  if (typeof value === "symbol" || typeof value === "function") throw new Error(`Cannot unwrap ${typeof value}`);
  return undefined;
};

tags.from = (tag) => {
  if ("$mixed" in tag) return mixed;
  if ("$image" in tag) return imageOf(tag["$image"] as string);
  return nodeOf(...(tag["$node"] as [string, string]));
};
