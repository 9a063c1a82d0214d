import { type DownloadPlan, modelCache, nodeStore, type StoredModel } from "@underdraw/engine/node";
import type { Arguments, Command, Surroundings } from "../command.ts";
import { exitCodes, misused } from "../failure.ts";
import { isAddress } from "../model-place.ts";
import { bytesInWords, createProgressBar } from "../progress.ts";

/** `underdraw fetch`: a model from an address into the store. */
export const fetchCommand: Command = {
  name: "fetch",
  about: "Download a model into the store, where draw finds it by its address.",
  usage: ["fetch ADDRESS [--name NAME] [--sha256 HEX] [--plan] [--json]"],
  flags: {
    Flags: [
      { name: "name", value: "NAME", help: "what to call it; as the server does without this" },
      { name: "sha256", value: "HEX", help: "the SHA-256 that a single file must have: 64 hex digits" },
      { name: "plan", help: "say what would be fetched, and fetch nothing" },
      { name: "json", help: "one JSON object on stdout instead of a line" },
    ],
  },
  notes: [
    "ADDRESS is https://… for a file, hf:owner/name/path for a file of a Hugging Face repository, hf:owner/name for what of it a model in diffusers' layout needs; @revision may follow the name. The size is said before a byte is fetched. Ctrl-C leaves what is here, and the same command goes on there. A file is taken only with the SHA-256 that its server tells or --sha256 says.",
    "HF_TOKEN, where it is set, goes to huggingface.co with hf: addresses, and nowhere else. UNDERDRAW_CACHE names the folder of the store.",
  ],
  examples: [
    "fetch hf:stable-diffusion-v1-5/stable-diffusion-v1-5",
    "fetch https://example.com/ink.safetensors --name ink",
    "fetch hf:owner/name/ink.safetensors --plan",
  ],
  run: fetchModel,
};

async function fetchModel({ flags, words }: Arguments, { stdout, stderr, signal }: Surroundings): Promise<number> {
  const [address, ...more] = words;
  if (address === undefined) throw misused("fetch", "fetch needs an address: underdraw fetch ADDRESS.");
  if (more.length > 0) throw misused(more[0] as string, `fetch gets one model, and "${more[0]}" is one more.`);
  if (!isAddress(address)) {
    throw misused(
      address,
      `"${address}" is no address. Give https://…, or hf:owner/name. A file that is here needs none.`,
    );
  }
  const sha256 = flags.get("sha256")?.toLowerCase();
  if (sha256 !== undefined && !/^[0-9a-f]{64}$/.test(sha256)) {
    throw misused("--sha256", `--sha256 must be 64 hex digits, not "${sha256}".`);
  }
  const name = flags.get("name");
  const secret = address.startsWith("hf:") ? process.env["HF_TOKEN"] : undefined;
  const token = secret ? { token: secret } : {};
  const store = await nodeStore();
  const plan = await store.plan(address, { signal, ...token, ...(name && { name }), ...(sha256 && { sha256 }) });
  stderr.write(`${planInWords(plan)}\n`);
  const asJson = flags.has("json");
  if (flags.has("plan")) {
    if (asJson) stdout.write(`${JSON.stringify({ plan })}\n`);
    return exitCodes.done;
  }
  const bar = createProgressBar(stderr);
  try {
    const stored = await store.download(plan, { signal, ...token, onProgress: bar.part(0, 1) });
    bar.end();
    stdout.write(asJson ? `${JSON.stringify({ model: stored })}\n` : `${storedInWords(stored, address)}\n`);
    return exitCodes.done;
  } finally {
    bar.end();
  }
}

function planInWords({ name, files, bytes, missing, space, revision }: DownloadPlan): string {
  const count = files.length === 1 ? "1 file" : `${files.length} files`;
  const size = bytes === null ? "of a size that the server does not say" : bytesInWords(bytes);
  const rest =
    missing === null
      ? ""
      : missing === 0
        ? ", all of it here already"
        : missing === bytes
          ? ""
          : `, ${bytesInWords(missing)} of it still to fetch`;
  const room = space.free === null ? "" : `; ${bytesInWords(space.free)} are free in ${modelCache()}`;
  return `${name}: ${count}, ${size}${rest}${revision === null ? "" : `, revision ${revision.slice(0, 12)}`}${room}`;
}

function storedInWords(stored: StoredModel, address: string): string {
  const what = stored.kind === "file" ? `SHA-256 ${stored.sha256}` : `${stored.files.length} files`;
  return `${stored.name}: ${bytesInWords(stored.bytes)}, ${what}. What it is: underdraw inspect ${address}`;
}
