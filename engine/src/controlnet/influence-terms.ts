import type { Tensor } from "../runtime/runtime.ts";
import type { RowProduct } from "../runtime/scaled-sum.ts";
import type { ControlTerm } from "./residuals.ts";

// What of a sum is measured: which rows of which tensors, and what is gathered of them by place.

/** What is added to one tensor of the locked network in one step. */
export interface ObservedSum {
  readonly base: Tensor;
  readonly terms: readonly ControlTerm[];
}

/** Two terms of one sum, and for each row of the batch on which both act, which rows of theirs that is. */
export interface Meeting {
  readonly one: ControlTerm;
  readonly other: ControlTerm;
  readonly rows: readonly (readonly [one: number, other: number])[];
}

/** All pairs of terms that meet. What is averaged has no place of its own to be compared at. */
export function meetingsOf({ terms }: ObservedSum): readonly Meeting[] {
  const placed = terms.filter(({ pool }) => !pool);
  return placed.flatMap((one, n) =>
    placed.slice(n + 1).flatMap((other): Meeting[] => {
      const rows = one.rows.flatMap((strength, row): (readonly [number, number])[] => {
        const beside = other.rows[row];
        return strength && beside ? [[strength.row, beside.row]] : [];
      });
      return rows.length > 0 ? [{ one, other, rows }] : [];
    }),
  );
}

/** The product of some rows of a tensor with themselves. */
export const squares = (tensor: Tensor, rows: RowProduct["rows"]): RowProduct => ({ one: tensor, other: tensor, rows });

/** All rows of a tensor, each with itself. */
export const rowsOf = ({ dims: [rows = 1] }: Tensor): RowProduct["rows"] =>
  Array.from({ length: rows }, (_, n) => [n, n]);

/** The rows of a term's tensor that are added, in the order of the batch. */
export const actingRows = ({ rows }: ControlTerm): RowProduct["rows"] =>
  rows.flatMap((strength): (readonly [number, number])[] => (strength ? [[strength.row, strength.row]] : []));

/** By place, the squares of what a term adds and of what it is added to, over the rows on which it acts. */
export function acted(
  { rows, mask, pool }: ControlTerm,
  energy: Float32Array,
  base: Float32Array,
  area: number,
): { readonly added: Float32Array; readonly under: Float32Array } {
  const [added, under] = [new Float32Array(area), new Float32Array(area)];
  let from = 0;
  for (const [n, strength] of rows.entries()) {
    if (!strength) continue;
    for (let i = 0; i < area; i++) {
      const factor = strength.scale * (pool ? 1 : (mask?.[i] ?? 1));
      added[i] = (added[i] as number) + factor * factor * (energy[from + i] as number);
      under[i] = (under[i] as number) + (base[n * area + i] as number);
    }
    from += area;
  }
  return { added, under };
}
