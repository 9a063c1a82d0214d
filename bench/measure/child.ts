import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

// A benchmark that starts itself again in a process of its own, so that memory and starting time are that process's
// alone. The child writes one line of JSON as the last thing on stdout.

const runner = fileURLToPath(new URL("../../scripts/run.mjs", import.meta.url));

/** Runs a script of bench/ in a new process with these arguments, and gives what it reports. */
export async function runChild<Report>(script: string, args: readonly string[]): Promise<Report> {
  const child = spawn(process.execPath, ["--expose-gc", runner, fileURLToPath(script), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let out = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve, reject) => {
    child.once("error", reject).once("close", (...ended) => resolve(ended));
  });
  const last = out.trimEnd().split("\n").at(-1) ?? "";
  if (code !== 0 || !last.startsWith("{"))
    throw new Error(
      `The child process ended with ${signal ?? `code ${code}`} and no report. It wrote: ${out || "nothing"}`,
    );
  return JSON.parse(last) as Report;
}

/** Collects garbage now; needs --expose-gc. */
export function collect(): void {
  const { gc } = globalThis as { gc?: () => void };
  if (!gc) throw new Error("Run this with node --expose-gc.");
  gc();
  gc();
}

/** A line of a /proc file that counts kB, in bytes; null where the system has no such file (Linux has). */
export function procBytes(file: "self/status" | "meminfo", name: string): number | null {
  try {
    const kilobytes = new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(readFileSync(`/proc/${file}`, "utf8"))?.[1];
    return kilobytes === undefined ? null : 1024 * Number(kilobytes);
  } catch {
    return null;
  }
}
