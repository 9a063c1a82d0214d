/** Exact powers of ten. */
const powers = Array.from({ length: 23 }, (_, n) => Number(`1e${n}`));

/** The text of a path, read from one character to the next. */
export class PathText {
  /** Where the next character is. */
  at = 0;
  /** True when a comma stood before it. */
  comma = false;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** True at the end of the text. */
  get isOver(): boolean {
    return this.at >= this.#text.length;
  }

  /** The next character. */
  get letter(): string {
    return this.#text[this.at] ?? "";
  }

  /** Goes past white space. */
  spaces(): void {
    const text = this.#text;
    for (; this.at < text.length; this.at++) {
      const code = text.charCodeAt(this.at);
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9 && code !== 12) return;
    }
  }

  /** Spaces, and at most one comma among them. */
  separator(): void {
    this.spaces();
    this.comma = this.#text.charCodeAt(this.at) === 44;
    if (!this.comma) return;
    this.at++;
    this.spaces();
  }

  startsNumber(): boolean {
    const code = this.#text.charCodeAt(this.at);
    return (code >= 48 && code <= 57) || code === 46 || code === 45 || code === 43;
  }

  /** 0 or 1, which needs no space after it; not a number otherwise. */
  flag(): number {
    const code = this.#text.charCodeAt(this.at);
    if (code !== 48 && code !== 49) return Number.NaN;
    this.at++;
    return code - 48;
  }

  /** A number with sign, fraction and exponent; not a number, with `at` unmoved, where there is none. */
  number(): number {
    const text = this.#text;
    const start = this.at;
    let at = start;
    let code = text.charCodeAt(at);
    const negative = code === 45;
    if (negative || code === 43) code = text.charCodeAt(++at);
    let digits = 0;
    let mantissa = 0;
    for (; code >= 48 && code <= 57; code = text.charCodeAt(++at), digits++) mantissa = mantissa * 10 + (code - 48);
    let fraction = 0;
    if (code === 46) {
      code = text.charCodeAt(++at);
      for (; code >= 48 && code <= 57; code = text.charCodeAt(++at), digits++, fraction++)
        mantissa = mantissa * 10 + (code - 48);
    }
    if (digits === 0) return Number.NaN;
    let exponent = 0;
    if (code === 101 || code === 69) {
      let after = at + 1;
      let sign = text.charCodeAt(after);
      const down = sign === 45;
      if (down || sign === 43) sign = text.charCodeAt(++after);
      // Without digits the letter belongs to nothing, and is a mistake by itself.
      if (sign >= 48 && sign <= 57) {
        for (; sign >= 48 && sign <= 57; sign = text.charCodeAt(++after))
          exponent = Math.min(9999, exponent * 10 + sign - 48);
        if (down) exponent = -exponent;
        at = after;
      }
    }
    this.at = at;
    const scale = exponent - fraction;
    // A whole number below 2^53 times or by an exact power of ten is rounded once: the nearest double.
    if (mantissa < 9007199254740992 && scale >= -22 && scale <= 22) {
      const value = scale < 0 ? mantissa / (powers[-scale] as number) : mantissa * (powers[scale] as number);
      return negative ? -value : value;
    }
    return Number(text.slice(start, at));
  }
}
