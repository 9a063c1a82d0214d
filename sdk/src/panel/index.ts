export type { ControlKind, Example, Lack, Panel, PanelOptions, Theme, Vocabulary } from "./options.ts";
export { mountPanel } from "./panel.tsx";
