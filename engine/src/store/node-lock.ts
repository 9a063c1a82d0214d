import { randomUUID } from "node:crypto";
import { readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { writeFailure } from "./failure.ts";

// One writer among processes: a file that only one can make. It names its process, and is touched while that works, so
// that one that was left behind by a crash is known.

/** How often a lock is looked at, and touched. Milliseconds. */
const LOOK = 50;
const TOUCH = 5_000;
/** How long a lock of another machine may be untouched before it counts as left behind. Milliseconds. */
const LEFT_ELSEWHERE = 120_000;
/** The same for this machine, where the process is alive: its number may be that of another one by now. */
const LEFT_HERE = 600_000;
/** How long taking a lock away may last: it is some calls to the disk. */
const LEFT_TAKING = 10_000;

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException | undefined)?.code ?? "";

/** Makes a file that was not there; false when it was. */
async function made(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: "wx" });
    return true;
  } catch (cause) {
    if (codeOf(cause) === "EEXIST" || codeOf(cause) === "EPERM") return false;
    throw writeFailure(path, cause);
  }
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return codeOf(cause) !== "ESRCH";
  }
};

/** Whether a lock was left behind. Null when there is none. */
async function isLeft(path: string): Promise<boolean | null> {
  try {
    const [text, { mtimeMs }] = await Promise.all([readFile(path, "utf8"), stat(path)]);
    const untouched = Date.now() - mtimeMs;
    const [pid, host] = text.split(" ");
    if (host !== hostname()) return untouched > LEFT_ELSEWHERE;
    return !isAlive(Number(pid)) || untouched > LEFT_HERE;
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") return null;
    throw writeFailure(path, cause);
  }
}

/** Takes a lock away that was left behind. Only one may do so at a time, or a new one could be taken for the old. */
async function takeAway(path: string): Promise<void> {
  const taking = `${path}.taking`;
  if (!(await made(taking, ""))) {
    const facts = await stat(taking).catch(() => null);
    if (facts && Date.now() - facts.mtimeMs > LEFT_TAKING) await rm(taking, { force: true });
    return;
  }
  try {
    if (await isLeft(path)) await rm(path, { force: true });
  } finally {
    await rm(taking, { force: true });
  }
}

/** Runs `work` while no other process, and nobody else in this one, runs any under the same file. */
export async function underLock<T>(path: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const mine = `${process.pid} ${hostname()} ${randomUUID()}`;
  for (;;) {
    signal?.throwIfAborted();
    if (await made(path, mine)) break;
    if (await isLeft(path)) await takeAway(path);
    else await new Promise((resolve) => setTimeout(resolve, LOOK));
  }
  const touching = setInterval(() => {
    const at = new Date();
    void utimes(path, at, at).catch(() => undefined);
  }, TOUCH);
  touching.unref();
  try {
    return await work();
  } finally {
    clearInterval(touching);
    // One that was taken away from a process that slept is another's by now.
    const text = await readFile(path, "utf8").catch(() => null);
    if (text === mine) await rm(path, { force: true });
  }
}
