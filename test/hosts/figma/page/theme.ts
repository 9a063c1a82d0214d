// Some of the CSS variables that Figma gives a plugin's page with `themeColors`. The names are Figma's own; the editor has
// 172 of them, here are those that a panel maps its own tokens to.

/** A theme of the editor. */
export type Theme = "light" | "dark";

const tokens: Readonly<Record<string, readonly [light: string, dark: string]>> = {
  bg: ["#ffffff", "#2c2c2c"],
  "bg-secondary": ["#f5f5f5", "#383838"],
  "bg-tertiary": ["#e6e6e6", "#444444"],
  "bg-hover": ["#f5f5f5", "#383838"],
  "bg-brand": ["#0d99ff", "#0c8ce9"],
  "bg-brand-hover": ["#007be5", "#0a6dc2"],
  "bg-danger": ["#f24822", "#e03e1a"],
  "bg-selected": ["#e5f4ff", "#4a5878"],
  "bg-disabled": ["#d9d9d9", "#757575"],
  text: ["#000000e5", "#ffffff"],
  "text-secondary": ["#00000080", "#ffffffb2"],
  "text-tertiary": ["#0000004d", "#ffffff66"],
  "text-brand": ["#007be5", "#7cc4f8"],
  "text-danger": ["#dc3412", "#fca397"],
  "text-onbrand": ["#ffffff", "#ffffff"],
  icon: ["#000000e5", "#ffffff"],
  "icon-secondary": ["#00000080", "#ffffffb2"],
  "icon-brand": ["#007be5", "#7cc4f8"],
  border: ["#e6e6e6", "#444444"],
  "border-strong": ["#2c2c2c", "#e6e6e6"],
  "border-selected": ["#0d99ff", "#0c8ce9"],
};

/** The variables of a theme. */
export const variablesOf = (theme: Theme): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(tokens).map(([name, [light, dark]]) => [`--figma-color-${name}`, theme === "light" ? light : dark]),
  );

/** The variables as the text of a style element. */
export const styleOf = (theme: Theme): string =>
  `:root{${Object.entries(variablesOf(theme))
    .map(([name, value]) => `${name}:${value}`)
    .join(";")}}`;
