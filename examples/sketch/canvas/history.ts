// What was drawn, as data: marks in the order they were made, and how many of them count. Undo and redo move that
// number. Nothing here touches a canvas, so any size can be painted from it.

/** The side of the square sheet; every place and width on it is in these units. */
export const sheetSide = 256;

/** A place on the sheet, and how wide the line is there. */
export interface Point {
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

/** One thing that can be undone. */
export type Mark =
  | { readonly kind: "stroke"; readonly points: readonly Point[]; readonly erases: boolean }
  /** Lines written as an SVG path. */
  | { readonly kind: "path"; readonly path: string; readonly width: number }
  /** The lines of a picture, over the whole sheet: opaque where there is a line. */
  | { readonly kind: "lines"; readonly lines: OffscreenCanvas }
  /** Hides every mark before it. */
  | { readonly kind: "clear" };

/** The marks of a sheet; those from `done` on were undone and wait for redo. */
export interface History {
  readonly marks: readonly Mark[];
  readonly done: number;
}

/** A sheet on which nothing was ever drawn. */
export const blank: History = { marks: [], done: 0 };

/** Adds marks as one after the other; what waited for redo is gone. */
export function added(history: History, ...marks: readonly Mark[]): History {
  const kept = [...history.marks.slice(0, history.done), ...marks];
  return { marks: kept, done: kept.length };
}

/** Takes the last mark away; the same history when there is none. */
export function undone(history: History): History {
  return canUndo(history) ? { ...history, done: history.done - 1 } : history;
}

/** Brings the last undone mark back; the same history when there is none. */
export function redone(history: History): History {
  return canRedo(history) ? { ...history, done: history.done + 1 } : history;
}

/** Clears the sheet, as one mark; the same history when the sheet is clear. */
export function cleared(history: History): History {
  return shown(history).length > 0 ? added(history, { kind: "clear" }) : history;
}

export const canUndo = ({ done }: History): boolean => done > 0;

export const canRedo = ({ marks, done }: History): boolean => done < marks.length;

/** The marks that can be seen: those since the last clear. */
export function shown({ marks, done }: History): readonly Mark[] {
  const counted = marks.slice(0, done);
  return counted.slice(counted.findLastIndex(({ kind }) => kind === "clear") + 1);
}
