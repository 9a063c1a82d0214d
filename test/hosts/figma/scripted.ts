import { type NodeFigma, openFigma, type PluginFiles } from "./index.ts";

// Small plugins written in a test: what the simulator is tried with.

/** A manifest of the least that Figma takes, with what a test adds. */
export const manifestWith = (more: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> => ({
  name: "Tried",
  id: "tried-1",
  api: "1.0.0",
  main: "main.js",
  ui: "ui.html",
  editorType: ["figma"],
  documentAccess: "dynamic-page",
  networkAccess: { allowedDomains: ["https://panel.example"], devAllowedDomains: ["http://localhost:5173"] },
  ...more,
});

/** For scripts: says what a function gives, or throws, or rejects with. A text that is thrown is told from an Error. */
const words = `
function tell(value) { console.log(typeof value === "object" && value !== null ? JSON.stringify(value) : String(value)); }
function fault(error) { console.log(typeof error === "string" ? "the text " + error : String(error)); }
function say(run) { try { tell(run()); } catch (error) { fault(error); } }
async function later(run) { try { tell(await run()); } catch (error) { fault(error); } }
`;

/** Opens an editor with a plugin of this script. */
export const scripted = (main: string, more: Partial<PluginFiles> = {}): Promise<NodeFigma> =>
  openFigma({ html: "<p>page</p>", manifest: manifestWith(), ...more, main: `${words}\n${main}` });

/** What the plugin has written since it started. */
export async function said(figma: NodeFigma): Promise<readonly string[]> {
  await figma.settled();
  return (await figma.log()).map(({ text }) => text);
}

/** Runs a script as a plugin and gives what it wrote. `prepare` draws before it starts. */
export async function run(main: string, prepare?: (figma: NodeFigma) => Promise<unknown>): Promise<readonly string[]> {
  const figma = await scripted(main);
  await prepare?.(figma);
  await figma.runCommand();
  return said(figma);
}
