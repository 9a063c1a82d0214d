import type { Tensor as OrtTensor } from "onnxruntime-web";
import { UnderdrawError } from "../core/errors.ts";
import { elements, type ForeignType, type Graph, type Precision, type Weights } from "../graph/graph.ts";
import type { Device, Loaded } from "./backend.ts";
import { type CallWithSignal, DeviceSession, type SessionOwner, type SessionShape } from "./device-session.ts";
import { DeviceTensor } from "./device-tensor.ts";
import { crashed, deviceLost, failureOf, isCrash, saysLost } from "./failure.ts";
import { breakRealm, inTurn, realmBroken } from "./queue.ts";
import type { ForeignModel, Provider, Runtime, Session, Tensor } from "./runtime.ts";
import type { RowProduct, ScaledSum } from "./scaled-sum.ts";
import { addedOn, checkProduct, checkSum, productsOn } from "./sum-on-device.ts";

// A device with the guarantees of `Runtime`: one job at a time, a limit of time, errors that say what happened, and an
// end that frees everything.

/** What is decided before a runtime is made. */
export interface RuntimeTraits {
  readonly precision: Precision;
  readonly fallback: string | null;
  readonly limitMs: number;
  /** Bytes that there are, where that is known. */
  readonly memory: number | null;
  readonly fragile: boolean;
}

/** A runtime on an open device. */
export class DeviceRuntime implements Runtime, SessionOwner {
  readonly provider: Provider;
  readonly precision: Precision;
  readonly about: string;
  readonly fallback: string | null;
  readonly memory: Runtime["memory"];
  /** What was found when the device was opened, for reports. */
  readonly device: Device;
  #lost: Error | null = null;
  #disposed: Promise<void> | null = null;
  readonly #traits: RuntimeTraits;
  readonly #sessions = new Set<DeviceSession>();
  readonly #tensors = new Set<DeviceTensor>();
  readonly #waiting = new Set<(error: Error) => void>();

