import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { runCommandLine } from "../../cli/src/command-line.ts";

/** What a command left behind. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command line inside this process; `onWrite` hears what goes to stderr, and may stop it. */
export async function underdraw(
  argv: readonly string[],
  { signal = new AbortController().signal, onWrite = (_text: string): void => {}, isTTY = false } = {},
): Promise<Outcome> {
  let [stdout, stderr] = ["", ""];
  const code = await runCommandLine(argv, {
    signal,
    stdout: {
      write: (text) => {
        stdout += text;
      },
    },
    stderr: {
      isTTY,
      columns: 80,
      write: (text) => {
        stderr += text;
        onWrite(text);
      },
    },
  });
  return { code, stdout, stderr };
}

/** A command line as a process of its own, which may be interrupted at a word on stderr. */
export function spawned(
  argv: readonly string[],
  { cwd = process.cwd(), interruptAt = undefined as RegExp | undefined, env = {} as Record<string, string> } = {},
): Promise<Outcome> {
  const [script, entry] = ["scripts/run.mjs", "cli/src/main.ts"].map((path) => join(process.cwd(), path)) as [
    string,
    string,
  ];
  const child = spawn(process.execPath, [script, entry, ...argv], { cwd, env: { ...process.env, ...env } });
  let [stdout, stderr, interrupted] = ["", "", false];
  child.stdout.on("data", (text) => {
    stdout += text;
  });
  child.stderr.on("data", (text) => {
    stderr += text;
    if (interrupted || !interruptAt?.test(stderr)) return;
    interrupted = true;
    child.kill("SIGINT");
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? -1, stdout, stderr }));
  });
}

/** What went to stderr besides progress. */
export function said({ stderr }: Outcome): string {
  return stderr
    .split("\n")
    .filter((line) => line !== "" && !/^ *\d+% {2}/.test(line))
    .join("\n");
}

/** A folder that is there for the tests of one file. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), "underdraw-cli-"));
  afterAll(() => {
    if (existsSync(folder)) rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

const tiny = "test/golden/parity/sd15-tiny";

/** A model of random weights that draws at once, and its net. */
export const tinyModel = { base: `${tiny}/base`, net: `${tiny}/controlnets/canny`, map: `${tiny}/map-canny.png` };
