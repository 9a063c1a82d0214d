import type { Command, Flag } from "./command.ts";

/** The flags that every command takes. */
const commonFlags: readonly Flag[] = [{ name: "help", letter: "h", help: "say this and do nothing else" }];

/** All flags of a command, the common ones included. */
export function flagsOf(command: Command): readonly Flag[] {
  return [...Object.values(command.flags).flat(), ...commonFlags];
}

/** The help of one command. */
export function commandHelp(command: Command): string {
  const groups = Object.entries({ ...command.flags, Other: [...(command.flags["Other"] ?? []), ...commonFlags] });
  const width = Math.min(28, Math.max(...groups.flatMap(([, flags]) => flags.map((flag) => shown(flag).length))));
  return [
    command.about,
    "",
    ...titled(
      "Usage",
      command.usage.map((line) => `underdraw ${line}`),
    ),
    ...Object.entries(command.words ?? {}).flatMap(([title, words]) => ["", ...titled(title, rows(words))]),
    ...groups.flatMap(([title, flags]) => [
      "",
      ...titled(
        title,
        flags.flatMap((flag) => described(flag, width)),
      ),
    ]),
    ...(command.notes ? ["", ...command.notes.flatMap((note) => wrapped(note, 96))] : []),
    "",
    ...titled(
      "Examples",
      command.examples.map((line) => `underdraw ${line}`),
    ),
    "",
  ].join("\n");
}

/** The help of the whole. */
export function overallHelp(commands: readonly Command[], version: string): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return [
    `underdraw ${version}: a map and a prompt become a picture that obeys the map, on this machine.`,
    "",
    ...titled("Usage", ["underdraw COMMAND [WORD …] [--flag value …]"]),
    "",
    ...titled(
      "Commands",
      commands.map(({ name, about }) => `${name.padEnd(width)}  ${about}`),
    ),
    "",
    ...titled("Begin with", ['underdraw draw --map sketch.png --prompt "flat emoji of a red apple" --out apple.png']),
    "",
    "underdraw COMMAND --help tells all of a command. underdraw --version tells the version.",
    "",
    ...titled("Exit codes", [
      "0  done",
      "1  failed, with the reason on stderr",
      "2  wrong usage",
      "130  stopped with Ctrl-C",
    ]),
    "",
    "UNDERDRAW_DEBUG=1 adds the stack of a failure to its reason.",
    "",
  ].join("\n");
}

function titled(title: string, lines: readonly string[]): readonly string[] {
  return [`${title}:`, ...lines.map((line) => `  ${line}`)];
}

/** Words with what they mean, in two columns. */
function rows(words: readonly (readonly [word: string, meaning: string])[]): readonly string[] {
  const width = Math.max(...words.map(([word]) => word.length));
  return words.flatMap(([word, meaning]) => {
    const [first = "", ...rest] = wrapped(meaning, 94 - width);
    return [`${word.padEnd(width)}  ${first}`, ...rest.map((line) => `${" ".repeat(width)}  ${line}`)];
  });
}

function shown({ name, letter, value }: Flag): string {
  return `--${name}${value === undefined ? "" : ` ${value}`}${letter === undefined ? "" : `, -${letter}`}`;
}

function described(flag: Flag, width: number): readonly string[] {
  const left = shown(flag);
  const [first = "", ...rest] = wrapped(flag.help, 94 - width);
  const more = rest.map((line) => `${" ".repeat(width)}  ${line}`);
  if (left.length > width) return [left, `${" ".repeat(width)}  ${first}`, ...more];
  return [`${left.padEnd(width)}  ${first}`, ...more];
}

function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + word.length + 1 > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
