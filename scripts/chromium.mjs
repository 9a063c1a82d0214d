import { existsSync } from "node:fs";

/** Where Debian, and others, put Chromium. */
const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** The Chromium for tests: the one that `CHROMIUM` names, else one in a usual place, else null. */
export function findChromium() {
  const named = process.env.CHROMIUM;
  if (named !== undefined && named !== "") {
    if (existsSync(named)) return named;
    // Asked for and absent is a mistake, not a reason to skip.
    throw new Error(`CHROMIUM names "${named}", and there is no such file. Correct it, or unset it.`);
  }
  return places.find((place) => existsSync(place)) ?? null;
}

/** These give a WebGPU adapter on the CPU (SwiftShader) where there is no GPU. */
export const chromiumFlags = [
  "--headless=new",
  "--no-sandbox",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--enable-unsafe-webgpu",
];
