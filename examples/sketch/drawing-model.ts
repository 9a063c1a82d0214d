import type { Device, Pipeline, Progress, RuntimeOptions } from "@underdraw/engine";
import { connectEngine, type WorkerEngine } from "@underdraw/engine/worker";
import { net } from "./net.ts";

// The model that draws, in its worker: it is read when it is first needed, once, and again after the worker was lost.

/** A model that was read, and the device that it is on. */
export interface Opened {
  readonly device: Device;
  readonly pipeline: Pipeline;
}

/** What is told of the model. */
export interface ModelEvents {
  onOpening(): void;
  onProgress(progress: Progress): void;
  onOpened(opened: Opened): void;
  onFailed(): void;
}

/** The part of opening in which files come in; in the rest they are made ready. */
const reading = 0.5;

/** Owns the engine, and the opening of its model. */
export class DrawingModel {
  readonly engine: WorkerEngine;
  readonly #events: ModelEvents;
  #opening: Promise<Opened> | null = null;
  #isOpen = false;

  constructor(device: NonNullable<RuntimeOptions["device"]>, events: ModelEvents) {
    this.#events = events;
    this.engine = connectEngine(() => {
      const worker = new Worker(new URL("./sketch-worker.ts", import.meta.url), { type: "module", name: device });
      worker.addEventListener("message", ({ data }: MessageEvent<{ loaded?: number; total?: number }>) => {
        const { loaded, total } = data;
        if (loaded === undefined || total === undefined) return;
        const fraction = (reading * loaded) / total;
        events.onProgress({ phase: "download", fraction, file: "model-mini", loaded, total });
      });
      return worker;
    });
    this.engine.onCrash(() => this.#forget());
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Opens the device and reads the model. */
  open(): Promise<Opened> {
    if (this.#opening) return this.#opening;
    this.#events.onOpening();
    const opening = this.#read();
    this.#opening = opening;
    opening.then(
      (opened) => {
        if (this.#opening !== opening) return;
        this.#isOpen = true;
        this.#events.onOpened(opened);
      },
      () => {
        // Another opening may have begun meanwhile.
        if (this.#opening !== opening && this.#opening !== null) return;
        this.#forget();
        this.#events.onFailed();
      },
    );
    return opening;
  }

  async #read(): Promise<Opened> {
    const device = await this.engine.device();
    const onProgress = (progress: Progress) =>
      this.#events.onProgress({ ...progress, fraction: reading + (1 - reading) * progress.fraction });
    return { device, pipeline: await this.engine.load({ nets: [net] }, { onProgress }) };
  }

  #forget(): void {
    this.#opening = null;
    this.#isOpen = false;
  }

  /** Lets the worker go: what runs in it rejects. */
  dispose(): Promise<void> {
    return this.engine.dispose();
  }
}
