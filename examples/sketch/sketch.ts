import { canny, type GenerateRequest, type Pixels, type Progress, UnderdrawError } from "@underdraw/engine";
import { miniVocabulary, unknownWords } from "@underdraw/model-mini";
import { type Action, action } from "./action.ts";
import { isBlank } from "./canvas/paint.ts";
import { DrawingModel, type Opened } from "./drawing-model.ts";
import { drawingTools } from "./drawing-tools.ts";
import { drawPicture } from "./drawn.ts";
import { net } from "./net.ts";
import { type Notice, noteStrip, noticeOf, type Remedy } from "./note.ts";
import { pictureView } from "./picture-view.ts";
import { promptField } from "./prompt-field.ts";
import { seedField } from "./seed-field.ts";
import { inventedPrompt } from "./vocabulary.ts";
import { say, sayAll, type Word } from "./words.ts";

// The page: a sheet to draw on, a prompt, and a picture beside it. Here its parts meet; the engine is in the worker.
// `?device=cpu` or `?device=webgpu` in the address takes that device and no other.

function find<E extends Element = HTMLElement>(id: string): E {
  const element = document.getElementById(id);
  if (!element) throw new Error(`The page has no element "${id}".`);
  return element as Element as E;
}

const devices = ["auto", "cpu", "webgpu"] as const;
const askedDevice = new URLSearchParams(location.search).get("device");
let device = devices.find((known) => known === askedDevice) ?? "auto";

sayAll(document.documentElement);

const status = find("status");
/** Says something to those who do not see the page. */
const announce = (text: string): void => {
  status.textContent = text;
};

const view = pictureView(find);
const prompt = find<HTMLTextAreaElement>("prompt");
const seed = seedField(find("seed"), find("use-dice"), find("use-lock"));
const main: Action = action(
  {
    frame: find("act"),
    main: find("generate"),
    text: find("generate-text"),
    more: find("more"),
    stop: find("stop"),
    progress: find("progress"),
  },
  announce,
);
const note = noteStrip(
  {
    strip: find("note"),
    title: find("note-title"),
    text: find("note-text"),
    act: find("note-act"),
    close: find("note-close"),
  },
  announce,
  (remedy) => remedies[remedy](),
);

const remedies: Readonly<Record<Remedy, () => void>> = {
  again: () => void generate(),
  processor() {
    device = "cpu";
    void model.dispose();
    model = onDevice();
    void generate();
  },
  reload: () => location.reload(),
};

const pad = drawingTools(find, {
  // The model is read while the first line is drawn. What goes wrong is told when a picture is asked for.
  onBegin: () => void model.open().catch(() => undefined),
  onFirstSketch(text) {
    prompt.value = text;
  },
  async edges(picture) {
    const { pixels } = await model.engine.extract(canny(), picture as Pixels);
    return new ImageData(pixels.data, pixels.width, pixels.height);
  },
  onUnreadable: (file) =>
    note.show({ title: say("bad-picture", { file }), text: say("bad-picture-remedy"), bad: true }),
  onFailure: (error) => note.show({ ...noticeOf(error, false), bad: true }),
  announce,
});

promptField(prompt, find("suggestions"), () => void generate());
find("use-idea").onclick = () => {
  prompt.value = inventedPrompt();
  announce(prompt.value);
};

const [steps, strength] = [find<HTMLInputElement>("steps"), find<HTMLInputElement>("strength")];
steps.oninput = () => {
  find("steps-value").textContent = steps.value;
};
strength.oninput = () => {
  find("strength-value").textContent = say("percent", { n: strength.valueAsNumber });
  strength.setAttribute("aria-valuetext", say("percent", { n: strength.valueAsNumber }));
};
let stepsChosen = false;
steps.onchange = () => {
  stepsChosen = true;
};
for (const slider of [steps, strength]) slider.dispatchEvent(new Event("input"));

const [more, settings] = [find<HTMLButtonElement>("more"), find("settings")];
more.onclick = () => {
  settings.hidden = !settings.hidden;
  more.ariaExpanded = String(!settings.hidden);
};

// The sheets are as large as the window's height lets them be; what is below is as wide as they are.
const app = find("app");
const [sheet, result] = [find("sheet"), find("result")];
new ResizeObserver(() => {
  const measure = result.getBoundingClientRect().right - sheet.getBoundingClientRect().left;
  app.style.setProperty("--measure", `${measure}px`);
}).observe(sheet);

/** Who listens to the opening of the model. */
let onOpening: ((progress: Progress) => void) | undefined;
let model = onDevice();

