import { type ArcFlags, arcCurves } from "./arc.ts";
import { PathText } from "./path-text.ts";

/** An outline as numbers: move, line, cubic curve and close, all absolute. */
export interface PathData {
  /** One a segment: 0 moves, 1 draws a line, 2 a cubic curve, 3 closes. */
  readonly kinds: Uint8Array;
  /** Two numbers for a move or a line, six for a curve, none for closing, one segment after the other. */
  readonly numbers: Float64Array;
  /** The segments, by rising number, that end inside of an arc: an arc is several curves. */
  readonly inArcs: readonly number[];
  /** Where in the text the first mistake is; null for a path without one. What came before it is in the outline. */
  readonly mistake: number | null;
}

/** More segments than this end a path, as a mistake does. */
const mostSegments = 5_000_000;

const [move, line, curve, close] = [0, 1, 2, 3] as const;

/**
 * Reads SVG path data (SVG 2, 9.3): arcs and quadratic curves become cubic ones. A mistake ends the path there, and what
 * came before it stays. A number too large for a double is a mistake.
 */
export function readPathData(text: string): PathData {
  return reader.read(text);
}

/** What a letter asks for: how many numbers it takes. */
const counts: Readonly<Record<string, number>> = { M: 2, L: 2, H: 1, V: 1, C: 6, S: 4, Q: 4, T: 2, A: 7, Z: 0 };

/** Space for paths of so many segments is kept from path to path. */
const keptSegments = 100_000;

const nothing = new PathText("");

/** Reads one path after the other into the same space, since most are short. */
class Reader {
  #text = nothing;
  #kinds = new Uint8Array(256);
  #segments = 0;
  #numbers = new Float64Array(1536);
  #filled = 0;
  /** The numbers of one command. */
  readonly #given = new Float64Array(7);
  #inArcs: number[] = [];
  // Where the pen is, where its run began, and the control point that a smooth curve mirrors.
  #x = 0;
  #y = 0;
  #startX = 0;
  #startY = 0;
  #handleX = 0;
  #handleY = 0;

