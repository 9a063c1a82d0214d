import type { Tensor as OrtTensor } from "onnxruntime-web";
import { UnderdrawError } from "../core/errors.ts";
import type { Loaded } from "./backend.ts";
import { DeviceTensor } from "./device-tensor.ts";
import type { ForeignModel, Session, Tensor } from "./runtime.ts";

/** What a call may be stopped with. */
export interface CallWithSignal {
  readonly signal?: AbortSignal;
}

/** What a session needs of its runtime. */
export interface SessionOwner {
  readonly lost: Error | null;
  /** Runs a job in turn; `discard` frees what it gives when nobody waits for it any more. */
  job<T>(what: string, options: CallWithSignal, work: () => Promise<T>, discard?: (value: T) => unknown): Promise<T>;
  /** Frees something in turn, whatever state the runtime is in. */
  after(what: string, free: () => Promise<void>): Promise<void>;
  /** Takes a tensor of onnxruntime's into care. */
  adopt(value: OrtTensor, ...homes: Set<DeviceTensor>[]): DeviceTensor;
  /** A tensor's numbers where no session's end reaches them. */
  detach(value: OrtTensor): OrtTensor;
  /** Lets a session go. */
  forget(session: DeviceSession): void;
}

/** What a session knows of what it runs: a graph is one. */
export type SessionShape = Omit<ForeignModel, "bytes">;

/** A loaded graph of a runtime. */
export class DeviceSession implements Session {
  readonly name: string;
  #runs = 0;
  #released: Promise<void> | null = null;
  #ended = false;
  readonly #graph: SessionShape;
  readonly #loaded: Loaded;
  readonly #runtime: SessionOwner;
  readonly #outputs = new Set<DeviceTensor>();

  constructor(runtime: SessionOwner, graph: SessionShape, loaded: Loaded) {
    this.name = graph.name;
    this.#graph = graph;
    this.#loaded = loaded;
    this.#runtime = runtime;
  }

  get runs(): number {
    return this.#runs;
  }

  async run(inputs: Readonly<Record<string, Tensor>>, options: CallWithSignal = {}): Promise<Record<string, Tensor>> {
    if (this.#released)
      throw new UnderdrawError("disposed", `The session "${this.name}" is run after its release.`, {
        what: `session "${this.name}"`,
      });
    const tensors = this.#checked(inputs);
    const work = async () => {
      const results = await this.#loaded.run(Object.fromEntries(tensors.map(([name, tensor]) => [name, tensor.value])));
      return Object.entries(results).map(([name, value]) => [name, this.#runtime.adopt(value, this.#outputs)] as const);
    };
    const discard = (results: readonly (readonly [string, DeviceTensor])[]) => {
      for (const [, tensor] of results) tensor.dispose();
    };
    const results = await this.#runtime.job(`Running the graph "${this.name}"`, options, work, discard);
    this.#runs += 1;
    return Object.fromEntries(results);
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
      if (dims === null) return [name, tensor];
      if (
        tensor.dims.length !== dims.length ||
        dims.some((dim, i) => typeof dim === "number" && dim !== tensor.dims[i])
      )
        throw new RangeError(`The input "${name}" of "${this.name}" is [${tensor.dims}]; it must be [${dims}].`);
      return [name, tensor];
    });
  }

  release(): Promise<void> {
    this.#released ??= this.#runtime.after(`Releasing the graph "${this.name}"`, () => this.end());
    return this.#released;
  }

  /** Frees the session now, in a turn of the queue; what it computed lives on, but on a lost device. */
  async end(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    this.#runtime.forget(this);
    for (const tensor of [...this.#outputs]) {
      if (this.#runtime.lost) tensor.free();
      else tensor.move((value) => this.#runtime.detach(value));
    }
    this.#outputs.clear();
    await this.#loaded.release();
  }
}
