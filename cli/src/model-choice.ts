import { existsSync, statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { inspect, UnderdrawError } from "@underdraw/engine";
import { type ModelSource, nodeFolder } from "@underdraw/engine/node";
import { miniFolder } from "@underdraw/model-mini/node";
import { nearest } from "./arguments.ts";
import { isAddress, openPlace } from "./model-place.ts";

// Which model and which nets a command line means: the pack that comes with the command, or what lies at a path. Nothing
// is opened here but folders; whether the files are sound and fit together is the engine's to say.

/** What the pack is called in recipes and messages. */
const packName = "model-mini";

/** A model with the nets that lie in its folder. */
export interface ModelChoice {
  readonly base: ModelSource;
  /** True for the pack that comes with the command. */
  readonly isPack: boolean;
  /** The nets in the model's own folder, by name. */
  readonly nets: ReadonlyMap<string, ModelSource>;
}

/** A net by the name that it is loaded with. */
export interface NetChoice {
  readonly name: string;
  readonly source: ModelSource;
  /** Where it lies, so that the same one is known again. */
  readonly place: string;
}

/** A net that is looked for. */
export interface NetAsked {
  /** As a person wrote it: a name in the model's folder, or a path. */
  readonly net?: string;
  /** What the map shows, and the names of the nets that read it, the best first. */
  readonly condition: string;
  readonly readers: readonly string[];
}

/** Finds the model: at a path, or the pack without one. Rejects with `model-unknown` when nothing is there. */
export async function chooseModel(path: string | undefined): Promise<ModelChoice> {
  const folder = path ?? miniFolder();
  if (path === undefined && !existsSync(join(folder, "model_index.json"))) {
    const message = `The model pack that comes with underdraw is missing at ${folder}. Install underdraw again, or name a model with --model.`;
    throw new UnderdrawError("model-unknown", message, { id: packName, known: [] });
  }
  const base = path === undefined ? nodeFolder(folder, packName) : await openPlace(folder);
  // The store keeps what a model needs, and no nets beside it.
  const hasNets = base.kind === "folder" && !isAddress(folder);
  return { base, isPack: path === undefined, nets: hasNets ? await netsIn(folder) : new Map() };
}

/** The nets in a model's folder: each folder in `controlnet`, or that folder itself where it is one net. */
async function netsIn(folder: string): Promise<ReadonlyMap<string, ModelSource>> {
  const home = join(folder, "controlnet");
  const isNet = (path: string): boolean => existsSync(join(path, "config.json"));
  if (isNet(home)) return new Map([["controlnet", nodeFolder(home)]]);
  const names = await readdir(home).catch(() => []);
  return new Map(
    names
      .sort()
      .filter((name) => isNet(join(home, name)))
      .map((name) => [name, nodeFolder(join(home, name))]),
  );
}

/**
 * Finds the net of each control: by its name in the model's folder, at a path, or, where nothing is asked for, the first
 * of the condition's nets that the model has. A net that several controls share is one, and no two nets have one name.
 * Rejects with `model-unknown` where there is none.
 */
export async function chooseNets(
  model: ModelChoice,
  asked: readonly NetAsked[],
  signal: AbortSignal,
): Promise<readonly NetChoice[]> {
  const chosen: NetChoice[] = [];
  for (const one of asked) {
    const found = await chooseNet(model, one, signal);
    const same = chosen.find(({ place }) => place === found.place);
    let { name } = found;
    for (let n = 2; !same && chosen.some((other) => other.name === name); n++) name = `${found.name}-${n}`;
    chosen.push(same ?? { ...found, name });
  }
  return chosen;
}

async function chooseNet(
  model: ModelChoice,
  { net: asked, condition, readers }: NetAsked,
  signal: AbortSignal,
): Promise<NetChoice> {
  const { nets } = model;
  const known = [...nets.keys()];
  const from = model.isPack ? "The pack" : `The model "${model.base.name}"`;
  const has = known.length > 0 ? `${from} has ${known.join(", ")}` : `${from} has no nets`;
  if (asked !== undefined) {
    const named = nets.get(asked);
    if (named) return { name: asked, source: named, place: asked };
    if (/[\\/]/.test(asked) || statSync(asked, { throwIfNoEntry: false })) {
      const place = isAddress(asked) ? asked : resolve(asked);
      return { name: netName(asked), source: await openPlace(asked), place };
    }
    await checkModel(model, signal);
    const near = nearest(asked, known);
    const message = `There is no net "${asked}".${near === undefined ? "" : ` Did you mean ${near}?`} ${has}; another one is named by its path.`;
    throw new UnderdrawError("model-unknown", message, { id: asked, known });
  }
  for (const name of [...readers, "controlnet"]) {
    const source = nets.get(name);
    if (source) return { name, source, place: name };
  }
  await checkModel(model, signal);
  const none = known.length > 0 ? `${has}, and none of them reads` : `${from} has no net that reads`;
  const message = `${none} a map of ${condition}. Name one with --net.`;
  throw new UnderdrawError("model-unknown", message, { id: condition, known });
}

/** Before a net is missed: refuses what is no whole model, which is the better reason. */
async function checkModel({ base }: ModelChoice, signal: AbortSignal): Promise<void> {
  const { kind, problems } = await inspect(base, undefined, { signal });
  if (kind === "base" && problems.length === 0) return;
  const reason = problems.join(" ") || `It is a ${kind}; a base model is needed.`;
  throw new UnderdrawError("model-unknown", `"${base.name}" is no model that can draw. ${reason}`, {
    id: base.name,
    known: [],
  });
}

/** What a person knows the net at a path by. */
export function netName(path: string): string {
  return basename(resolve(path)).replace(/\.safetensors$/, "");
}