  read(text: string): PathData {
    this.#text = new PathText(text);
    this.#segments = this.#filled = 0;
    this.#inArcs = [];
    this.#x = this.#y = this.#startX = this.#startY = 0;
    const whole = this.#commands();
    const kinds = this.#kinds.slice(0, this.#segments);
    const numbers = this.#numbers.slice(0, this.#filled);
    if (this.#kinds.length > keptSegments) [this.#kinds, this.#numbers] = [new Uint8Array(256), new Float64Array(1536)];
    const mistake = whole ? null : this.#text.at;
    this.#text = nothing;
    return { kinds, numbers, inArcs: this.#inArcs, mistake };
  }

  /** Draws all commands; false, with `at` at the mistake, for text that is not path data to its end. */
  #commands(): boolean {
    const text = this.#text;
    text.spaces();
    let before = "";
    while (!text.isOver) {
      const { letter } = text;
      const command = letter.toUpperCase();
      const count = counts[command];
      if (count === undefined || (before === "" && command !== "M")) return false;
      text.at++;
      if (count === 0) {
        if (!this.#close()) return false;
        text.spaces();
        before = command;
        continue;
      }
      text.spaces();
      for (let first = true; ; first = false) {
        const start = text.at;
        if (!this.#take(command, count)) return false;
        // More pairs after a move are lines.
        const drawn = command === "M" && !first ? "L" : command;
        if (!this.#draw(drawn, letter !== command, before)) {
          text.at = start;
          return false;
        }
        before = drawn;
        text.separator();
        if (!text.comma && !text.startsNumber()) break;
      }
    }
    return true;
  }

  /** Takes the numbers of a command; false, with `at` at the mistake, when one is missing. */
  #take(command: string, count: number): boolean {
    const given = this.#given;
    const text = this.#text;
    for (let n = 0; n < count; n++) {
      if (n > 0) text.separator();
      const start = text.at;
      const value = command === "A" && (n === 3 || n === 4) ? text.flag() : text.number();
      if (!Number.isFinite(value)) {
        text.at = start;
        return false;
      }
      given[n] = value;
    }
    text.comma = false;
    return true;
  }

  /** Draws a command with the numbers taken; false for what cannot be drawn. */
  #draw(command: string, relative: boolean, before: string): boolean {
    const g = this.#given;
    const [x, y] = [this.#x, this.#y];
    const [dx, dy] = relative ? [x, y] : [0, 0];
    const at = (n: number): number => (g[n] as number) + (n % 2 === 0 ? dx : dy);
    switch (command) {
      case "M":
        this.#startX = at(0);
        this.#startY = at(1);
        return this.#to(move, at(0), at(1));
      case "L":
        return this.#to(line, at(0), at(1));
      case "H":
        return this.#to(line, (g[0] as number) + dx, y);
      case "V":
        return this.#to(line, x, (g[0] as number) + dy);
      case "C":
        return this.#curve(at(0), at(1), at(2), at(3), at(4), at(5));
      case "S": {
        const smooth = before === "C" || before === "S";
        const [hx, hy] = smooth ? [2 * x - this.#handleX, 2 * y - this.#handleY] : [x, y];
        return this.#curve(hx, hy, at(0), at(1), at(2), at(3));
      }
      case "Q":
        return this.#quadratic(at(0), at(1), at(2), at(3));
      case "T": {
        const smooth = before === "Q" || before === "T";
        const [hx, hy] = smooth ? [2 * x - this.#handleX, 2 * y - this.#handleY] : [x, y];
        return this.#quadratic(hx, hy, at(0), at(1));
      }
      default: {
        const [rx, ry, turn] = [g[0] as number, g[1] as number, g[2] as number];
        const flags: ArcFlags = { large: g[3] === 1, sweep: g[4] === 1 };
        const [ex, ey] = [(g[5] as number) + dx, (g[6] as number) + dy];
        const curves = arcCurves(x, y, rx, ry, turn, flags, ex, ey);
        if (curves === null) return this.#to(line, ex, ey);
        for (let n = 0; n < curves.length; n += 6) {
          const c = (k: number) => curves[n + k] as number;
          if (n + 6 < curves.length) this.#inArcs.push(this.#segments);
          if (!this.#curve(c(0), c(1), c(2), c(3), c(4), c(5))) return false;
        }
        return true;
      }
    }
  }

  #to(kind: number, x: number, y: number): boolean {
    if (!Number.isFinite(x + y) || !this.#space()) return false;
    this.#kinds[this.#segments++] = kind;
    this.#numbers[this.#filled++] = x;
    this.#numbers[this.#filled++] = y;
    this.#x = x;
    this.#y = y;
    return true;
  }

  #quadratic(hx: number, hy: number, x: number, y: number): boolean {
    const [x0, y0] = [this.#x, this.#y];
    const third = 2 / 3;
    const drawn = this.#curve(
      x0 + third * (hx - x0),
      y0 + third * (hy - y0),
      x + third * (hx - x),
      y + third * (hy - y),
      x,
      y,
    );
    this.#handleX = hx;
    this.#handleY = hy;
    return drawn;
  }

  #curve(x1: number, y1: number, x2: number, y2: number, x: number, y: number): boolean {
    if (!Number.isFinite(x1 + y1 + x2 + y2 + x + y) || !this.#space()) return false;
    this.#kinds[this.#segments++] = curve;
    const numbers = this.#numbers;
    const n = this.#filled;
    numbers[n] = x1;
    numbers[n + 1] = y1;
    numbers[n + 2] = x2;
    numbers[n + 3] = y2;
    numbers[n + 4] = x;
    numbers[n + 5] = y;
    this.#filled = n + 6;
    this.#handleX = x2;
    this.#handleY = y2;
    this.#x = x;
    this.#y = y;
    return true;
  }

  #close(): boolean {
    if (!this.#space()) return false;
    this.#kinds[this.#segments++] = close;
    this.#x = this.#startX;
    this.#y = this.#startY;
    return true;
  }

  /** Makes space for one more segment; false when there may be no more. */
  #space(): boolean {
    if (this.#segments >= mostSegments) return false;
    if (this.#segments === this.#kinds.length) {
      const larger = new Uint8Array(this.#kinds.length * 2);
      larger.set(this.#kinds);
      this.#kinds = larger;
    }
    if (this.#filled + 6 > this.#numbers.length) {
      const larger = new Float64Array(this.#numbers.length * 2);
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    return true;
  }
}

const reader = new Reader();
