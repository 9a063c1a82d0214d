import { probeDevices } from "@underdraw/engine";
import { gathered, type OpenPacked } from "./packed-files.ts";
import { checkWorker } from "./worker-check.ts";

// What only a running Photoshop can tell of its webview, for a report. Everything is tried, and nothing is kept.

/** Long enough for anything that works, in milliseconds. */
const PATIENCE = 5000;

async function tried(ask: () => unknown): Promise<unknown> {
  try {
    const late = new Promise((_, reject) => setTimeout(() => reject(new Error("no answer")), PATIENCE));
    return (await Promise.race([ask(), late])) ?? null;
  } catch (error) {
    return { failed: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
  }
}

/** How large a message crosses, and how fast: `send` answers when the other end has it. */
const questions: Readonly<Record<string, () => unknown>> = {
  location: () => ({ href: location.href, origin: location.origin }),
  isSecureContext: () => isSecureContext,
  crossOriginIsolated: () => crossOriginIsolated,
  userAgent: () => navigator.userAgent,
  language: () => navigator.language,
  cores: () => navigator.hardwareConcurrency,
  memory: () => (navigator as { deviceMemory?: number }).deviceMemory,
  jspi: () => "Suspending" in WebAssembly,
  subtle: () => typeof crypto.subtle,
  "worker from a blob": () => checkWorker(),
  "fetch of a neighbour": async () => (await fetch("./files/0.0.js")).status,
  "import of a blob": async () => {
    const address = URL.createObjectURL(new Blob(["export default 7"], { type: "text/javascript" }));
    return ((await import(/* @vite-ignore */ address)) as { default: number }).default;
  },
  localStorage: () => localStorage.length,
  indexedDB: () =>
    new Promise((resolve, reject) => {
      const opening = indexedDB.open("underdraw-report");
      opening.onsuccess = () => {
        opening.result.close();
        indexedDB.deleteDatabase("underdraw-report");
        resolve("works");
      };
      opening.onerror = () => reject(opening.error);
    }),
  caches: async () => (await caches.keys()).length,
  files: async () => (await navigator.storage.getDirectory()).kind,
  estimate: () => navigator.storage.estimate(),
};

/** What this page can do, and how the package's own files load. */
export async function probePage(open: OpenPacked): Promise<Record<string, unknown>> {
  const report: Record<string, unknown> = {};
  for (const [name, ask] of Object.entries(questions)) report[name] = await tried(ask);
  report["packed file"] = await tried(async () => {
    const start = performance.now();
    const { length } = await gathered(await open("tokenizer/vocab.json"));
    return { bytes: length, ms: Math.round(performance.now() - start) };
  });
  const reader = async (file: string): Promise<Uint8Array> => gathered(await open(file));
  report["devices"] = await probeDevices({ assets: reader }).catch((error: unknown) => ({ failed: String(error) }));
  // JSON keeps no bigint, and the bridge is JSON.
  return JSON.parse(JSON.stringify(report, (_, value) => (typeof value === "bigint" ? String(value) : value)));
}
