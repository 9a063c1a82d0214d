// The panel as a page of anyone's carries it: mounted, with a host behind a port and the engine in a worker. bench/panel.ts
// weighs it; nobody runs it.

export { connectEngine } from "@underdraw/engine/worker";
export { connectHost } from "@underdraw/sdk";
export { mountPanel } from "@underdraw/sdk/panel";
