import type { Line } from "./line.ts";
import type { Segment } from "./segments.ts";

// A detector of edges sees a pen stroke twice, once from either side, and a long edge in pieces where something lies across
// it. A drawing of straight lines has one line for each.

/** How segments are joined; lengths in pixels. */
export interface JoinOptions {
  /** How wide a stroke may be whose two sides become one line in its middle; 0 leaves sides alone. */
  readonly stroke: number;
  /** How far apart the ends of pieces of one line may be; 0 leaves pieces alone. */
  readonly gap: number;
}

/** A segment while it is joined: its direction, of length 1, and its length. */
interface Piece extends Line {
  readonly across: number;
  readonly down: number;
  readonly length: number;
}

/** The squared sine of 8 degrees: sides of a stroke are no further from parallel. */
const parallel = 0.019369152;

/** The squared sine of 4 degrees: pieces of a line bend no more. */
const straight = 0.004865966;

/** How far a piece may lie beside the line that it continues, in pixels. */
const aside = 2;

/** Joins the two sides of strokes, then the pieces of lines. Gives the lines, the longest first; yields the share done. */
export function* joinSegments(
  found: readonly Segment[],
  { stroke, gap }: JoinOptions,
): Generator<number, readonly Line[], void> {
  let pieces = found.map(pieceOf).sort((a, b) => b.length - a.length);
  if (stroke > 0) pieces = joined(pieces, stroke, (long, short) => centre(long, short, stroke));
  yield 0.2;
  if (gap > 0) {
    // A line that has grown may reach the next piece: until nothing joins, or for ten pieces.
    for (let round = 0, before = 0; round < 10 && pieces.length !== before; round++) {
      before = pieces.length;
      pieces = joined(pieces, gap, (long, short) => chained(long, short, gap));
      yield 0.2 + 0.08 * (round + 1);
    }
  }
  return pieces;
}

function pieceOf({ x0, y0, x1, y1 }: Line): Piece {
  const length = Math.sqrt((x1 - x0) * (x1 - x0) + (y1 - y0) * (y1 - y0));
  const unit = length || 1;
  return { x0, y0, x1, y1, across: (x1 - x0) / unit, down: (y1 - y0) / unit, length };
}

/**
 * Tries `join` on each pair whose boxes lie within `room` of each other, the longer piece first; a pair that joins becomes
 * one piece, and goes on joining. Pieces are given and taken sorted by length.
 */
function joined(pieces: readonly Piece[], room: number, join: (long: Piece, short: Piece) => Piece | null): Piece[] {
  const count = pieces.length;
  const kept: (Piece | null)[] = [...pieces];
  // Sweeping from left to right: pairs that are apart in x are never looked at.
  const left = (piece: Piece) => Math.min(piece.x0, piece.x1);
  const right = (piece: Piece) => Math.max(piece.x0, piece.x1);
  const order = Array.from({ length: count }, (_, k) => k).sort(
    (a, b) => left(pieces[a] as Piece) - left(pieces[b] as Piece) || a - b,
  );
  const near: number[][] = Array.from({ length: count }, () => []);
  let open: number[] = [];
  for (const k of order) {
    const piece = pieces[k] as Piece;
    open = open.filter((other) => right(pieces[other] as Piece) + room >= left(piece));
    for (const other of open) {
      const rival = pieces[other] as Piece;
      const below = Math.min(piece.y0, piece.y1) - Math.max(rival.y0, rival.y1);
      const above = Math.min(rival.y0, rival.y1) - Math.max(piece.y0, piece.y1);
      if (below > room || above > room) continue;
      (near[Math.min(k, other)] as number[]).push(Math.max(k, other));
    }
    open.push(k);
  }
  for (let k = 0; k < count; k++) {
    for (const other of (near[k] as number[]).sort((a, b) => a - b)) {
      const [long, short] = [kept[k], kept[other]];
      if (!long || !short) continue;
      const one = join(long, short);
      if (!one) continue;
      kept[k] = one;
      kept[other] = null;
    }
  }
  return kept.filter((piece) => piece !== null).sort((a, b) => b.length - a.length);
}

/** Where a point lies as seen from a piece's first end: along it, and beside it. */
function along(piece: Piece, x: number, y: number): number {
  return (x - piece.x0) * piece.across + (y - piece.y0) * piece.down;
}

function beside(piece: Piece, x: number, y: number): number {
  return (y - piece.y0) * piece.across - (x - piece.x0) * piece.down;
}

/** The middle line of a stroke, if two pieces are its sides: parallel, the other way round, beside each other. */
function centre(long: Piece, short: Piece, stroke: number): Piece | null {
  const turn = long.across * short.down - long.down * short.across;
  if (turn * turn > parallel || long.across * short.across + long.down * short.down > 0) return null;
  const start = beside(long, short.x0, short.y0);
  const end = beside(long, short.x1, short.y1);
  if (Math.abs(start) > stroke || Math.abs(end) > stroke || start * end < 0) return null;
  // The short side runs backwards.
  const first = along(long, short.x1, short.y1);
  const last = along(long, short.x0, short.y0);
  if (Math.min(last, long.length) - Math.max(first, 0) < 0.5 * short.length) return null;
  const half = (start + end) / 4;
  return stretched(long, Math.min(first, 0), Math.max(last, long.length), half);
}

/** A piece with its ends moved along it, and all of it moved aside. */
function stretched(piece: Piece, first: number, last: number, offset: number): Piece {
  const x = piece.x0 - offset * piece.down;
  const y = piece.y0 + offset * piece.across;
  return pieceOf({
    x0: x + first * piece.across,
    y0: y + first * piece.down,
    x1: x + last * piece.across,
    y1: y + last * piece.down,
  });
}

/** One piece from the far end of one to the far end of the other, if they continue each other. */
function chained(long: Piece, short: Piece, gap: number): Piece | null {
  const turn = long.across * short.down - long.down * short.across;
  if (turn * turn > straight) return null;
  const start = beside(long, short.x0, short.y0);
  const end = beside(long, short.x1, short.y1);
  if (Math.abs(start) > aside || Math.abs(end) > aside) return null;
  const [a, b] = [along(long, short.x0, short.y0), along(long, short.x1, short.y1)];
  const [first, last] = [Math.min(a, b), Math.max(a, b)];
  if (first > long.length + gap || last < -gap) return null;
  // A short piece says little about the direction, a long gap needs much of it.
  const space = Math.max(first - long.length, -last, 0);
  if (space > 0.5 * (long.length + short.length)) return null;
  if (first >= 0 && last <= long.length) return long;
  const [outerX, outerY] = first < 0 === a <= b ? [short.x0, short.y0] : [short.x1, short.y1];
  if (first < 0 && last > long.length) return stretched(long, first, last, 0);
  return first < 0
    ? pieceOf({ x0: outerX, y0: outerY, x1: long.x1, y1: long.y1 })
    : pieceOf({ x0: long.x0, y0: long.y0, x1: outerX, y1: outerY });
}