  constructor(device: Device, traits: RuntimeTraits) {
    this.device = device;
    this.#traits = traits;
    this.provider = device.provider;
    this.precision = traits.precision;
    this.about = device.about;
    this.fallback = traits.fallback;
    const largest = device.facts["maxBufferSize"];
    const { returned } = device;
    this.memory = {
      total: traits.memory,
      tensor: typeof largest === "number" && largest > 0 ? largest : null,
      ...(returned === undefined ? {} : { returned }),
    };
    void device.lost.then((reason) => {
      // A device of ours is destroyed at the end of `dispose`.
      if (!this.#disposed) this.#lost ??= deviceLost(reason);
      const error = this.#lost ?? deviceLost(reason);
      for (const reject of this.#waiting) reject(error);
    });
  }

  get lost(): Error | null {
    return this.#lost;
  }

  #assertUsable(): void {
    if (this.#disposed)
      throw new UnderdrawError("disposed", "The runtime is used after it was disposed. Open a new one.", {
        what: "runtime",
      });
    if (this.#lost) throw this.#lost;
    const broken = realmBroken();
    if (broken === null) return;
    this.#lost = crashed(broken, "Using onnxruntime");
    throw this.#lost;
  }

  tensor(type: ForeignType, dims: readonly number[], values: Float32Array | BigInt64Array): Tensor {
    this.#assertUsable();
    if (dims.some((dim) => !Number.isInteger(dim) || dim < 0) || elements(dims) !== values.length)
      throw new RangeError(`A tensor of [${dims}] is not made from ${values.length} numbers.`);
    if ((type === "int64") !== values instanceof BigInt64Array)
      throw new TypeError(`A tensor of ${type} is not made from a ${values.constructor.name}.`);
    try {
      return this.adopt(this.device.upload(type, dims, values));
    } catch (error) {
      throw this.#judged(error, `Making a tensor of [${dims}]`);
    }
  }

  adopt(value: OrtTensor, ...homes: Set<DeviceTensor>[]): DeviceTensor {
    return new DeviceTensor(this, value, [this.#tensors, ...homes]);
  }

  detach(value: OrtTensor): OrtTensor {
    return this.device.detach(value);
  }

  async read(tensor: Tensor): Promise<Float32Array> {
    const own = this.#own(tensor, "read");
    return this.job("Reading a tensor", {}, () => this.device.download(own.value));
  }

  #own(tensor: Tensor, what: string): DeviceTensor {
    if (tensor instanceof DeviceTensor && tensor.owner === this) return tensor;
    throw new TypeError(`A tensor of another runtime is ${what}.`);
  }

  async addScaled(sums: readonly ScaledSum[], options: CallWithSignal = {}): Promise<Tensor[]> {
    const own = sums.map(({ base, terms }) => ({
      base: this.#own(base, "added to"),
      terms: terms.map((term) => ({ ...term, tensor: this.#own(term.tensor, "added") })),
    }));
    for (const sum of own) checkSum(sum);
    const made: DeviceTensor[] = [];
    const free = () => {
      for (const tensor of made) tensor.dispose();
    };
    const work = async () => {
      const where = own.map(({ base, terms }) => ({
        base: base.value,
        terms: terms.map((term) => ({ ...term, tensor: term.tensor.value })),
      }));
      const results = await addedOn(this.device, where);
      made.push(...results.map((value) => this.adopt(value)));
      return made;
    };
    return this.job("Adding controls", options, work, free).catch((error: unknown) => {
      // Memory that ran out is told after the work.
      free();
      throw error;
    });
  }

  async products(pairs: readonly RowProduct[], options: CallWithSignal = {}): Promise<Float32Array[]> {
    const own = pairs.map(({ one, other, rows }) => ({
      one: this.#own(one, "multiplied"),
      other: this.#own(other, "multiplied"),
      rows,
    }));
    for (const pair of own) checkProduct(pair);
    return this.job("Measuring controls", options, () => {
      const where = own.map(({ one, other, rows }) => ({ one: one.value, other: other.value, rows }));
      return productsOn(this.device, where);
    });
  }

  async open(graph: Graph, weights: Weights, options: CallWithSignal = {}): Promise<Session> {
    const load = () => this.device.load(graph, weights, options.signal);
    return this.#open(`Loading the graph "${graph.name}"`, graph, load, options);
  }

  async openModel(model: ForeignModel, options: CallWithSignal = {}): Promise<Session> {
    const { name, inputs } = model;
    return this.#open(`Loading the model "${name}"`, { name, inputs }, () => this.device.loadModel(model), options);
  }

  #open(what: string, shape: SessionShape, load: () => Promise<Loaded>, options: CallWithSignal): Promise<Session> {
    // Inside the turn, so that a `dispose` that waits behind it finds the session.
    const work = async () => {
      const session = new DeviceSession(this, shape, await load());
      this.#sessions.add(session);
      return session;
    };
    return this.job(what, options, work, (late) => late.end());
  }

  async job<T>(
    what: string,
    { signal }: CallWithSignal,
    work: () => Promise<T>,
    discard?: (value: T) => unknown,
  ): Promise<T> {
    this.#assertUsable();
    signal?.throwIfAborted();
    const watched = async (): Promise<T> => {
      // Much may have happened while it waited.
      this.#assertUsable();
      signal?.throwIfAborted();
      const value = await this.device.watch(work);
      // On a device that is lost, onnxruntime "succeeds" with any numbers.
      if (this.#lost) throw this.#lost;
      return value;
    };
    return this.#turn(what, watched, discard).catch((error: unknown) => {
      if (signal?.aborted && error === signal.reason) throw error;
      throw this.#judged(error, what);
    });
  }

  #turn<T>(what: string, work: () => Promise<T>, discard?: (value: T) => unknown): Promise<T> {
    const { limitMs, fragile } = this.#traits;
    const onTimeout = () => {
      const message = `${what} took more than ${limitMs} ms. Open the engine again, with a smaller picture or more time.`;
      return new UnderdrawError("timeout", message, { what, limitMs });
    };
    const giveUp = (reject: (error: Error) => void) => {
      if (this.#lost) reject(this.#lost);
      this.#waiting.add(reject);
      return () => this.#waiting.delete(reject);
    };
    return inTurn(work, { limitMs, onTimeout, giveUp, fragile, ...(discard ? { discard } : {}) });
  }

  /** The error to reject with; sets `lost` for one that nothing comes after. */
  #judged(error: unknown, what: string): Error {
    if (this.#lost && (error === this.#lost || saysLost(error))) return this.#lost;
    const failure = failureOf(error, what);
    const broken = this.#traits.fragile && isCrash(error);
    if (broken) breakRealm("onnxruntime crashed");
    if (broken || failure.code === "device-lost" || failure.code === "timeout") this.#lost ??= failure;
    return failure;
  }

  forget(session: DeviceSession): void {
    this.#sessions.delete(session);
  }

  async after(what: string, free: () => Promise<void>): Promise<void> {
    const work = async () => {
      if (realmBroken() === null) await this.device.watch(free);
    };
    // What a lost device has no answer to is no failure.
    await this.#turn(what, work).catch((error: unknown) => {
      const failure = this.#judged(error, what);
      if (failure !== this.#lost) throw failure;
    });
  }

  dispose(): Promise<void> {
    this.#disposed ??= this.#close();
    return this.#disposed;
  }

  #close(): Promise<void> {
    return this.after("Closing the device", async () => {
      for (const tensor of [...this.#tensors]) tensor.free();
      const ended = await Promise.allSettled([...this.#sessions].map((session) => session.end()));
      await this.device.close();
      for (const result of ended) if (result.status === "rejected") throw result.reason;
    });
  }
}
