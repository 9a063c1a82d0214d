import {
  blobFolder,
  Engine,
  type Pipeline,
  type RuntimeOptions,
  type Trainer,
  type TrainingMoment,
  UnderdrawError,
} from "@underdraw/engine";
import { checkPairs, memoryPlace, type PairSource } from "@underdraw/engine/training";
import { keepingIn, ownFilesOf } from "./kept-training.ts";
import { packFolder } from "./pack.ts";
import type { Answer, Asked, KeptTraining, RunChoice, Told, TrainingChoice } from "./protocol.ts";
import { type OpenedPairs, openReading, seeingConditions, watched } from "./reading.ts";

/** How something is asked: who hears of it, and what stops it. */
export interface Asking {
  readonly tell: (event: Told) => void;
  readonly signal: AbortSignal;
}

/** Of a drawing of this training's. What a person chooses belongs to another seed. */
const seed = 0;

/** The largest side of a pair's halves as the page shows them. */
const shown = 128;

/** Everything that the page works on, in its worker: the pairs, the trainer and what draws with its net. */
export class Studio {
  readonly #engine: Engine;
  readonly #keeping = keepingIn();
  #onLoad: (loaded: number, total: number) => void = () => {};
  #files: [path: string, file: Blob][] = [];
  #opened: OpenedPairs | null = null;
  #trainer: { readonly trainer: Trainer; readonly choice: TrainingChoice } | null = null;
  /** Whether what the browser keeps is what is trained here. */
  #isKept = false;
  /** Steps that are done. */
  #step = 0;
  #isRunning = false;
  /** Drawings that wait for the end of a step. */
  #waiting: (() => Promise<void>)[] = [];
  #drawing: { readonly step: number; readonly trainer: Trainer; readonly pipeline: Pipeline } | null = null;

