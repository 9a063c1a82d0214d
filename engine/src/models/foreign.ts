/** How to turn a pickle into a file that can be read. */
const CONVERT =
  'Convert it first, on a machine you can spare: `from safetensors.torch import save_file` on what `torch.load(..., weights_only=True)` gives, or take the ".safetensors" file that most models offer beside it.';

const PICKLE = `it is a pickle, and a pickle can run code when it is opened, so pickles are never read. ${CONVERT}`;

/** First bytes of files that people take for models, as latin-1 text, with what such a file is. */
const beginnings: readonly (readonly [what: string, ...begins: string[]])[] = [
  [PICKLE.replace("it is a pickle", "it is a PyTorch pickle in a zip archive"), "PK\x03\x04", "PK\x05\x06"],
  ["it is a GGUF file (llama.cpp). Take the model as .safetensors.", "GGUF", "FUGG"],
  [
    "it is a GGML file. Take the model as .safetensors.",
    "ggml",
    "lmgg",
    "ggjt",
    "tjgg",
    "ggla",
    "algg",
    "ggmf",
    "fmgg",
  ],
  ["it is an HDF5 file (Keras). Take the model as .safetensors.", "\x89HDF"],
  ["it is a Git LFS pointer and not the file itself. Run `git lfs pull`, or download the file.", "version https://"],
  ["it is packed with gzip. Unpack it first.", "\x1f\x8b"],
  ["it is a picture and not a model.", "\x89PNG", "\xff\xd8\xff", "RIFF", "GIF8"],
];

/** Bytes 4 to 8 of a .safetensors file are zero, for no header is that long; those of most other files are not. */
const isLong = (head: Uint8Array): boolean => head.subarray(4, 8).some((byte) => byte !== 0);

/** The keys of an ONNX file's second field: field 2 to 8 of a message, holding text or another message. */
const ONNX_KEYS: readonly number[] = [0x12, 0x1a, 0x22, 0x32, 0x3a, 0x42];

/**
 * What a file that is no .safetensors is instead, as a reason for a refusal; null when its first bytes (up to 16) and
 * its name do not tell.
 */
export function foreignReason(name: string, head: Uint8Array): string | null {
  const text = Array.from(head, (byte) => String.fromCharCode(byte)).join("");
  for (const [what, ...begins] of beginnings) if (begins.some((begin) => text.startsWith(begin))) return what;
  if (text.slice(4, 8) === "TFL3") return "it is a TensorFlow Lite file. Take the model as .safetensors.";
  if (/^\s*<(!doctype|html|\?xml)/i.test(text))
    return "it is a web page and not a model. Download the file itself, not the page about it.";
  if (/^\s*[{[]/.test(text)) return "it is JSON and not a .safetensors file.";
  const [first = 0, second = 0, third = 0] = head;
  // Protocols 2 to 5. The length of a safetensors header may begin with the same two bytes.
  if (first === 0x80 && second >= 2 && second <= 5 && isLong(head)) return PICKLE;
  if (/\.(ckpt|pt|pth|bin|pkl|pickle)$/i.test(name)) return PICKLE.replace("it is", "by its name it is");
  // Field 1 (ir_version) with a small number, then another field.
  const looksOnnx = first === 0x08 && second > 0 && second < 32 && ONNX_KEYS.includes(third) && isLong(head);
  if (/\.onnx$/i.test(name) && head.length > 0 && first !== 0x08)
    return "by its name it is an ONNX file, and it does not begin like one: it is damaged, or something else. Get it again.";
  if (/\.(msgpack|h5)$/i.test(name)) return "it is a file of Flax or TensorFlow. Take the model as .safetensors.";
  if (looksOnnx || /\.onnx$/i.test(name))
    return "it is an ONNX file. Graphs are built here from weights alone: take the model as .safetensors.";
  return null;
}
