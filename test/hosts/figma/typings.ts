// Figma's typings as a module: without the globals that they declare otherwise, which a page's and Node's own would meet.
export type * from "@figma/plugin-typings/plugin-api-standalone.d.ts";
