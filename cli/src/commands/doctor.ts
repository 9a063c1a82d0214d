import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { availableParallelism, cpus, freemem, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { Engine } from "@underdraw/engine";
import type { Arguments, Command, Surroundings } from "../command.ts";
import { exitCodes, failureOf, misused } from "../failure.ts";
import { usableMemory } from "../memory-check.ts";
import { checkPack } from "../pack-check.ts";

/** `underdraw doctor`: what this machine can do, and why not. */
export const doctor: Command = {
  name: "doctor",
  about: "Tell what this machine can do, and why not.",
  usage: ["doctor [--json]"],
  flags: { Flags: [{ name: "json", help: "one JSON object on stdout" }] },
  notes: [
    "It opens each device for real and holds every file of the model pack against its SHA-256. It exits with 1 when draw cannot work here; a missing WebGPU is told and is no failure, since the CPU draws too.",
  ],
  examples: ["doctor", "doctor --json"],
  run: examine,
};

/** One thing that was looked at. */
interface Finding {
  readonly name: string;
  readonly works: boolean;
  /** Without it, `draw` cannot work. */
  readonly needed: boolean;
  readonly about: string;
  readonly facts?: Readonly<Record<string, unknown>>;
}

async function examine({ flags, words }: Arguments, { stdout, signal }: Surroundings): Promise<number> {
  if (words.length > 0) throw misused(words[0] as string, `doctor has no place for "${words[0]}".`);
  const findings = [
    node(),
    processor(),
    memory(),
    await device("cpu", signal),
    await device("webgpu", signal),
    await pack(signal),
    await folder("temporary folder", tmpdir(), false),
    await folder("this folder", process.cwd(), false),
  ];
  signal.throwIfAborted();
  const canDraw = findings.every(({ works, needed }) => works || !needed);
  if (flags.has("json")) {
    const entries = findings.map(({ name, works, about, facts }) => [name, { works, about, ...facts }]);
    stdout.write(`${JSON.stringify({ canDraw, ...Object.fromEntries(entries) })}\n`);
  } else {
    const width = Math.max(...findings.map(({ name }) => name.length));
    for (const { name, works, about } of findings) {
      stdout.write(`${works ? "yes" : " no"}  ${name.padEnd(width)}  ${about}\n`);
    }
    stdout.write(canDraw ? "underdraw can draw here.\n" : "underdraw cannot draw here: see what says no above.\n");
  }
  return canDraw ? exitCodes.done : exitCodes.failed;
}

function node(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const works = major > 20 || (major === 20 && minor >= 19);
  const about = works ? process.versions.node : `${process.versions.node}, and 20.19 or newer is needed: update it`;
  return { name: "node", works, needed: true, about };
}

function processor(): Finding {
  const threads = availableParallelism();
  const model = cpus()[0]?.model.trim() || process.arch;
  const about = `${model}, ${threads} ${threads === 1 ? "thread" : "threads"}`;
  return { name: "processor", works: true, needed: true, about, facts: { model, threads, architecture: process.arch } };
}

/** The small pack needs less than this to draw, in bytes. */
const enough = 1e9;

function memory(): Finding {
  const [total, free] = [totalmem(), freemem()];
  const usable = usableMemory();
  const about = `${gigabytes(usable)}${usable < total ? ` of ${gigabytes(total)}` : ""}, ${gigabytes(Math.min(free, usable))} free`;
  const small = usable < enough ? "; less than 1 GB may not be enough" : "";
  return { name: "memory", works: small === "", needed: false, about: about + small, facts: { total, usable, free } };
}

async function device(provider: "cpu" | "webgpu", signal: AbortSignal): Promise<Finding> {
  const needed = provider === "cpu";
  await using engine = new Engine({ runtime: { device: provider } });
  try {
    const { precision, about } = await engine.device();
    return {
      name: provider,
      works: true,
      needed,
      about: `${about}, ${precision}`,
      facts: { precision, device: about },
    };
  } catch (error) {
    signal.throwIfAborted();
    return { name: provider, works: false, needed, about: failureOf(error, signal).message };
  }
}

async function pack(signal: AbortSignal): Promise<Finding> {
  const { folder: path, files, bytes, problems } = await checkPack(signal);
  const works = problems.length === 0;
  const megabytes = (bytes / 1e6).toFixed(1);
  const about = works
    ? `${files} files, ${megabytes} MB, each as it was made`
    : `${problems.join("; ")}, in ${path}: install underdraw again`;
  return { name: "model pack", works, needed: true, about, facts: { folder: path, files, bytes, problems } };
}

async function folder(name: string, path: string, needed: boolean): Promise<Finding> {
  try {
    const made = await mkdtemp(join(path, ".underdraw-"));
    try {
      await writeFile(join(made, "written"), "x");
    } finally {
      await rm(made, { recursive: true, force: true });
    }
    return { name, works: true, needed, about: `${path} can be written`, facts: { path } };
  } catch (error) {
    return {
      name,
      works: false,
      needed,
      about: `${path} cannot be written: ${(error as Error).message}`,
      facts: { path },
    };
  }
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
