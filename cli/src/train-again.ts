import type { Arguments } from "./command.ts";
import type { TrainAsked } from "./train-asked.ts";

// Command lines that a person can copy: the same training again, and drawing with what it made.

/** The same training with other flags: null takes one out. */
export function trainAgain(flags: Arguments["flags"], changes: Readonly<Record<string, string | null>> = {}): string {
  const all = new Map<string, string | null>([...flags, ...Object.entries(changes)]);
  const words = [...all].flatMap(([name, value]) =>
    value === null ? [] : value === "" ? [`--${name}`] : [`--${name}`, quoted(value)],
  );
  return ["underdraw train", ...words].join(" ");
}

/** What a drawing with the net needs to know. */
export interface DrawingWords {
  readonly asked: TrainAsked;
  readonly flags: Arguments["flags"];
  /** A picture that a map can be seen in; null where maps are given. */
  readonly picture: string | null;
}

/** Drawing with the net of a training. */
export function drawWith({ asked, flags, picture }: DrawingWords): string {
  const condition = flags.get("condition");
  const given = (name: string, as = name): readonly string[] => {
    const value = flags.get(name);
    return value === undefined ? [] : [`--${as}`, quoted(value)];
  };
  return [
    "underdraw draw",
    ...(picture === null ? ["--map", "MAP.png"] : ["--from", quoted(picture)]),
    ...(condition === undefined ? [] : ["--condition", quoted(condition)]),
    ...(picture === null ? [] : given("detector")),
    ...["--prompt", '"what it shows"', "--net", quoted(netPath(asked.out))],
    ...(asked.model === undefined ? [] : ["--model", quoted(asked.model)]),
    ...given("prediction"),
    ...given("size"),
    ...given("device"),
  ].join(" ");
}

/** A net's folder so that it is taken for a path, and never for the name of one of the model's nets. */
const netPath = (out: string): string => (/[\\/]/.test(out) ? out : `./${out}`);

/** A word for a shell: as it is where that is safe, else in quotes, double ones where every shell takes them. */
function quoted(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  return /["$`\\!]/.test(word) ? `'${word.replaceAll("'", "'\\''")}'` : `"${word}"`;
}
