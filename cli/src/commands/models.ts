import { modelCache, nodeStore, type StoredModel } from "@underdraw/engine/node";
import type { Arguments, Command, Surroundings } from "../command.ts";
import { exitCodes, misused } from "../failure.ts";
import { bytesInWords } from "../progress.ts";

/** `underdraw models`: what lies in the store. */
export const models: Command = {
  name: "models",
  about: "List the models in the store, or delete one.",
  usage: ["models [--delete NAME|ADDRESS|SHA256] [--json]"],
  flags: {
    Flags: [
      { name: "delete", value: "MODEL", help: "take it, or an unfinished download, out of the store and off the disk" },
      { name: "json", help: "one JSON object on stdout" },
    ],
  },
  notes: ["fetch puts models there, and draw finds them by their address. UNDERDRAW_CACHE names the folder."],
  examples: ["models", "models --delete hf:owner/name/ink.safetensors"],
  run: listModels,
};

async function listModels({ flags, words }: Arguments, { stdout }: Surroundings): Promise<number> {
  if (words.length > 0) throw misused(words[0] as string, `models has no place for "${words[0]}".`);
  const store = await nodeStore();
  const gone = flags.get("delete");
  if (gone !== undefined) {
    const when = await store.delete(gone);
    const words = when === "now" ? "is deleted" : "is off the list, and its bytes go when nobody reads them any more";
    stdout.write(flags.has("json") ? `${JSON.stringify({ deleted: gone, when })}\n` : `${gone} ${words}.\n`);
    return exitCodes.done;
  }
  const [list, unfinished, space] = [await store.list(), await store.unfinished(), await store.space()];
  if (flags.has("json")) {
    stdout.write(`${JSON.stringify({ folder: modelCache(), models: list, unfinished, space })}\n`);
    return exitCodes.done;
  }
  const lines = [
    ...list.map(lineOf),
    ...unfinished.map(({ name, bytes, total, address, key }) => {
      const of = total === null ? "" : ` of ${bytesInWords(total)}`;
      return `${name}: unfinished, ${bytesInWords(bytes)}${of}. Go on with: underdraw fetch ${address ?? key}`;
    }),
    `${modelCache()}: ${bytesInWords(space.used)}${space.free === null ? "" : `, ${bytesInWords(space.free)} free`}`,
  ];
  stdout.write(`${lines.join("\n")}\n`);
  return exitCodes.done;
}

const lineOf = (stored: StoredModel): string =>
  `${stored.name}: ${bytesInWords(stored.bytes)}, ${stored.address ?? (stored.kind === "file" ? stored.sha256 : "")}`;
