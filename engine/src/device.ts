import type { Device } from "./engine.ts";
import type { Runtime } from "./runtime/runtime.ts";

/** What of a runtime a person is told. */
export const describeDevice = ({ provider, precision, about, fallback }: Runtime): Device => ({
  provider,
  precision,
  about,
  fallback,
});
