import { byteLength } from "./storage.ts";
import type { Store } from "./store.ts";

// What plugins write on nodes: texts by key, and the buttons that start them again.

/** The most bytes of one entry: the plugin's id or the namespace, the key and the value. */
const entryLimit = 100_000;
/** The longest description of a relaunch button, in characters. */
const descriptionLimit = 1000;

/** The text of a key; empty for one that is not there. `space` is the plugin's id, or the shared namespace. */
export function getData(store: Store, id: string, space: string, key: unknown): string {
  return store.at(id).fields.pluginData[`${space}/${key}`] ?? "";
}

/** Writes a text; an empty one takes the key away. */
export function setData(store: Store, where: string, id: string, space: string, key: unknown, value: unknown): void {
  if (typeof key !== "string" || typeof value !== "string") {
    throw new Error(`in ${where}: Expected key and value to be strings`);
  }
  if (byteLength(space.replace(/^shared:/, "")) + byteLength(key) + byteLength(value) > entryLimit) {
    throw new Error(`in ${where}: This pluginData entry exceeds 100 kB per entry limit.`);
  }
  const { [`${space}/${key}`]: _, ...others } = store.at(id).fields.pluginData;
  const pluginData = value === "" ? others : { ...others, [`${space}/${key}`]: value };
  store.write(id, { pluginData }, "LOCAL");
}

/** The keys that have a text. */
export function dataKeys(store: Store, id: string, space: string): readonly string[] {
  return Object.keys(store.at(id).fields.pluginData)
    .filter((key) => key.startsWith(`${space}/`))
    .map((key) => key.slice(space.length + 1));
}

/** The buttons of a plugin on a node, command -> description. */
export const getRelaunch = (store: Store, id: string, pluginId: string): Readonly<Record<string, string>> =>
  store.at(id).fields.relaunch[pluginId] ?? {};

/** Sets all buttons of a plugin on a node: those that were there before go. */
export function setRelaunch(store: Store, id: string, pluginId: string, data: unknown): void {
  if (typeof data !== "object" || data === null || Object.values(data).some((text) => typeof text !== "string")) {
    throw new Error("in setRelaunchData: Expected an object of command to description");
  }
  const entries = Object.entries(data as Readonly<Record<string, string>>);
  if (entries.some(([, description]) => description.length > descriptionLimit)) {
    throw new Error(`in setRelaunchData: A description must be at most ${descriptionLimit} characters`);
  }
  const { [pluginId]: _, ...others } = store.at(id).fields.relaunch;
  store.write(
    id,
    { relaunch: entries.length === 0 ? others : { ...others, [pluginId]: Object.fromEntries(entries) } },
    "LOCAL",
  );
}