function onDevice(): DrawingModel {
  const own: DrawingModel = new DrawingModel(device, {
    onOpening: () => showDevice("foot-opening"),
    onProgress: (progress) => onOpening?.(progress),
    onOpened: showOpened,
    onFailed: () => {
      if (model === own) showDevice("foot-failed", "bad");
    },
  });
  return own;
}

function showDevice(word: Word, dot = ""): void {
  find("device").textContent = say(word);
  find("fallback").textContent = "";
  find("dot").className = `dot ${dot}`;
}

function showOpened({ device, pipeline }: Opened): void {
  const { provider, precision, about, fallback } = device;
  const text = find("device");
  text.textContent =
    provider === "webgpu"
      ? say("foot-device", { provider: say(provider), precision: precision === "float16" ? "fp16" : "fp32" })
      : say(provider);
  text.title = about;
  find("dot").className = `dot ${fallback === null ? "good" : "warn"}`;
  find("fallback").textContent = fallback ?? "";
  if (fallback !== null) announce(fallback);
  if (!stepsChosen) {
    steps.value = String(pipeline.defaults.steps);
    find("steps-value").textContent = steps.value;
  }
}

let drawing: AbortController | null = null;

async function generate(): Promise<void> {
  const asked = request();
  if (!asked) return;
  drawing?.abort();
  const stopping = new AbortController();
  drawing = stopping;
  const { signal } = stopping;
  note.hide();
  main.begin();
  // Where the sheets stand one below the other, the picture may be out of sight.
  result.scrollIntoView({ block: "nearest" });
  // Reading the model is the longer part where it is still to be read.
  const share = model.isOpen ? 0 : 0.6;
  onOpening = (progress) => main.show(progress, 0, share);
  try {
    const { pipeline } = await Promise.race([model.open(), stopped(signal)]);
    const side = Math.min(pipeline.defaults.width, pipeline.defaults.height);
    const map = pad.map(side) as Pixels;
    const control = { map: { condition: "scribble", pixels: map }, net, weight: strength.valueAsNumber / 100 };
    const drawn = await drawPicture(
      pipeline,
      { ...asked, steps: steps.valueAsNumber, width: map.width, height: map.height, controls: [control] },
      {
        signal,
        onProgress: (progress) => main.show(progress, share, 1),
        onPreview: (pixels) => view.preview(pixels),
      },
    );
    view.show(drawn, asked.prompt);
    announce(say("said-done"));
    const [warning] = drawn.result.warnings;
    const notice = warning ? { title: warning.message, text: warning.remedy ?? "" } : await untaught(asked.prompt);
    if (notice && drawing === stopping) note.show(notice);
  } catch (error) {
    if (signal.aborted) {
      if (drawing === stopping) announce(say("said-stopped"));
    } else {
      note.show(noticeOf(error, device !== "cpu"));
      if (UnderdrawError.is(error, "worker-crashed") && !error.details.again) void model.open().catch(() => undefined);
    }
  } finally {
    // A later picture has the button and the view by now.
    if (drawing === stopping) {
      drawing = null;
      onOpening = undefined;
      view.endPreview();
      main.end();
    }
  }
}

/** That the model was never taught some of a prompt's words; null where it knows them all. */
async function untaught(text: string): Promise<Notice | null> {
  const vocabulary = await miniVocabulary();
  const words = unknownWords(vocabulary, text);
  if (words.length === 0) return null;
  const named = new Intl.ListFormat("en").format(words.slice(0, 3).map((word) => `“${word}”`));
  const things = vocabulary.favourites.slice(0, 4).join(", ");
  return {
    title: say("untaught", { words: named }),
    text: say("untaught-remedy", { n: vocabulary.subjects.length, things }),
  };
}

/** What to draw, or null after telling what is missing. */
function request(): Pick<GenerateRequest, "prompt" | "seed"> | null {
  if (isBlank(pad.map(64))) {
    note.show({ title: say("no-sketch"), text: say("no-sketch-remedy") });
    return null;
  }
  seed.advance();
  const value = seed.read();
  if (value === null) {
    const text = find<HTMLInputElement>("seed").value;
    note.show({ title: say("bad-seed", { seed: text }), text: say("bad-seed-remedy"), bad: true });
    find("seed").focus();
    return null;
  }
  return { prompt: prompt.value.trim(), seed: value };
}

/** Rejects when a signal aborts. */
function stopped(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

find("generate").onclick = () => {
  if (!drawing) void generate();
};
find("stop").onclick = () => drawing?.abort();
addEventListener("keydown", ({ key }) => {
  if (key === "Escape") drawing?.abort();
});
