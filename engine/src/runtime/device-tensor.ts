import type { Tensor as OrtTensor } from "onnxruntime-web";
import { UnderdrawError } from "../core/errors.ts";
import type { ForeignType } from "../graph/graph.ts";
import { betweenTurns, realmBroken } from "./queue.ts";
import type { Tensor } from "./runtime.ts";

/** A tensor of a runtime: onnxruntime's, freed when nothing runs. */
export class DeviceTensor implements Tensor {
  readonly owner: object;
  readonly type: ForeignType;
  readonly dims: readonly number[];
  #value: OrtTensor | null;
  readonly #homes: readonly Set<DeviceTensor>[];

  /** `homes` are the sets that it is in while it lives. */
  constructor(owner: object, value: OrtTensor, homes: readonly Set<DeviceTensor>[]) {
    this.owner = owner;
    this.type = value.type as ForeignType;
    this.dims = [...value.dims];
    this.#value = value;
    this.#homes = homes;
    for (const home of homes) home.add(this);
  }

  /** onnxruntime's tensor; throws `disposed` when it is freed. */
  get value(): OrtTensor {
    if (!this.#value)
      throw new UnderdrawError("disposed", `A tensor of [${this.dims}] is used after it was disposed.`, {
        what: "tensor",
      });
    return this.#value;
  }

  /** Puts the numbers elsewhere. */
  move(to: (value: OrtTensor) => OrtTensor): void {
    const before = this.value;
    this.#value = to(before);
    if (this.#value !== before) before.dispose();
  }

  dispose(): void {
    const value = this.#value;
    this.#value = null;
    if (!value) return;
    for (const home of this.#homes) home.delete(this);
    // A run that has begun may still read it.
    betweenTurns(() => {
      if (realmBroken() === null) value.dispose();
    });
  }

  /** Frees it inside a turn of the queue. */
  free(): void {
    const value = this.#value;
    this.#value = null;
    for (const home of this.#homes) home.delete(this);
    value?.dispose();
  }
}
