// What a command is, to the command line: a table of flags, words for its help, and a function. Commands know nothing
// of processes: they write to the streams they are given, so that a test can call one like any function.

/** Where text goes. `process.stdout` is one. */
export interface Stream {
  write(text: string): unknown;
  /** True where a person looks on and a line can be written over. */
  readonly isTTY?: boolean;
  /** Characters in a line. */
  readonly columns?: number;
}

/** What a command has around it. */
export interface Surroundings {
  /** Results: what a script reads. */
  readonly stdout: Stream;
  /** Everything else: progress, warnings, failures. */
  readonly stderr: Stream;
  /** Stops the command at its next step. */
  readonly signal: AbortSignal;
}

/** One flag: `--name VALUE`, or `--name` alone where it takes no value. */
export interface Flag {
  /** In kebab case, without dashes. */
  readonly name: string;
  /** One letter that stands for it. */
  readonly letter?: string;
  /** What stands for the value in the help ("FILE"); a flag without one is a switch. */
  readonly value?: string;
  /** It may be given several times; the values are then joined by commas. */
  readonly many?: boolean;
  /** It may be given several times, and each value stands for itself: they come in `Arguments.lists`. */
  readonly list?: boolean;
  /** The value may be left out, which means yes; only a word that says yes or no is taken for it. */
  readonly yesNo?: boolean;
  /** "begins": each one begins a group, such as a control. "inside": it belongs to the group that was begun last. */
  readonly group?: "begins" | "inside";
  /** What it does, in a clause. */
  readonly help: string;
}

/** The flags of one group: "" for a switch. */
export type FlagGroup = ReadonlyMap<string, string>;

/** The words of a command line, sorted. */
export interface Arguments {
  /** What each given flag was set to; "" for a switch. */
  readonly flags: ReadonlyMap<string, string>;
  /** The groups of flags in order. What comes before any was begun is the first; none where no such flag is given. */
  readonly groups: readonly FlagGroup[];
  /** Whether the first group is what came before any was begun. */
  readonly loose: boolean;
  /** What each flag of `list` was set to, in order. */
  readonly lists: ReadonlyMap<string, readonly string[]>;
  /** What is no flag, in order. */
  readonly words: readonly string[];
}

/** A command of `underdraw`. */
export interface Command {
  readonly name: string;
  /** What it does, in a sentence. */
  readonly about: string;
  /** How it is written, one form a line, without "underdraw". */
  readonly usage: readonly string[];
  /** Words that it knows, with what they mean, by heading. */
  readonly words?: Readonly<Record<string, readonly (readonly [word: string, meaning: string])[]>>;
  /** Its flags by heading. */
  readonly flags: Readonly<Record<string, readonly Flag[]>>;
  /** What a reader of the help should know besides. */
  readonly notes?: readonly string[];
  /** Command lines worth copying, without "underdraw". */
  readonly examples: readonly string[];
  /** Flags that are read besides, and that the help of something narrower tells. */
  hidden?(): readonly Flag[];
  /** The command as these words mean it, where some of its flags belong to what the words name. */
  narrowed?(argv: readonly string[]): Command;
  /** Does it. Gives the exit code. */
  run(given: Arguments, surroundings: Surroundings): Promise<number>;
}
