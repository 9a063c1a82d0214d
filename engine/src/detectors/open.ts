import { openText, parseObject } from "../models/json.ts";
import { fileInvalid } from "../models/refusal.ts";
import { openSafetensors } from "../models/safetensors.ts";
import type { ByteSource, ModelFolder, ModelSource } from "../models/source.ts";
import { placedTensors, placesOf, type Tensors } from "../models/tensors.ts";
import { openWeightFiles } from "../models/weight-files.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { type Detector, type DetectorWarning, openPlan } from "./detector.ts";
import { familyNameOf, familyOf, roleOf } from "./family.ts";
import { openOnnx } from "./onnx.ts";
import { looksOnnx } from "./onnx-file.ts";

/** How a net that sees is opened. */
export interface DetectorOptions {
  /** The fingerprints that its file should have one of, SHA-256 in hex. */
  readonly sha256?: readonly string[];
}

/** A file that is read whole must fit into one array: 2 GiB less a byte. */
const MOST_WHOLE = 2 ** 31 - 1;

/** Names of an ONNX model in a folder that has no config.json. */
const onnxNames = ["model.onnx", "onnx/model.onnx"];

/**
 * Opens a net that sees by what is in its file: weights of a family that is known here (.safetensors, or transformers'
 * folder of config.json and weights), or an ONNX model. `model` is the name that a condition asks by. Rejects with
 * `model-incompatible` for another net than that name asks for, with `file-invalid` for a file that is cut, a pickle, or
 * nothing of the kind, and with what loading fails with. The files stay open as long as the net lives.
 */
export async function openDetector(
  runtime: Runtime,
  model: string,
  source: ModelSource,
  options: DetectorOptions = {},
): Promise<Detector> {
  if (source.kind === "folder") return openFolder(runtime, model, source);
  const bytes = await source.open();
  try {
    const warnings = await checkedHash(bytes, options.sha256 ?? []);
    if (isOnnx(bytes)) {
      const detector = await onnx(runtime, model, bytes, warnings);
      // It was read whole.
      bytes.close();
      return detector;
    }
    const file = openSafetensors(bytes);
    // What training on several devices leaves in front.
    const places = placesOf(file, (key) => key.replace(/^module\./, ""));
    const tensors = placedTensors(file.name, places, () => file.close());
    return await fromTensors(runtime, model, tensors, { config: null, warnings });
  } catch (error) {
    bytes.close();
    throw error;
  }
}

async function openFolder(runtime: Runtime, model: string, folder: ModelFolder): Promise<Detector> {
  const config = await openText(folder, "config.json");
  if (!config)
    for (const name of onnxNames) {
      const bytes = await folder.open(name);
      if (!bytes) continue;
      try {
        return await onnx(runtime, model, bytes, []);
      } finally {
        bytes.close();
      }
    }
  const stems = ["model", "diffusion_pytorch_model"];
  const tensors = await openWeightFiles(folder, { stems, what: familyNameOf(model) ?? "net" });
  const raw = config && parseObject(config.name, config.text);
  return fromTensors(runtime, model, tensors, { config: raw, warnings: [] });
}

async function fromTensors(
  runtime: Runtime,
  model: string,
  tensors: Tensors,
  about: { readonly config: Readonly<Record<string, unknown>> | null; readonly warnings: readonly DetectorWarning[] },
): Promise<Detector> {
  try {
    const plan = familyOf(model, tensors).plan(tensors, about.config);
    const detector = await openPlan(runtime, plan, about.warnings);
    return {
      ...detector,
      release: async () => {
        await detector.release();
        tensors.close();
      },
    };
  } catch (error) {
    tensors.close();
    throw error;
  }
}

function onnx(
  runtime: Runtime,
  model: string,
  bytes: ByteSource,
  warnings: readonly DetectorWarning[],
): Promise<Detector> {
  const whole = readWhole(bytes, "an ONNX file");
  return openOnnx(runtime, bytes.name, whole, { role: roleOf(model), family: familyNameOf(model), warnings });
}

function isOnnx(bytes: ByteSource): boolean {
  const head = new Uint8Array(Math.min(16, bytes.size));
  bytes.read(head, 0);
  // The length of a .safetensors header may begin like an ONNX file; its ninth byte opens a JSON object.
  return looksOnnx(head) && !(head[8] === 0x7b && head.subarray(4, 8).every((byte) => byte === 0));
}

function readWhole(bytes: ByteSource, what: string): Uint8Array<ArrayBuffer> {
  if (bytes.size > MOST_WHOLE)
    throw fileInvalid(bytes.name, `it has ${bytes.size} bytes, and ${what} is read whole up to ${MOST_WHOLE}.`);
  const whole = new Uint8Array(bytes.size);
  bytes.read(whole, 0);
  return whole;
}

/** A warning for a file that is none of those that are known to be right. Where there is no SHA-256, nobody can tell. */
async function checkedHash(bytes: ByteSource, known: readonly string[]): Promise<readonly DetectorWarning[]> {
  const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined;
  if (known.length === 0 || !subtle || bytes.size > MOST_WHOLE) return [];
  const digest = new Uint8Array(await subtle.digest("SHA-256", readWhole(bytes, "a file with a fingerprint")));
  const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (known.some((one) => one.toLowerCase() === hex)) return [];
  return [
    {
      code: "model-unverified",
      message: `${bytes.name} is none of the files that are known to be right: its SHA-256 is ${hex}.`,
      remedy: "Use it only if you trust where it comes from, or get the file again.",
    },
  ];
}
