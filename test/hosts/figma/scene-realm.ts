import type { Scene } from "@underdraw/engine";
import { type OutputOptions, type RollupOptions, rollup } from "rollup";
import bundles from "../../../plugins/figma/bundles.mjs";
import type { NodeFigma } from "./index.ts";
import { scripted } from "./scripted.ts";

// The plugin's own way to a scene, built as main is built and run in the simulator's realm by itself: what it gives is seen
// before a bridge has checked it, and it can be stopped and counted.

/** What the script answers each message with. */
interface Told {
  readonly scene?: Scene | null;
  readonly failed?: string;
  /** How often the realm did something else meanwhile. */
  readonly turns: number;
}

const entry = "\0scene-realm";

/** Reads the scene on any message; stops it, or removes a node, after as many turns as the message says. */
const script = `
import { scene } from ${JSON.stringify(`${process.cwd()}/plugins/figma/src/main/scene.ts`)};
figma.showUI("<p></p>");
figma.ui.onmessage = ({ stopAfter, removeAfter, remove }) => {
  const listeners = [];
  const signal = { aborted: false, addEventListener: (_, listener) => listeners.push(listener), removeEventListener() {} };
  let turns = 0;
  const beat = setInterval(() => {
    turns++;
    if (turns === removeAfter) figma.getNodeByIdAsync(remove).then((node) => node.remove());
    if (turns === stopAfter) {
      signal.aborted = true;
      signal.reason = "stopped by the test";
      for (const listener of listeners) listener();
    }
  }, 0);
  scene({ signal }).then((scene) => ({ scene }), (error) => ({ failed: String(error && error.code || error) })).then((told) => {
    clearInterval(beat);
    figma.ui.postMessage(Object.assign({ turns }, told));
  });
};
`;

let built: Promise<string> | undefined;

async function build(): Promise<string> {
  const [main] = bundles as unknown as readonly (RollupOptions & { readonly output: OutputOptions })[];
  if (!main) throw new Error("The plugin has no main.");
  const own = {
    name: "scene-realm",
    resolveId: (id: string) => (id === entry ? entry : null),
    load: (id: string) => (id === entry ? script : null),
  };
  const bundle = await rollup({ ...main, input: entry, plugins: [own, main.plugins] });
  const { output } = await bundle.generate(main.output);
  await bundle.close();
  return output[0].code;
}

/** An editor in which nothing but the reading of scenes runs. */
export async function openSceneEditor(): Promise<NodeFigma> {
  built ??= build();
  const figma = await scripted(await built);
  await figma.runCommand();
  await figma.settled();
  return figma;
}

/** Reads the scene of what is selected, as told from the realm. */
export async function tell(
  figma: NodeFigma,
  asked: { readonly stopAfter?: number; readonly removeAfter?: number; readonly remove?: string } = {},
): Promise<Told> {
  const told = new Promise<Told>((resolve) => {
    figma.ui.onmessage = (message) => resolve(message as Told);
  });
  figma.ui.send(asked);
  return told;
}

/** The scene of what is selected. Rejects with the code of what went wrong. */
export async function sceneOf(figma: NodeFigma): Promise<Scene | null> {
  const { scene, failed } = await tell(figma);
  if (failed !== undefined) throw new Error(failed);
  return scene ?? null;
}