  constructor(runtime: Pick<RuntimeOptions, "device" | "assets">) {
    const models = packFolder((loaded, total) => this.#onLoad(loaded, total));
    this.#engine = new Engine({ models, runtime });
  }

  async begin(): Promise<Answer<"begin">> {
    const kept = await this.kept();
    const conditions = seeingConditions.map(({ id, title }) => ({ id, title }));
    return { device: await this.#engine.device(), kept, conditions };
  }

  /** What the browser keeps. Without storage that is nothing, and told when it matters. */
  kept(): Promise<Answer<"kept">> {
    return this.#keeping.found().catch(() => null);
  }

  async open({ name, files, reading, side }: Asked<"open">, { tell, signal }: Asking): Promise<Answer<"open">> {
    const kept = files === null ? await this.#keeping.found() : null;
    if (files === null && !kept) {
      const message = "The training that was kept is not there any more. Choose its pairs again.";
      throw new UnderdrawError("file-invalid", message, { file: "training.json", reason: message });
    }
    await this.#letGo();
    this.#files = files ?? (await ownFilesOf(await this.#keeping.folder()));
    const folder = blobFolder(Object.fromEntries(this.#files), kept?.name ?? name);
    const opened = await openReading(folder, kept?.reading ?? reading, signal);
    const { source } = opened;
    const report = await checkPairs(
      watched(source, shown, (pair) => tell({ tell: "pair", pair })),
      {
        ...{ width: kept?.request.side ?? side, height: kept?.request.side ?? side, signal },
        onProgress: ({ done, of }) => tell({ tell: "progress", progress: { what: "pairs", done, of } }),
      },
    );
    this.#opened = opened;
    this.#isKept = kept !== null;
    const { count, read, sound, faulty, warnings } = report;
    return {
      ...{ name: folder.name, count, read, sound: sound.length, reading: opened.reading },
      ...{ faulty: [...faulty], warnings: [...warnings] },
    };
  }

  async plan({ request }: Asked<"plan">, { tell, signal }: Asking): Promise<Answer<"plan">> {
    await this.#letGo();
    this.#onLoad = (done, of) => tell({ tell: "progress", progress: { what: "model", done, of } });
    try {
      const { mode, batch, side } = request;
      const trainer = await this.#engine.train({ mode, batch, width: side, height: side }, { signal });
      this.#trainer = { trainer, choice: request };
      return { ...trainer.plan, ...(await this.#roomFor(trainer, mode)), base: "model-mini" };
    } finally {
      this.#onLoad = () => {};
    }
  }

  /** Bytes of storage that there are, and that this training takes: its pairs, two checkpoints, and one being written. */
  async #roomFor(trainer: Trainer, mode: TrainingChoice["mode"]): Promise<Pick<Answer<"plan">, "room" | "keeping">> {
    const room = await this.#keeping.room().catch(() => 0);
    const hasFiles = await navigator.storage?.getDirectory?.().catch(() => null);
    if (!hasFiles) return { room: 0, keeping: 1 };
    // In the light mode less is kept than the net has; how much is known when it is written.
    if (mode === "light") return { room, keeping: null };
    const net = await (await trainer.net()).open("diffusion_pytorch_model.safetensors");
    // The net's numbers have two bytes each; a checkpoint has them with both their moments, four bytes each.
    const checkpoint = 6 * (net?.size ?? 0);
    net?.close();
    return { room, keeping: this.#files.reduce((sum, [, { size }]) => sum + size, 3 * checkpoint) };
  }

  async train({ settings, keep }: Asked<"train">, { tell, signal }: Asking): Promise<Answer<"train">> {
    const { trainer, choice } = this.#need();
    const { source, reading } = this.#opened as OpenedPairs;
    if (keep) {
      const { name, count } = source;
      const description: KeptTraining = { version: 1, name, count, reading, request: choice, settings };
      if (this.#isKept) await this.#keeping.describe(description);
      else await this.#keeping.keep(description, this.#files);
      this.#isKept = true;
    }
    try {
      await this.#run(trainer, source, settings, keep, { tell, signal });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    return { step: this.#step };
  }

  async #run(
    trainer: Trainer,
    source: PairSource,
    { every, ...end }: RunChoice,
    keep: boolean,
    { tell, signal }: Asking,
  ): Promise<void> {
    this.#isRunning = true;
    try {
      const run = trainer.run(source, {
        ...{ ...end, seed, signal, measureEvery: every, checkpointEvery: every },
        ...(keep ? { place: await this.#keeping.checkpoints() } : {}),
      });
      for await (const moment of run) {
        this.#note(moment);
        tell({ tell: "moment", moment });
        // Others have their turn: a stop, or a drawing with the net of now.
        await new Promise((resolve) => setTimeout(resolve));
        if (!signal.aborted) await this.#drawWaiting();
      }
    } finally {
      this.#isRunning = false;
      await this.#drawWaiting();
    }
  }

  #note(moment: TrainingMoment): void {
    if (moment.kind === "step" || moment.kind === "measure") this.#step = moment.step;
    if (moment.kind === "end") this.#step = moment.report.steps;
  }

  async #drawWaiting(): Promise<void> {
    for (const draw of this.#waiting.splice(0)) await draw();
  }

  /** Draws now, or after the step that is being made. */
  draw(asked: Asked<"draw">, asking: Asking): Promise<Answer<"draw">> {
    if (!this.#isRunning) return this.#draw(asked, asking);
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => this.#draw(asked, asking).then(resolve, reject));
    });
  }

  async #draw({ map, prompt, seed, steps }: Asked<"draw">, { tell, signal }: Asking): Promise<Answer<"draw">> {
    signal.throwIfAborted();
    const began = performance.now();
    const pipeline = await this.#pipeline(signal);
    const condition = this.#opened?.source.condition ?? "trained";
    const { width, height } = map;
    const { pixels } = await pipeline.generate(
      { prompt, width, height, seed, steps, controls: [{ net: "net", map: { condition, pixels: map } }] },
      {
        signal,
        onProgress: ({ fraction }) => tell({ tell: "progress", progress: { what: "draw", done: fraction, of: 1 } }),
      },
    );
    return { pixels, seconds: (performance.now() - began) / 1000, step: this.#step };
  }

  /** What draws with the net as it is now; loaded anew after it learnt. */
  async #pipeline(signal: AbortSignal): Promise<Pipeline> {
    const { trainer } = this.#need();
    if (this.#drawing?.step === this.#step && this.#drawing.trainer === trainer) return this.#drawing.pipeline;
    await this.#drawing?.pipeline.dispose();
    this.#drawing = null;
    const pipeline = await this.#engine.load({ nets: { net: await trainer.net() } }, { signal });
    this.#drawing = { step: this.#step, trainer, pipeline };
    return pipeline;
  }

  async write(about: Asked<"write">): Promise<Answer<"write">> {
    const { trainer } = this.#need();
    const place = memoryPlace("net");
    await trainer.write(place, about);
    const files: [string, Blob][] = [];
    let [card, report] = ["", ""];
    for (const path of await place.list()) {
      const bytes = await bytesIn(place, path);
      files.push([path, new Blob([bytes])]);
      if (path === "README.md") card = new TextDecoder().decode(bytes);
      if (path === "report.json") report = new TextDecoder().decode(bytes);
    }
    return { files, card, report: JSON.parse(report) };
  }

  async forget(): Promise<void> {
    await this.#keeping.forget();
    this.#isKept = false;
  }

  #need(): { readonly trainer: Trainer; readonly choice: TrainingChoice } {
    if (this.#trainer && this.#opened) return this.#trainer;
    throw new TypeError("There are no pairs yet, or no plan: open and plan come first.");
  }

  /** Gives up the trainer: what learnt in it is gone, but for its checkpoints. */
  async #letGo(): Promise<void> {
    const [trainer, drawing] = [this.#trainer, this.#drawing];
    this.#trainer = this.#drawing = null;
    this.#step = 0;
    await drawing?.pipeline.dispose();
    await trainer?.trainer.dispose();
  }
}

async function bytesIn(place: ReturnType<typeof memoryPlace>, path: string): Promise<Uint8Array<ArrayBuffer>> {
  const source = await place.open(path);
  const bytes = new Uint8Array(source?.size ?? 0);
  source?.read(bytes, 0);
  source?.close();
  return bytes;
}
