import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism, cpus, loadavg, platform, release, totalmem } from "node:os";

// What every benchmark prints: the machine and how busy it was, plain tables, and one ratio at the end. Ratios of one run
// are what may be compared; seconds of different machines, or of a busy one, may not.

/** The machine in lines: processor, memory, versions, provider, and the load of the last minute when it began. */
export function machine(provider: string, more: readonly string[] = [], load = loadNow()): string {
  const processor = cpus()[0]?.model.trim() || "a processor that gives no name";
  const cores = availableParallelism();
  const busy = load > 0.5 ? " (BUSY: other work runs here, so that seconds are too long)" : "";
  return [
    `machine   ${processor}, ${cores} cores, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, ${platform()} ${release()}`,
    `runtime   Node ${process.version}, onnxruntime ${onnxruntimeVersion()}, provider ${provider}`,
    `load      ${load.toFixed(2)} on ${cores} cores in the minute before${busy}`,
    ...more,
    "",
  ].join("\n");
}

/** How many processes wanted to run in the last minute, on average: ask before the work begins. */
export const loadNow = (): number => loadavg()[0] ?? 0;

function onnxruntimeVersion(): string {
  const find = createRequire(import.meta.url);
  const { version } = JSON.parse(readFileSync(find.resolve("onnxruntime-node/package.json"), "utf8"));
  return String(version);
}

/** A table in plain text: the first column to the left, numbers to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, n) => Math.max(...all.map((row) => (row[n] ?? "").length)));
  const line = (row: readonly string[]) =>
    widths.map((width, n) => (n === 0 ? (row[n] ?? "").padEnd(width) : (row[n] ?? "").padStart(width))).join("  ");
  const rule = widths.map((width) => "-".repeat(width)).join("  ");
  return `${[line(head), rule, ...rows.map(line)].map((text) => text.trimEnd()).join("\n")}\n`;
}

/** The middle of some numbers. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low = Number.NaN, high = low] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return (low + high) / 2;
}

/** Megabytes (10^6 bytes) in words. */
export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

/** Milliseconds in words. */
export const milliseconds = (value: number): string => `${value.toFixed(value < 10 ? 2 : 1)} ms`;

/** Milliseconds as seconds in words. */
export const seconds = (value: number): string => `${(value / 1000).toFixed(2)} s`;

/** A number option of the command line, or why it is none. */
export function numberOption(name: string, text: string, least: number): number {
  const value = Number(text);
  if (Number.isFinite(value) && value >= least) return value;
  throw new RangeError(`--${name} is "${text}"; it is a number from ${least} on.`);
}
