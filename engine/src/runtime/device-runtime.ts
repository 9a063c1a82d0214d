import type { Tensor as OrtTensor } from "onnxruntime-web";
import { UnderdrawError } from "../core/errors.ts";
import { type ElementType, elements, type Graph, type Precision, type Weights } from "../graph/graph.ts";
import type { Device, Loaded } from "./backend.ts";
import { crashed, deviceLost, failureOf, isCrash, saysLost } from "./failure.ts";
import { breakRealm, inTurn, realmBroken } from "./queue.ts";
import type { Provider, Runtime, Session, Tensor } from "./runtime.ts";

// A device with the guarantees of `Runtime`: one job at a time, a limit of time, errors that say what happened, and an
// end that frees everything.

/** What is decided before a runtime is made. */
export interface RuntimeTraits {
  readonly precision: Precision;
  readonly fallback: string | null;
  readonly limitMs: number;
  readonly fragile: boolean;
}

interface CallWithSignal {
  readonly signal?: AbortSignal;
}

class DeviceTensor implements Tensor {
  readonly owner: DeviceRuntime;
  readonly type: ElementType;
  readonly dims: readonly number[];
  #value: OrtTensor | null;
  readonly #onDispose: (tensor: DeviceTensor) => void;

  constructor(owner: DeviceRuntime, value: OrtTensor, onDispose: (tensor: DeviceTensor) => void) {
    this.owner = owner;
    this.type = value.type as ElementType;
    this.dims = [...value.dims];
    this.#value = value;
    this.#onDispose = onDispose;
  }

  /** onnxruntime's tensor; throws `disposed` when it is freed. */
  get value(): OrtTensor {
    if (!this.#value)
      throw new UnderdrawError("disposed", `A tensor of [${this.dims}] is used after it was disposed.`, {
        what: "tensor",
      });
    return this.#value;
  }

  dispose(): void {
    const value = this.#value;
    this.#value = null;
    if (!value) return;
    this.#onDispose(this);
    value.dispose();
  }
}

class DeviceSession implements Session {
  readonly name: string;
  #runs = 0;
  #released: Promise<void> | null = null;
  readonly #graph: Graph;
  readonly #loaded: Loaded;
  readonly #runtime: DeviceRuntime;

  constructor(runtime: DeviceRuntime, graph: Graph, loaded: Loaded) {
    this.name = graph.name;
    this.#graph = graph;
    this.#loaded = loaded;
    this.#runtime = runtime;
  }

  get runs(): number {
    return this.#runs;
  }

