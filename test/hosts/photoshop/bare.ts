import { type NodePhotoshop, openPhotoshop, type PhotoshopOptions } from "./index.ts";

/** A manifest that asks for nothing. */
export const manifest = {
  manifestVersion: 5,
  id: "com.example.bare",
  name: "Bare",
  version: "1.0.0",
  main: "main.js",
  host: { app: "PS", minVersion: "26.0.0" },
  entrypoints: [{ type: "panel", id: "panel" }],
};

const main = 'require("uxp").entrypoints.setup({ panels: { panel: {} } });';

interface BareOptions extends Omit<PhotoshopOptions, "plugin"> {
  /** The plugin's script. */
  readonly main?: string;
  readonly permissions?: object;
  readonly files?: Readonly<Record<string, string>>;
  /** In place of parts of the manifest. */
  readonly manifest?: object;
}

/** Photoshop with a plugin that does nothing by itself: what tests run in its realm is all there is. */
export function openBare(options: BareOptions = {}): Promise<NodePhotoshop> {
  const { permissions = {}, files = {}, main: script = main, manifest: parts = {}, ...rest } = options;
  const plugin = {
    manifest: { ...manifest, requiredPermissions: permissions, ...parts },
    files: { "main.js": script, ...files },
  };
  return openPhotoshop({ ...rest, plugin });
}

/** The start of most code that a test runs: Photoshop's modules, and a modal scope in one word. */
const prelude = `
  const { app, core, action, imaging, constants } = require("photoshop");
  const modal = (work, options) => core.executeAsModal(work, { commandName: "Test", ...options });
  const failure = async (work) => {
    try {
      await work();
    } catch (error) {
      return { message: error.message, number: error.number };
    }
    return null;
  };
`;

/** Runs code after the prelude. */
export const inPlugin = <T = unknown>(ps: NodePhotoshop, code: string): Promise<T> => ps.run<T>(prelude + code);
