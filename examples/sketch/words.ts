/** A text in which `{name}` stands for a value; in several forms where it counts something by `{n}`. */
type Message = string | ({ readonly other: string } & Partial<Record<Intl.LDMLPluralRule, string>>);

/** Every text of the page, in English. Another language is another object of these keys. */
const words = {
  title: "Underdraw",
  subtitle: "A sketch becomes a picture",
  sketch: "Sketch",
  picture: "Picture",
  "your-sketch": "Your sketch",
  hint: "Draw here",
  "hint-more": "or drop, paste or open a picture",
  "hint-try": "Or try one",
  house: "House",
  fish: "Fish",
  mushroom: "Mushroom",
  "drop-here": "Drop it: its lines become the sketch",
  tools: "Drawing tools",
  pen: "Pen",
  eraser: "Eraser",
  width: "Line width",
  "width-value": "{n} of 12",
  undo: "Undo",
  redo: "Redo",
  clear: "Clear",
  open: "Open a picture",
  reading: "Reading the lines of the picture…",
  read: "The picture's lines are the sketch now.",
  empty: "Your picture appears here.",
  "picture-of": "Picture: {prompt}",
  "picture-plain": "Picture of your sketch",
  "is-preview": "preview",
  save: "Save",
  ask: "What to draw",
  prompt: "Prompt",
  "prompt-empty": "What should it become?",
  suggestions: "Words that the model knows",
  style: "style",
  colour: "colour",
  subject: "subject",
  ground: "background",
  invent: "Suggest a prompt",
  seed: "Seed",
  dice: "New seed",
  lock: "Keep the seed",
  generate: "Generate",
  stop: "Stop",
  more: "More settings",
  steps: "Steps",
  strength: "Follow the sketch",
  percent: "{n} %",
  progress: "Progress",
  "phase-download": "Reading the model · {n} %",
  "phase-compile": "Preparing the model · {n} %",
  "phase-encode": "Reading the sketch and the prompt",
  "phase-denoise": "Step {step} of {steps}",
  "phase-denoise-left": "Step {step} of {steps} · {n} s left",
  "phase-decode": "Finishing",
  starting: "Starting",
  "said-percent": "{n} percent",
  "said-done": "The picture is ready.",
  "said-stopped": "Stopped.",
  "facts-steps": { one: "{n} step", other: "{n} steps" },
  "facts-time": "{n} s",
  "facts-seed": "seed {seed}",
  "foot-idle": "Starts with your first line",
  "foot-opening": "Getting ready…",
  "foot-failed": "Not started",
  "foot-private": "Nothing leaves this machine",
  webgpu: "WebGPU",
  wasm: "Processor",
  cpu: "Processor",
  "foot-device": "{provider} · {precision}",
  "no-sketch": "The sheet is empty.",
  "no-sketch-remedy": "Draw something first, or try one of the sketches on it.",
  "bad-seed": "“{seed}” is no seed.",
  "bad-seed-remedy": "Write a whole number from 0 to 18446744073709551615, or roll the dice.",
  "bad-picture": "“{file}” could not be read as a picture.",
  "bad-picture-remedy": "Use a PNG, JPEG, WebP or SVG file.",
  untaught: "The model has seen no drawing of {words}.",
  "untaught-remedy": "It draws icons and emoji of {n} things, such as {things}. The lines are followed all the same.",
  crashed: "The part that draws stopped, and was started anew.",
  "crashed-remedy": "Press Generate again.",
  "crashed-twice": "The part that draws stopped again.",
  "crashed-twice-remedy": "Close other tabs to free memory, then reload the page.",
  failed: "That did not work.",
  again: "Try again",
  processor: "Use the processor",
  reload: "Reload",
  dismiss: "Dismiss",
} as const satisfies Readonly<Record<string, Message>>;

/** The name of one text. */
export type Word = keyof typeof words;

/** The language of the texts. */
export const language = "en";

const plural = new Intl.PluralRules(language);
const numbers = new Intl.NumberFormat(language);

/** A text with its values filled in. */
export function say(word: Word, values: Readonly<Record<string, string | number>> = {}): string {
  const message: Message = words[word];
  const text = typeof message === "string" ? message : (message[plural.select(Number(values["n"]))] ?? message.other);
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return typeof value === "number" ? numbers.format(value) : (value ?? whole);
  });
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
