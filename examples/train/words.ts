/** A text in which `{name}` stands for a value; in several forms where it counts something by `{n}`. */
type Message = string | ({ readonly other: string } & Partial<Record<Intl.LDMLPluralRule, string>>);

/** Every text of the page, in English. Another language is another object of these keys. */
const words = {
  title: "Underdraw",
  subtitle: "Train a net of your own",
  settings: "Settings",
  data: "Your pairs",
  "data-empty": "A folder of maps and pictures, or of pictures alone.",
  "data-name": "{name}",
  "pick-folder": "Choose a folder",
  "pick-files": "Choose files",
  "drop-here": "Drop it here: it is looked at before anything is learnt",
  "what-files": "Files are",
  "kind-pairs": "maps and pictures",
  "kind-pictures": "pictures alone",
  condition: "Maps show",
  "condition-none": "something else",
  invert: "Invert: lines must be bright on dark",
  "invert-them": "Tick “Invert” beside your pairs",
  another: "Begin another",
  choice: "Training",
  mode: "What learns",
  whole: "Whole copy",
  "whole-about": "the paper's copy of the encoder",
  light: "Light",
  "light-about": "small parts beside the copy: less memory",
  minutes: "Minutes",
  more: "More settings",
  steps: "Steps at most",
  "steps-empty": "no limit",
  side: "Picture side, px",
  batch: "Pairs a step",
  every: "Steps a look",
  plan: "What it takes",
  "plan-opening": "Opening the base…",
  "plan-memory": "{bytes} at the most: {weights} weights, {activations} work",
  "plan-memory-of": "{bytes} of {available}: {weights} weights, {activations} work",
  "plan-unseen": "No samples are drawn: there is no room for that.",
  "plan-segments": "Some work is done twice, so that it fits.",
  learns: "Learns",
  "learns-whole": "a copy of the encoder and middle, the hint block, zero convolutions: {trained} numbers",
  "learns-light": "the hint block, zero convolutions, low-rank parts beside the copy: {trained} numbers",
  stays: "Stays locked",
  "stays-whole": "the base's UNet, all of it: {base}, {locked} numbers",
  "stays-light": "the base's UNet, all of it, and the copy: {base}, {locked} numbers",
  keeps: "Is kept",
  "keeps-about":
    "pairs and checkpoints, in this browser's storage ({bytes}), until you forget them or let another training take their place",
  "keeps-some":
    "pairs and checkpoints, in this browser's storage, until you forget them or let another training take their place",
  "keeps-none": "nothing: this browser gives no room. Save the net before you close the page.",
  "keeps-little":
    "nothing: {bytes} are needed, and this browser gives {room}. Save the net before you close the page, or free some room.",
  train: "Train",
  "go-on": "Go on",
  forget: "Forget it",
  stop: "Stop",
  progress: "Progress",
  stopping: "Stopping after this step…",
  "getting-ready": "Getting ready…",
  "reading-base": "Reading the base · {n} %",
  preparing: "Preparing pair {done} of {of}",
  looking: "Looking at pair {done} of {of}",
  "step-of": "Step {n} of {of}",
  "step-n": "Step {n}",
  "step-left": "{step} · {left} left",
  measuring: "Looking at held-out pairs…",
  welcome: "Drop a folder of pairs",
  "welcome-more":
    "A map and the picture that it should become: your icon style, your line weight. Some fifty are a beginning.",
  "way-folders": "maps and pictures with equal names, words in NAME.txt",
  "way-list": "lines of source, target and prompt",
  "way-pictures": "pictures alone: a condition draws their maps",
  example: "No pairs at hand? Try it with 50 icons",
  "example-name": "50 icons",
  pairs: "Pairs",
  "pairs-count": { one: "{n} pair", other: "{n} pairs" },
  "pairs-sound": "{sound} of {n} can be learnt from",
  "pairs-read": "{read} of {n} were looked at",
  "left-out": "left out",
  "map-of": "Map of {name}",
  "picture-of": "Picture {name}",
  "finding-none": "Nothing is wrong with these pairs.",
  run: "Learning",
  curve: "Loss curve",
  "as-table": "The curve as a table",
  "curve-empty": "The loss curve begins with the first step.",
  "curve-said": "Loss: {first} in step {from}, {last} in step {to}.",
  "curve-held": "On held-out pairs {loss} with the net and {base} without.",
  "legend-loss": "loss, mean of the last steps",
  "legend-held": "held-out pairs",
  "legend-base": "held-out, without the net",
  "column-step": "Step",
  "column-loss": "Loss",
  "column-held": "Held-out",
  "column-base": "Without the net",
  "column-fidelity": "Fidelity",
  "column-chance": "Chance",
  number: "Step",
  "number-seconds": "Seconds a step",
  "number-loss": "Mean loss",
  "number-fidelity": "Fidelity",
  "number-chance": "chance {n}",
  "follows-now": "Follows its maps now, since step {n}",
  "follows-not": "Does not follow its maps yet",
  samples: "Held-out pairs",
  "samples-about": "The net never learns from these. Drawn at step {n}.",
  "sample-map": "Map",
  "sample-drawn": "Drawn",
  "sample-wanted": "Wanted",
  "sample-said": "{what} of {name}",
  "sample-fidelity": "follows {value}, chance {chance}",
  "proof-start": "It began by changing nothing.",
  "proof-start-equal": "At step 0 the loss with the net is that without it, {loss}.",
  "proof-start-exact": "The largest difference that the fresh net made is {n}, exactly.",
  "proof-start-from": "It went on from a net that had learnt.",
  "proof-locked": "The base was not touched.",
  "proof-locked-later": "SHA-256 of the locked weights is compared when the training ends, and when the net is saved.",
  "proof-locked-equal": "SHA-256 of the locked weights, before and after:",
  "proof-locked-differs": "The locked weights changed. Do not use this net.",
  "proof-counts": "{trained} numbers learnt, {locked} were locked.",
  try: "Try it",
  "your-map": "Your map",
  "pad-hint": "Draw here: white lines on black, as the net reads them",
  "held-map": "Map of {name}",
  undo: "Undo",
  clear: "Clear",
  prompt: "Prompt",
  "prompt-empty": "What should it become?",
  draw: "Draw",
  drawing: "Drawing · {n} %",
  "draw-waits": "After this step…",
  "drawn-empty": "What the net draws now appears here.",
  "drawn-said": "Picture: {prompt}",
  "drawn-plain": "Picture of your map",
  "drawn-facts": "net of step {step} · {n} s · always the same noise",
  save: "Save the net",
  "net-name": "Name",
  licence: "Licence",
  "licence-empty": "for instance CC-BY-4.0",
  "licence-why": "Nobody but its maker can say on which terms the net may be used. The terms of the base hold as well.",
  "licence-missing": "Fill in name and licence first.",
  "about-net": "Learnt from",
  write: "Make the files",
  writing: "Writing…",
  "save-folder": "Save into a folder",
  "saved-folder": "Saved.",
  download: "Download {name}",
  card: "Its card",
  "foot-opening": "Getting ready…",
  "foot-failed": "Not started",
  "foot-device": "{provider} · {precision}",
  webgpu: "WebGPU",
  wasm: "Processor",
  cpu: "Processor",
  "foot-private": "Nothing leaves this machine",
  "kept-title": "“{name}” was being trained.",
  "kept-text": {
    one: "{n} step is kept in this browser. You are asked before other pairs take its place.",
    other: "{n} steps are kept in this browser. You are asked before other pairs take its place.",
  },
  "kept-none": "No step was kept yet. Training other pairs takes its place.",
  replacing: "“{name}” is kept here",
  "replacing-why": {
    one: "{n} step of that training is in this browser. If this one is kept too, it takes its place, and what was learnt is erased.",
    other:
      "{n} steps of that training are in this browser. If this one is kept too, it takes its place, and what was learnt is erased.",
  },
  "replacing-leave": "Leave it",
  "replacing-unkept": "Train without keeping this one",
  "replacing-erase": "Erase it and train",
  "said-looked": "{n} pairs were looked at. {sound} can be learnt from.",
  "said-stopped": "Stopped at step {n}. What was learnt is kept here.",
  "said-done": "The training has ended.",
  "said-percent": "{n} percent",
  "bad-settings": "Something in the settings is no number that can be.",
  "bad-settings-remedy": "Mend the field that is marked.",
  "no-end": "The training has no end.",
  "no-end-remedy": "Say after how many minutes or steps it ends.",
  "no-more-steps": { one: "{n} step is done.", other: "{n} steps are done." },
  "no-more-steps-remedy": "Raise the steps at most, or leave them empty and say for how many minutes.",
  "no-pairs": "These cannot be learnt from.",
  "no-files": "Nothing was in it.",
  "no-files-remedy": "Drop a folder with pictures in it.",
  "not-kept": "This training cannot be kept here.",
  "unkept-train": "Train without keeping it",
  crashed: "The part that trains stopped, and was started anew.",
  "crashed-why": "It failed: {reason}.",
  "crashed-kept": "Nothing is lost but the steps after the last checkpoint: go on with the training that is kept.",
  "crashed-unkept": "This training was not kept, and is lost. Choose its pairs again.",
  "crashed-untrained": "Nothing was learnt yet. Choose the pairs again.",
  "crashed-twice": "The part that trains did not start.",
  "crashed-twice-remedy": "Close other tabs to free memory, then reload the page.",
  reload: "Reload",
  reported: "Something went wrong, and the rest goes on.",
  failed: "That did not work.",
  "no-map": "There is no map yet.",
  "no-map-remedy": "Draw something, or choose one of the held-out maps.",
  dismiss: "Dismiss",
} as const satisfies Readonly<Record<string, Message>>;

