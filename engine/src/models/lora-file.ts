import { UnderdrawError } from "../core/errors.ts";
import { decode } from "./decode.ts";
import { fileInvalid, incompatible, quoted } from "./refusal.ts";
import { dtypeBytes, type Safetensors, type TensorEntry } from "./safetensors.ts";
import { findNotFinite } from "./short-floats.ts";
import { countOf } from "./tensors.ts";

// The keys of a LoRA's file: the name of a layer, in some spelling, and what the tensor is to it. Only the end of a key
// is looked at here; which layer its beginning means is asked of the base's own names (lora-names.ts).

const rolesByName = [
  ...["hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b", "hada_t1", "hada_t2"],
  ...["lokr_w1", "lokr_w1_a", "lokr_w1_b", "lokr_w2", "lokr_w2_a", "lokr_w2_b", "lokr_t2"],
  ...["diff", "diff_b", "w_norm", "b_norm"],
] as const;

/** Numbers that say how strongly a layer acts. */
type StrengthRole = "alpha" | "scale";
/** What a tensor is to its layer. The names of LyCORIS are kept. */
export type LoraRole = "down" | "up" | "mid" | "up_bias" | StrengthRole | (typeof rolesByName)[number];

/** The ends of keys, over the spellings of kohya, peft (with an adapter's name or without) and diffusers, old and new. */
const ends: readonly (readonly [pattern: RegExp, role: LoraRole])[] = [
  [/(?:\.lora_down|\.lora_A(?:\.[^.]+)?|[._]lora\.down|\.lora_(?:linear_)?layer\.down)\.weight$/, "down"],
  [/(?:\.lora_up|\.lora_B(?:\.[^.]+)?|[._]lora\.up|\.lora_(?:linear_)?layer\.up)\.weight$/, "up"],
  [/(?:\.lora_up|\.lora_B(?:\.[^.]+)?|[._]lora\.up|\.lora_(?:linear_)?layer\.up)\.bias$/, "up_bias"],
  [/\.lora_mid\.weight$/, "mid"],
  [/(?:[._]lora|\.lora_(?:linear_)?layer)?\.alpha$/, "alpha"],
  [/\.scale$/, "scale"],
  ...rolesByName.map((name) => [new RegExp(`\\.${name}$`), name] as const),
];

/** Forms that would draw something else if they were read in part. */
const notRun: readonly (readonly [end: RegExp, what: string])[] = [
  [/\.(dora_scale|lora_magnitude_vector(\..+)?)$/, "DoRA"],
  [/\.oft_(blocks|diag)$/, "OFT"],
  [/\.[ab][12]\.weight$/, "GLoRA"],
  [/\.on_input$/, "IA3"],
  [/\.bias_(indices|values|size)$/, "a sparse difference of biases"],
  [/\.lora_embedding_[AB](\..+)?$/, "a LoRA on the table of tokens"],
];

/** Whether tensors change their layer: its strength alone changes nothing. */
export const changesLayer = (tensors: ReadonlyMap<LoraRole, unknown>): boolean =>
  [...tensors.keys()].some((role) => role !== "alpha" && role !== "scale");

/** The tensors of one layer, by what they are to it. */
export type LoraTensors = ReadonlyMap<LoraRole, TensorEntry>;

/** What a LoRA's file holds. */
export interface LoraKeys {
  /** By the layer's name as the file spells it. */
  readonly layers: ReadonlyMap<string, LoraTensors>;
  /** Keys that are nothing of a LoRA. */
  readonly others: readonly string[];
}

/** Sorts the keys of a LoRA's file. Throws `model-incompatible` for a form that is not run, and `file-invalid`. */
export function loraKeys(file: Safetensors): LoraKeys {
  const layers = new Map<string, Map<LoraRole, TensorEntry>>();
  const others: string[] = [];
  for (const entry of file.tensors.values()) {
    const { name } = entry;
    const form = notRun.find(([end]) => end.test(name));
    if (form) {
      const problem = `the tensor ${quoted(name)} is of ${form[1]}, which this engine does not run. Take the LoRA as plain LoRA, LoCon, LoHa or LoKr.`;
      throw incompatible(file.name, problem, { expected: "LoRA, LoCon, LoHa or LoKr", actual: form[1] });
    }
    const [role, at] = endOf(name);
    if (!role) {
      others.push(name);
      continue;
    }
    const layer = name.slice(0, at);
    const tensors = layers.get(layer) ?? new Map<LoraRole, TensorEntry>();
    layers.set(layer, putOnce(file, tensors, role, entry));
  }
  return { layers, others };
}

function endOf(key: string): [role: LoraRole | null, at: number] {
  for (const [end, role] of ends) {
    const at = key.search(end);
    if (at >= 0) return [role, at];
  }
  return [null, 0];
}

/** Puts a tensor to the others of its layer. Throws `file-invalid` where one is there already. */
export function putOnce(
  file: Safetensors,
  tensors: Map<LoraRole, TensorEntry>,
  role: LoraRole,
  entry: TensorEntry,
): Map<LoraRole, TensorEntry> {
  const taken = tensors.get(role);
  if (taken) {
    const pair = `${quoted(taken.name)} and ${quoted(entry.name)}`;
    throw fileInvalid(file.name, `${pair} are the same tensor of one layer. Take a file that holds one LoRA.`);
  }
  return tensors.set(role, entry);
}

/** A tensor's numbers, or `count` of them from number `from` on. Throws `weights-not-finite` with its name. */
export function numbersOf(
  file: Safetensors,
  { name, dtype, shape, at }: TensorEntry,
  [from, count]: readonly [from: number, count: number] = [0, countOf(shape)],
): Float32Array {
  const into = new Float32Array(count);
  const size = dtypeBytes[dtype];
  decode(dtype, into, (raw, done) => file.read(raw, at + (from + done) * size), file.name, name);
  if (findNotFinite(new Uint32Array(into.buffer)) >= 0) throw notFinite(file, name);
  return into;
}

/** The one number of a tensor without sides or with sides of 1: of a floating-point type, or a whole number. */
export function scalarOf(file: Safetensors, entry: TensorEntry): number {
  const { name, dtype, shape, at, bytes } = entry;
  if (countOf(shape) !== 1) {
    const [expected, actual] = ["one number", `[${shape.join(", ")}]`];
    throw incompatible(file.name, `the tensor ${quoted(name)} is ${actual} and should be one number.`, {
      expected,
      actual,
    });
  }
  if (!/^[IU]/.test(dtype)) return numbersOf(file, entry)[0] as number;
  const raw = new Uint8Array(bytes);
  file.read(raw, at);
  // Little-endian, the sign in the last byte.
  const wrapped = raw.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
  return Number(dtype.startsWith("I") ? BigInt.asIntN(8 * bytes, wrapped) : wrapped);
}

function notFinite(file: Safetensors, tensor: string): UnderdrawError<"weights-not-finite"> {
  const message = `${file.name}: the tensor ${quoted(tensor)} holds NaN or infinity. The file is damaged, or its training went wrong: copy or download it again, or take another LoRA.`;
  return new UnderdrawError("weights-not-finite", message, { file: file.name, tensor });
}
