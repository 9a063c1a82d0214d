import { readFileSync } from "node:fs";
import { nearest, parseArguments } from "./arguments.ts";
import type { Command, Surroundings } from "./command.ts";
import { diff } from "./commands/diff.ts";
import { doctor } from "./commands/doctor.ts";
import { draw } from "./commands/draw.ts";
import { fetchCommand } from "./commands/fetch.ts";
import { inspectCommand } from "./commands/inspect.ts";
import { map } from "./commands/map.ts";
import { models } from "./commands/models.ts";
import { train } from "./commands/train.ts";
import { exitCodes, failureOf, misused, stackOf } from "./failure.ts";
import { commandHelp, flagsOf, overallHelp } from "./help.ts";

// The command line as a function: words in, text and an exit code out. It is the smallest integrator of the engine:
// it joins the engine and the model pack, and has no editor. main.ts ties it to the process.

const commands: readonly Command[] = [draw, map, train, diff, inspectCommand, fetchCommand, models, doctor];

/** Carries out a command line, without the program's name. Never throws; gives the exit code. */
export async function runCommandLine(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  const { stdout, stderr, signal } = surroundings;
  try {
    return await dispatch(argv, surroundings);
  } catch (error) {
    const { exitCode, code, message } = failureOf(error, signal);
    if (process.env["UNDERDRAW_DEBUG"] === "1") stderr.write(`${stackOf(error)}\n`);
    const command = commands.find(({ name }) => name === argv[0]);
    const help = exitCode === exitCodes.misused ? ` See underdraw ${command ? `${command.name} ` : ""}--help.` : "";
    stderr.write(`underdraw: ${message}${help}\n`);
    if (argv.includes("--json")) stdout.write(`${JSON.stringify({ error: { code, message } })}\n`);
    return exitCode;
  }
}

async function dispatch(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  const { stdout, stderr } = surroundings;
  const [first, ...rest] = argv;
  if (first === undefined) {
    stderr.write(overallHelp(commands, version()));
    return exitCodes.misused;
  }
  if (["--version", "-v", "-V"].includes(first)) {
    stdout.write(`underdraw ${version()}\n`);
    return exitCodes.done;
  }
  const wantsHelp = ["--help", "-h", "help"].includes(first);
  const name = wantsHelp ? rest[0] : first;
  if (wantsHelp && name === undefined) {
    stdout.write(overallHelp(commands, version()));
    return exitCodes.done;
  }
  const found = commands.find((candidate) => candidate.name === name);
  if (!found) {
    const names = commands.map((candidate) => candidate.name);
    const near = nearest(name as string, names);
    const hint = near === undefined ? `There are ${names.join(", ")}` : `Did you mean ${near}`;
    throw misused(name as string, `There is no command "${name}". ${hint}${near === undefined ? "." : "?"}`);
  }
  const command = found.narrowed?.(wantsHelp ? rest.slice(1) : rest) ?? found;
  // Help is given even where the rest of the line is wrong.
  if (wantsHelp || untilDashes(rest).some((word) => word === "--help" || word === "-h")) {
    stdout.write(commandHelp(command));
    return exitCodes.done;
  }
  return command.run(parseArguments(rest, [...flagsOf(command), ...(command.hidden?.() ?? [])]), surroundings);
}

function untilDashes(words: readonly string[]): readonly string[] {
  const end = words.indexOf("--");
  return end < 0 ? words : words.slice(0, end);
}

function version(): string {
  const manifest: { version: string } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  return manifest.version;
}