/** The name of one text. */
export type Word = keyof typeof words;

/** The language of the texts. */
export const language = "en";

const plural = new Intl.PluralRules(language);
const numbers = new Intl.NumberFormat(language, { maximumFractionDigits: 2 });
const figures = new Intl.NumberFormat(language, { maximumSignificantDigits: 3 });

/** A text with its values filled in. */
export function say(word: Word, values: Readonly<Record<string, string | number>> = {}): string {
  const message: Message = words[word];
  const text = typeof message === "string" ? message : (message[plural.select(Number(values["n"]))] ?? message.other);
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return typeof value === "number" ? numbers.format(value) : (value ?? whole);
  });
}

/** What the engine says to those who call it, as those read it who look at this page: its controls in place of options. */
export const inPageWords = (text: string): string =>
  text.replace("Open the pairs with `invert: true`", say("invert-them"));

/** A number with three digits that count. */
export const figure = (value: number): string => figures.format(value);

/** Bytes for a person. */
export const bytesInWords = (bytes: number): string =>
  bytes >= 1e9 ? `${figure(bytes / 1e9)} GB` : bytes >= 1e6 ? `${figure(bytes / 1e6)} MB` : `${figure(bytes / 1e3)} kB`;

/** Seconds for a person: "12 s", "4 min", "1 h 5 min". */
export function timeInWords(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/**
 * Writes the texts into the page: `data-say` names an element's text, `data-label` its accessible name and tooltip,
 * `data-placeholder` what stands in an empty field.
 */
export function sayAll(root: HTMLElement): void {
  root.lang = language;
  for (const element of root.querySelectorAll<HTMLElement>("[data-say], [data-label], [data-placeholder]")) {
    const { say: text, label, placeholder } = element.dataset as Partial<Record<string, Word>>;
    if (text) element.textContent = say(text);
    if (label) element.setAttribute("aria-label", say(label));
    if (label && element instanceof HTMLButtonElement) element.title = say(label);
    if (placeholder) element.setAttribute("placeholder", say(placeholder));
  }
}
