import type { Tensor as OrtTensor } from "onnxruntime-web";
import type { Device } from "./backend.ts";
import { addScaled, type Numbers, products, type RowProduct, type ScaledSum } from "./scaled-sum.ts";

// Sums and products of a device's tensors: by its own kernels where the tensors lie on it, by a plain loop elsewhere; and
// what may be summed at all.

/** Sums on a device, as new tensors of their base's type. */
export async function addedOn(device: Device, sums: readonly ScaledSum<OrtTensor>[]): Promise<OrtTensor[]> {
  const { kernels } = device;
  if (kernels && sums.every(({ base, terms }) => [base, ...terms.map(({ tensor }) => tensor)].every(onDevice)))
    return kernels.addScaled(sums);
  const results: OrtTensor[] = [];
  try {
    for (const { base, terms } of sums) {
      const there = [];
      for (const term of terms)
        there.push({ ...term, tensor: inPlace(term.tensor) ?? (await numbers(device, term.tensor)) });
      results.push(await addedTo(device, base, there));
    }
  } catch (error) {
    for (const tensor of results) tensor.dispose();
    throw error;
  }
  return results;
}

/** Products on a device, copied back. */
export async function productsOn(device: Device, pairs: readonly RowProduct<OrtTensor>[]): Promise<Float32Array[]> {
  const { kernels } = device;
  if (kernels && pairs.every(({ one, other }) => onDevice(one) && onDevice(other))) return kernels.products(pairs);
  const results: Float32Array[] = [];
  for (const { one, other, rows } of pairs) {
    const values = await numbers(device, one);
    results.push(products({ one: values, other: other === one ? values : await numbers(device, other), rows }));
  }
  return results;
}

/** What is empty comes back beside the device, whatever was asked. */
const onDevice = ({ location }: OrtTensor): boolean => location === "gpu-buffer";

/** A base, copied once, and what is added to it. */
async function addedTo(device: Device, base: OrtTensor, terms: ScaledSum<Numbers>["terms"]): Promise<OrtTensor> {
  const type = base.type as "float32" | "float16";
  const beside = inPlace(base);
  if (beside) {
    const sum = device.upload(type, base.dims, beside.values);
    const own = inPlace(sum);
    if (own) {
      addScaled({ base: own, terms });
      return sum;
    }
    sum.dispose();
  }
  return device.upload(type, base.dims, addScaled({ base: await numbers(device, base), terms }));
}

/** The numbers of a float32 tensor beside the device where they lie, so that none is copied; null for others. */
const inPlace = (tensor: OrtTensor): Numbers | null =>
  tensor.type === "float32" && tensor.location === "cpu"
    ? { dims: tensor.dims, values: tensor.data as Float32Array }
    : null;

const numbers = async (device: Device, tensor: OrtTensor): Promise<Numbers> => ({
  dims: tensor.dims,
  values: await device.download(tensor),
});

/** What of a tensor says whether it can be summed. */
interface Shape {
  readonly type: string;
  readonly dims: readonly number[];
}

/** Throws a TypeError or RangeError for terms that do not fit their base. */
export function checkSum({ base, terms }: ScaledSum<Shape>): void {
  checkShape(base, "added to");
  const [rows = 0, , height = 0, width = 0] = base.dims;
  for (const { tensor, rows: strengths, mask } of terms) {
    checkShape(tensor, "added");
    const [own = 0] = tensor.dims;
    if (!sameSides(base, tensor))
      throw new RangeError(`A tensor of [${tensor.dims}] is added to one of [${base.dims}].`);
    if (mask && mask.length !== height * width)
      throw new RangeError(`A mask of ${mask.length} places is laid on ${height * width} places.`);
    if (strengths.length !== rows)
      throw new RangeError(`Strengths for ${strengths.length} rows are given for a tensor of ${rows}.`);
    for (const strength of strengths) {
      if (strength === null) continue;
      checkRow(strength.row, own);
      if (!Number.isFinite(strength.scale))
        throw new RangeError(`A tensor is added with a strength of ${strength.scale}, which is no finite number.`);
    }
  }
}

/** Throws a TypeError or RangeError for tensors that cannot be multiplied. */
export function checkProduct({ one, other, rows }: RowProduct<Shape>): void {
  checkShape(one, "multiplied");
  checkShape(other, "multiplied");
  if (!sameSides(one, other))
    throw new RangeError(`A tensor of [${one.dims}] is multiplied by one of [${other.dims}].`);
  for (const [row, beside] of rows) {
    checkRow(row, one.dims[0] ?? 0);
    checkRow(beside, other.dims[0] ?? 0);
  }
}

function checkShape({ type, dims }: Shape, what: string): void {
  if (type !== "float32" && type !== "float16")
    throw new TypeError(`A tensor of ${type} is ${what}; it must be float32 or float16.`);
  if (dims.length !== 4)
    throw new RangeError(`A tensor of [${dims}] is ${what}; it must be [rows, channels, height, width].`);
}

function checkRow(row: number, rows: number): void {
  if (!(Number.isInteger(row) && row >= 0 && row < rows))
    throw new RangeError(`Row ${row} is taken from a tensor of ${rows} rows.`);
}

/** Whether all but the rows agree. */
const sameSides = (one: Shape, other: Shape): boolean => one.dims.slice(1).join() === other.dims.slice(1).join();