  async run(inputs: Readonly<Record<string, Tensor>>, options: CallWithSignal = {}): Promise<Record<string, Tensor>> {
    const tensors = this.#checked(inputs);
    const what = `Running the graph "${this.name}"`;
    const work = async () => {
      if (this.#released)
        throw new UnderdrawError("disposed", `The session "${this.name}" is run after its release.`, {
          what: `session "${this.name}"`,
        });
      return this.#loaded.run(Object.fromEntries(tensors.map(([name, tensor]) => [name, tensor.value])));
    };
    const discard = (values: Readonly<Record<string, OrtTensor>>) => {
      for (const value of Object.values(values)) value.dispose();
    };
    const results = await this.#runtime.job(what, options, work, discard);
    this.#runs += 1;
    return Object.fromEntries(Object.entries(results).map(([name, value]) => [name, this.#runtime.adopt(value)]));
  }

  /** The inputs by name, each of the graph's type and sides. */
  #checked(inputs: Readonly<Record<string, Tensor>>): [name: string, tensor: DeviceTensor][] {
    for (const name of Object.keys(inputs))
      if (!this.#graph.inputs.some((input) => input.name === name))
        throw new TypeError(`The graph "${this.name}" has no input "${name}".`);
    return this.#graph.inputs.map(({ name, type, dims }) => {
      const tensor = inputs[name];
      if (!tensor) throw new TypeError(`The graph "${this.name}" is run without its input "${name}".`);
      if (!(tensor instanceof DeviceTensor) || tensor.owner !== this.#runtime)
        throw new TypeError(`The input "${name}" of "${this.name}" is a tensor of another runtime.`);
      if (tensor.type !== type)
        throw new TypeError(`The input "${name}" of "${this.name}" is ${tensor.type}; it must be ${type}.`);
      if (
        tensor.dims.length !== dims.length ||
        dims.some((dim, i) => typeof dim === "number" && dim !== tensor.dims[i])
      )
        throw new RangeError(`The input "${name}" of "${this.name}" is [${tensor.dims}]; it must be [${dims}].`);
      return [name, tensor];
    });
  }

  release(): Promise<void> {
    this.#released ??= this.#runtime.forget(this, `Releasing the graph "${this.name}"`, () => this.#loaded.release());
    return this.#released;
  }
}

/** A runtime on an open device. */
export class DeviceRuntime implements Runtime {
  readonly provider: Provider;
  readonly precision: Precision;
  readonly about: string;
  readonly fallback: string | null;
  /** What was found when the device was opened, for reports. */
  readonly device: Device;
  #lost: Error | null = null;
  #disposed: Promise<void> | null = null;
  readonly #traits: RuntimeTraits;
  readonly #sessions = new Set<DeviceSession>();
  readonly #tensors = new Set<DeviceTensor>();
  readonly #givenUp: Promise<never>;

  constructor(device: Device, traits: RuntimeTraits) {
    this.device = device;
    this.#traits = traits;
    this.provider = device.provider;
    this.precision = traits.precision;
    this.about = device.about;
    this.fallback = traits.fallback;
    this.#givenUp = device.lost.then((reason) => {
      // A device of ours is destroyed at the end of `dispose`.
      if (!this.#disposed) this.#lost ??= deviceLost(reason);
      throw this.#lost ?? deviceLost(reason);
    });
    this.#givenUp.catch(() => {});
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

  tensor(type: ElementType, dims: readonly number[], values: Float32Array | BigInt64Array): Tensor {
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

  /** Takes a tensor of onnxruntime's into care. */
  adopt(value: OrtTensor): DeviceTensor {
    const tensor = new DeviceTensor(this, value, (each) => this.#tensors.delete(each));
    this.#tensors.add(tensor);
    return tensor;
  }

  async read(tensor: Tensor): Promise<Float32Array> {
    if (!(tensor instanceof DeviceTensor) || tensor.owner !== this)
      throw new TypeError("A tensor of another runtime is read.");
    return this.job("Reading a tensor", {}, () => this.device.download(tensor.value));
  }

  async open(graph: Graph, weights: Weights, options: CallWithSignal = {}): Promise<Session> {
    const what = `Loading the graph "${graph.name}"`;
    const load = () => this.device.load(graph, weights, options.signal);
    const loaded = await this.job(what, options, load, (late) => late.release());
    const session = new DeviceSession(this, graph, loaded);
    this.#sessions.add(session);
    return session;
  }

  /** Runs a job in turn. `what` says what it does, as a gerund. */
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
      return this.device.watch(work);
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
    return inTurn(work, { limitMs, onTimeout, givenUp: this.#givenUp, fragile, ...(discard ? { discard } : {}) });
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

  /** Releases a session, once; nothing is left to release on a device that is lost. */
  async forget(session: DeviceSession, what: string, release: () => Promise<void>): Promise<void> {
    this.#sessions.delete(session);
    await this.#turn(what, async () => {
      if (!this.#lost && realmBroken() === null) await release();
    }).catch((error: unknown) => {
      const failure = this.#judged(error, what);
      if (failure !== this.#lost) throw failure;
    });
  }

  dispose(): Promise<void> {
    this.#disposed ??= this.#close();
    return this.#disposed;
  }

  async #close(): Promise<void> {
    // Not before `#disposed` is set: what waits in the queue is then refused, and what runs is waited for.
    await Promise.resolve();
    const released = await Promise.allSettled([...this.#sessions].map((session) => session.release()));
    for (const tensor of [...this.#tensors]) tensor.dispose();
    await this.#turn("Closing the device", async () => {
      if (realmBroken() === null) await this.device.close();
    }).catch((error: unknown) => {
      if (!this.#lost) throw this.#judged(error, "Closing the device");
    });
    for (const result of released) if (result.status === "rejected") throw result.reason;
  }
}
