import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { PeerAnswer } from "./peer-process.ts";

// The other end of `peer-process.ts`, in Node.

/** Bytes of memory at the most since the last call of `forgetPeak`; NaN where the system does not tell (Linux does). */
function peakMemory(): number {
  try {
    return 1024 * Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1]);
  } catch {
    return Number.NaN;
  }
}

function forgetPeak(): void {
  try {
    writeFileSync("/proc/self/clear_refs", "5");
  } catch {
    // The peak is then that of the whole life.
  }
}

/** Says that this process is ready and does a piece of work for each line of JSON, until there are no more. */
export async function answerLines<T>(about: string, work: (asked: T) => Promise<void>): Promise<void> {
  console.log(JSON.stringify({ about }));
  for await (const line of createInterface({ input: process.stdin })) {
    forgetPeak();
    const [before, begun] = [process.cpuUsage(), performance.now()];
    await work(JSON.parse(line) as T);
    const ms = performance.now() - begun;
    const { user, system } = process.cpuUsage(before);
    const answer: PeerAnswer = { ms, cpu: (user + system) / 1000, peak: peakMemory() };
    console.log(JSON.stringify(answer));
  }
}
