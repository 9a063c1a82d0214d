import {
  canny,
  Engine,
  fingerprintOf,
  formatRecipe,
  type GenerateRequest,
  type GenerateResult,
  type Pipeline,
  type Progress,
  recipeKeyword,
  recipeOf,
  UnderdrawError,
  within,
} from "@underdraw/engine";
import { writePicture } from "@underdraw/engine/pictures";
import { type OnLoad, packBytes, packFolder } from "./pack-folder.ts";
import { type Call, type CallName, type CallResult, type PixelFacts, type Reply, toWorker } from "./protocol.ts";

// The engine, off the page's thread. It answers the calls of protocol.ts and knows nothing of the page.

/** The net that reads what was drawn. */
const net = "lines";

/** The part of opening in which files come in; in the rest they are made ready. */
const loadingShare = 0.5;

let onLoad: OnLoad = () => {};
const pack = packFolder((loaded) => onLoad(loaded));
let engine: Engine | null = null;
let pipeline: Pipeline | null = null;
let fingerprints: Promise<[model: string, net: string]> | null = null;
/** What runs, by the ids of its calls. */
const running = new Map<number, AbortController>();
/** The picture that is drawn: a later one takes its place. */
let drawing: number | null = null;

function send(reply: Reply, transfer: Transferable[] = []): void {
  postMessage(reply, { transfer });
}

addEventListener("message", ({ data }: MessageEvent<unknown>) => {
  const message = toWorker.parse(data);
  if ("abort" in message) running.get(message.abort)?.abort();
  else void answer(message);
});

async function answer(call: Call): Promise<void> {
  const stopping = new AbortController();
  running.set(call.id, stopping);
  try {
    const result = await perform(call, stopping.signal);
    send({ id: call.id, result }, buffersOf(result));
  } catch (error) {
    send({ id: call.id, error: plain(error) });
  } finally {
    running.delete(call.id);
  }
}

/** An error as data: what structured cloning would drop of it is kept. */
function plain(error: unknown): Extract<Reply, { error: unknown }>["error"] {
  if (!(error instanceof Error)) return { name: "Error", message: String(error), details: null };
  const { name, message } = error;
  return UnderdrawError.is(error)
    ? { name, message, code: error.code, details: error.details }
    : { name, message, details: null };
}

function buffersOf(result: CallResult<CallName>): Transferable[] {
  const buffers: Transferable[] = [];
  if ("pixels" in result) buffers.push(result.pixels.data.buffer);
  if ("png" in result) buffers.push(result.png.buffer);
  return buffers;
}

function perform(call: Call, signal: AbortSignal): Promise<CallResult<CallName>> {
  if (call.call === "open") return open(call, signal);
  if (call.call === "edges") return edges(call, signal);
  return draw(call, signal);
}

/** Passes progress on without its functions. */
function listen(id: number, onProgress?: (progress: Progress) => void): (progress: Progress) => void {
  return (progress) => {
    const { phase, fraction } = progress;
    const at = phase === "denoise" ? { step: progress.step, steps: progress.steps } : {};
    send({ id, progress: { phase, fraction, ...at } });
    onProgress?.(progress);
  };
}

async function open(call: Extract<Call, { call: "open" }>, signal: AbortSignal): Promise<CallResult<"open">> {
  const listening = listen(call.id);
  engine ??= new Engine({ models: pack, runtime: { device: call.device, assets: call.assets } });
  const device = await engine.device();
  signal.throwIfAborted();
  if (!pipeline) {
    const total = await packBytes([net], signal);
    onLoad = (loaded) =>
      listening({ phase: "download", fraction: (loadingShare * loaded) / total, file: pack.name, loaded });
    pipeline = await engine.load(
      { nets: [net] },
      {
        signal,
        onProgress: (progress) =>
          listening({ ...progress, fraction: loadingShare + (1 - loadingShare) * progress.fraction }),
      },
    );
  }
  const { width, height, steps, guidance } = pipeline.defaults;
  return { device, defaults: { width, height, steps, guidance } };
}

async function edges(call: Extract<Call, { call: "edges" }>, signal: AbortSignal): Promise<CallResult<"edges">> {
  // Edges are found on the processor: no device is asked for, and no model read.
  const seeing = engine ?? new Engine();
  const { pixels } = await seeing.extract(canny(), call.pixels, { signal });
  return { pixels };
}

async function draw(call: Extract<Call, { call: "draw" }>, signal: AbortSignal): Promise<CallResult<"draw">> {
  if (!pipeline) throw new Error("The model is not open: call `open` first.");
  if (drawing !== null) running.get(drawing)?.abort();
  drawing = call.id;
  try {
    const { map, prompt, seed, steps, weight, previewEvery } = call;
    const request: GenerateRequest = {
      prompt,
      seed,
      steps,
      width: map.width,
      height: map.height,
      controls: [{ map: { condition: "scribble", pixels: map }, net, weight }],
    };
    const started = performance.now();
    const result = await pipeline.generate(request, {
      signal,
      onProgress: listen(call.id, previews(call.id, previewEvery)),
    });
    const durationMs = performance.now() - started;
    const png = await pictureFile(request, result, map);
    const { pixels, scheduler, warnings } = result;
    return { pixels, png, seed: result.seed, steps: result.steps, scheduler, durationMs, warnings: [...warnings] };
  } finally {
    if (drawing === call.id) drawing = null;
  }
}

/** The picture as a PNG file that holds its recipe: the command line, or another program, can draw it again. */
async function pictureFile(
  request: GenerateRequest,
  result: GenerateResult,
  map: PixelFacts,
): Promise<Uint8Array<ArrayBuffer>> {
  // A page that is neither https nor localhost has no SHA-256: there the picture is saved without its recipe.
  if (!isSecureContext) return writePicture(result.pixels, { format: "png" });
  fingerprints ??= Promise.all([fingerprintOf(pack), fingerprintOf(within(pack, `controlnet/${net}`))]);
  const [model, reader] = await fingerprints;
  const recipe = recipeOf(request, result, {
    model: { name: pack.name, fingerprint: model },
    controls: [{ net: { name: net, fingerprint: reader }, png: await writePicture(map, { format: "png" }) }],
    device: await (engine as Engine).device(),
  });
  return writePicture(result.pixels, { format: "png", text: { [recipeKeyword]: formatRecipe(recipe) } });
}

/** How much of the drawing time may go into previews: after one, so many times its duration passes before the next. */
const previewPause = 5;

/**
 * Sends what the picture looks like after each so many steps, unless the last look is still on its way or looks would
 * slow the picture down, as they do on a processor.
 */
function previews(id: number, every: number): (progress: Progress) => void {
  let nextAt = 0;
  return (progress) => {
    const began = performance.now();
    if (progress.phase !== "denoise" || !progress.preview || every === 0 || began < nextAt) return;
    if (progress.step % every !== 0 || progress.step === progress.steps) return;
    nextAt = Number.POSITIVE_INFINITY;
    progress
      .preview()
      .then((pixels: PixelFacts) => {
        if (running.has(id)) send({ id, preview: pixels }, [pixels.data.buffer]);
      })
      .catch((error: unknown) => {
        // A look that fails costs the picture nothing; a stopped call stops its looks too.
        if (!running.get(id)?.signal.aborted) console.warn("The preview failed:", error);
      })
      .finally(() => {
        const now = performance.now();
        nextAt = now + previewPause * (now - began);
      });
  };
}
