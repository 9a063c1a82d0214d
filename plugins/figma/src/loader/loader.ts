import { createMaps, type MapKind, type Picture } from "./maps.ts";
import { type Words, wordsFor } from "./words.ts";

// The page that Figma opens: it goes on to the hosted panel when that answers. Figma gives this page neither an origin nor
// a secure context, so that it has no WebGPU, no storage and no module worker; while the panel is out of reach it stays,
// says why, and makes maps of the selection on the processor. It takes no library along: it must stay below 10 kB.

/** What main wrote into the page. */
interface Settings {
  readonly panel: string;
  readonly editor: string;
  readonly pluginId: string;
  readonly layer: string | null;
}

interface Encoded {
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** `Capture` as main sends it. */
interface Captured {
  readonly pixels:
    | Encoded
    | {
        readonly width: number;
        readonly height: number;
        readonly parts: readonly {
          readonly picture: Encoded;
          readonly box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
        }[];
      };
  readonly bounds: unknown;
  readonly anchor: string;
  readonly name: string;
}

/** How long the panel's site may take to answer. */
const patienceSeconds = 4;

const part = <E extends HTMLElement>(id: string): E => document.getElementById(id) as E;
const settings: Settings = JSON.parse(part("settings").textContent ?? "");
const words = wordsFor(navigator.language);
const canvas = part<HTMLCanvasElement>("map");
const kind = part<HTMLSelectElement>("kind");
const buttons = ["read", "place", "again"].map((id) => part<HTMLButtonElement>(id));

const fill = (text: string, values: Readonly<Record<string, string | number>>): string =>
  text.replace(/\{(\w+)\}/g, (_, name: string) => `${values[name]}`);

const say = (text: string): void => {
  part("said").textContent = text;
};

/** Goes on to the panel; rejects with the reason when it cannot be reached. */
async function go(): Promise<void> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), patienceSeconds * 1000);
  try {
    const response = await fetch(`${settings.panel}health.json`, { cache: "no-store", signal: stop.signal });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    // A network that asks for a login first answers everything, with a page of its own.
    const health = await response.json().catch(() => null);
    if (health?.underdraw !== "panel") throw new Error(words.other);
    const hash = new URLSearchParams({
      plugin: settings.pluginId,
      theme: document.documentElement.classList.contains("figma-dark") ? "dark" : "light",
      ...(settings.layer ? { layer: settings.layer } : {}),
    });
    location.replace(`${settings.panel}#${hash}`);
  } catch (error) {
    throw stop.signal.aborted ? new Error(fill(words.slow, { n: patienceSeconds })) : error;
  } finally {
    clearTimeout(timer);
  }
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function stay(reason: unknown): void {
  for (const element of document.querySelectorAll<HTMLElement>("[data-say]")) {
    element.textContent = words[element.dataset["say"] as keyof Words];
  }
  canvas.ariaLabel = kind.ariaLabel = words.map;
  part("why").textContent = fill(words.why, { host: settings.panel, reason: textOf(reason) });
  document.querySelector("main")?.removeAttribute("hidden");
}

const waiting = new Map<number, readonly [resolve: (answer: never) => void, reject: (error: Error) => void]>();
let count = 0;

/** Asks main, and gives its answer. */
function ask<Answer>(message: object): Promise<Answer> {
  return new Promise((...settle) => {
    waiting.set(count, settle as never);
    const pluginMessage = { ...message, id: count++ };
    parent.postMessage({ pluginMessage, pluginId: settings.pluginId }, settings.editor);
  });
}

addEventListener("message", ({ origin, data }) => {
  const answer = data?.pluginMessage;
  const [resolve, reject] = waiting.get(answer?.id) ?? [];
  if (origin !== settings.editor || !answer.loader || !resolve || !reject) return;
  waiting.delete(answer.id);
  // Why a selection cannot be used is said in the person's language; the rest is for whoever mends it.
  if (answer.error) reject(new Error(words[answer.error.details?.reason as keyof Words] ?? answer.error.message));
  else resolve(answer as never);
});

let worker: Worker | null = null;

/** Draws a map off this thread, or on it where no worker can be had. */
function mapOf(picture: Picture, chosen: MapKind): Promise<Picture> {
  return new Promise((resolve) => {
    const here = (): void => resolve(createMaps()[chosen](picture));
    try {
      worker ??= new Worker(
        URL.createObjectURL(
          new Blob([`onmessage=e=>postMessage((${createMaps})()[e.data[0]](e.data[1]))`], { type: "text/javascript" }),
        ),
      );
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = here;
      worker.postMessage([chosen, picture]);
    } catch {
      here();
    }
  });
}

/** The captured picture on white, as paper is: dark strokes on nothing stay dark strokes. */
async function paint({ pixels }: Captured): Promise<Picture> {
  const parts = "bytes" in pixels ? [{ picture: pixels, box: null }] : pixels.parts;
  const drawn = await Promise.all(
    parts.map(async ({ picture, box }) => ({ box, bitmap: await createImageBitmap(new Blob([picture.bytes])) })),
  );
  const size = "bytes" in pixels ? (drawn[0]?.bitmap as ImageBitmap) : pixels;
  const { width, height } = Object.assign(canvas, { width: size.width, height: size.height });
  const context = canvas.getContext("2d", { willReadFrequently: true }) as CanvasRenderingContext2D;
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  for (const { box, bitmap } of drawn) {
    const at = box ?? { x: 0, y: 0, width, height };
    context.drawImage(bitmap, at.x, at.y, at.width, at.height);
    bitmap.close();
  }
  const { data } = context.getImageData(0, 0, width, height);
  return { width, height, data };
}

let captured: Captured | null = null;
let source: Picture | null = null;

async function show(): Promise<void> {
  if (!source) return;
  const { data, width } = await mapOf(source, kind.value as MapKind);
  canvas.getContext("2d")?.putImageData(new ImageData(data, width), 0, 0);
  canvas.hidden = false;
}

async function read(): Promise<string> {
  captured = (await ask<{ capture: Captured | null }>({ loader: "capture" })).capture;
  source = captured && (await paint(captured));
  canvas.hidden = true;
  await show();
  return source ? "" : words.none;
}

async function place(): Promise<string> {
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve));
  if (!captured || !blob) return words.none;
  const { bounds, anchor, name } = captured;
  const title = `${words[kind.value as MapKind]}: ${name}`.slice(0, 200);
  await ask({ loader: "place", name: title, png: new Uint8Array(await blob.arrayBuffer()), bounds, anchor });
  return words.placed;
}

/** Does one thing at a time, and says how it ended. */
const doing = (action: () => Promise<string>) => async (): Promise<void> => {
  for (const button of buttons) button.disabled = true;
  kind.disabled = true;
  say(words.working);
  say(await action().catch(textOf));
  kind.disabled = false;
  for (const button of buttons) button.disabled = button.id === "place" && !source;
};

part("read").onclick = doing(read);
part("place").onclick = doing(place);
part("again").onclick = doing(async () => {
  await go().catch(stay);
  return "";
});
kind.onchange = doing(async () => {
  await show();
  return "";
});

go().catch(stay);
