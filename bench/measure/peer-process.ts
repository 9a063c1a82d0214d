import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

// A process that answers each line of JSON with one, so that several ways to do the same work can be timed in turn, each
// with memory of its own.

/** A running process. */
export interface Peer {
  /** What it said of itself when it was ready. */
  readonly about: string;
  ask(message: object): Promise<PeerAnswer>;
  close(): Promise<void>;
}

/** What one piece of work took. */
export interface PeerAnswer {
  readonly ms: number;
  /** Time of the processors, of all threads together. Milliseconds. */
  readonly cpu: number;
  /** Bytes in memory at the most meanwhile. */
  readonly peak: number;
}

/** Starts a process and waits until it says that it is ready. */
export async function startPeer(command: string, args: readonly string[]): Promise<Peer> {
  const child: ChildProcess = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  if (!child.stdin || !child.stdout) throw new Error(`${command} has no pipes.`);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async <T>(): Promise<T> => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done) throw new Error(`${command} ${args.join(" ")} ended before it answered.`);
      // Libraries print what they like.
      if (typeof value === "string" && value.startsWith("{")) return JSON.parse(value) as T;
    }
  };
  const { about } = await next<{ about: string }>();
  return {
    about,
    ask: (message) => {
      child.stdin?.write(`${JSON.stringify(message)}\n`);
      return next<PeerAnswer>();
    },
    close: async () => {
      child.stdin?.end();
      if (child.exitCode === null) await once(child, "close");
    },
  };
}
