/** Where each file of the pack lies: written in full, so that bundlers see the files and carry them along. */
export const files: Readonly<Record<string, URL>> = {
  "NOTICE.txt": new URL("../pack/NOTICE.txt", import.meta.url),
  "movenet-lightning.onnx": new URL("../pack/movenet-lightning.onnx", import.meta.url),
};

/** SHA-256 of the models, in hex. */
export const fingerprints: Readonly<Record<string, string>> = {
  "movenet-lightning.onnx": "13b93a75df08dcd2d264628e9207b69b5135d22f72710371b51b42171d04873c",
};
