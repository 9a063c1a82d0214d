import type { PluginFiles } from "../contract.ts";

/** What the page is given by its server. */
export interface ServedPlugin {
  readonly plugin: PluginFiles;
  readonly prelude: string;
}

/** A call of the editor, or its answer, as it crosses between the test and the page: JSON, with bytes as base64. */
export interface Crossing {
  readonly json: string;
  readonly bytes: readonly string[];
}
