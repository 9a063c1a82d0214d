export { mountPanel, type Panel, type PanelOptions, type Theme, type Vocabulary } from "./panel.tsx";
