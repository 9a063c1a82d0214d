/** Numbers with a shape, in rows: what goes into a model and comes out of it. */
export interface Tensor {
  readonly dims: readonly number[];
  /** As many as the product of `dims`. */
  readonly values: Float32Array | Int32Array;
}
