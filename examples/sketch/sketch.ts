import { type Action, action } from "./action.ts";
import { isBlank } from "./canvas/paint.ts";
import { drawingTools } from "./drawing-tools.ts";
import { noteStrip, noticeOf, type Remedy } from "./note.ts";
import { pictureView } from "./picture-view.ts";
import { promptField } from "./prompt-field.ts";
import type { CallInput, CallResult } from "./protocol.ts";
import { seedField } from "./seed-field.ts";
import { Studio, StudioCrash, type StudioOptions } from "./studio.ts";
import { inventedPrompt } from "./vocabulary.ts";
import { say, sayAll, type Word } from "./words.ts";

// The page: a sheet to draw on, a prompt, and a picture beside it. Here its parts meet; the engine is in the worker.
// `?device=cpu` or `?device=webgpu` in the address takes that device and no other.

type Opened = CallResult<"open">;

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

const studio = new Studio(() => new Worker(new URL("./sketch-worker.ts", import.meta.url), { type: "module" }));
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
    studio.dispose();
    void generate();
  },
  reload: () => location.reload(),
};

const pad = drawingTools(find, {
  // The model is read while the first line is drawn. What goes wrong is told when a picture is asked for.
  onBegin: () => void open().catch(() => undefined),
  onFirstSketch(text) {
    prompt.value = text;
  },
  async edges(picture) {
    const { width, height, data } = picture;
    const given = owned(data);
    const options = { transfer: [given.buffer] };
    const { pixels } = await studio.call("edges", { pixels: { width, height, data: given } }, options);
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

/** The opening of a worker, by the number of those before it. */
let opening: { readonly generation: number; readonly done: Promise<Opened>; finished: boolean } | null = null;
/** Who listens to the opening, besides the footer. */
let onOpening: StudioOptions["onProgress"];

const isOpen = (): boolean => opening?.generation === studio.generation && opening.finished;

/** Opens the device and the model, once; again after the worker was lost. */
function open(): Promise<Opened> {
  if (opening?.generation === studio.generation) return opening.done;
  showDevice("foot-opening");
  // Beside the page, whatever its address is.
  const assets = new URL("./ort/", document.baseURI).href;
  const done = studio.call("open", { device, assets }, { onProgress: (progress) => onOpening?.(progress) });
  const current = { generation: studio.generation, done, finished: false };
  opening = current;
  done.then(
    (opened) => {
      current.finished = true;
      showOpened(opened);
    },
    () => {
      if (opening !== current) return;
      opening = null;
      showDevice("foot-failed", "bad");
    },
  );
  return done;
}

function showDevice(word: Word, dot = ""): void {
  find("device").textContent = say(word);
  find("fallback").textContent = "";
  find("dot").className = `dot ${dot}`;
}

function showOpened({ device, defaults }: Opened): void {
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
    steps.value = String(defaults.steps);
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
  const share = isOpen() ? 0 : 0.6;
  onOpening = (progress) => main.show(progress, 0, share);
  try {
    const { defaults } = await Promise.race([open(), stopped(signal)]);
    const side = Math.min(defaults.width, defaults.height);
    const { width, height, data } = pad.map(side);
    const map = owned(data);
    const drawn = await studio.call(
      "draw",
      { ...asked, steps: steps.valueAsNumber, map: { width, height, data: map } },
      {
        signal,
        transfer: [map.buffer],
        onProgress: (progress) => main.show(progress, share, 1),
        onPreview: (pixels) => {
          if (!signal.aborted) view.preview(pixels);
        },
      },
    );
    view.show(drawn, asked.prompt);
    announce(say("said-done"));
    const [warning] = drawn.warnings;
    if (warning) note.show({ title: warning.message, text: warning.remedy ?? "" });
  } catch (error) {
    if (signal.aborted) {
      if (drawing === stopping) announce(say("said-stopped"));
    } else {
      note.show(noticeOf(error, device !== "cpu"));
      if (error instanceof StudioCrash && !error.again) void open().catch(() => undefined);
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

/** What to draw, or null after telling what is missing. */
function request(): Omit<CallInput<"draw">, "map" | "steps"> | null {
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
  return { prompt: prompt.value.trim(), seed: value, weight: strength.valueAsNumber / 100, previewEvery: 2 };
}

/** Rejects when a signal aborts. */
function stopped(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/** The pixels of a picture in a buffer that may be handed over. */
function owned(data: ImageData["data"]): Uint8ClampedArray<ArrayBuffer> {
  return data as Uint8ClampedArray<ArrayBuffer>;
}

find("generate").onclick = () => {
  if (!drawing) void generate();
};
find("stop").onclick = () => drawing?.abort();
addEventListener("keydown", ({ key }) => {
  if (key === "Escape") drawing?.abort();
});
