/** What the loader's page hands over in the address. */
export interface Start {
  /** The plugin's id: without it no message reaches the plugin. */
  readonly plugin: string;
  readonly theme: "light" | "dark";
  /** The layer whose Redraw button started the plugin. */
  readonly layer: string | null;
}

/** Reads the part of an address after "#"; null when the loader did not write it. */
export function readStart(hash: string): Start | null {
  const values = new URLSearchParams(hash.replace(/^#/, ""));
  const plugin = values.get("plugin");
  if (!plugin) return null;
  return { plugin, theme: values.get("theme") === "dark" ? "dark" : "light", layer: values.get("layer") };
}
