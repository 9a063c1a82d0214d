// Comma-separated values (RFC 4180): quotes around what holds a comma, a quote (twice) or a break. Spreadsheets of
// languages whose numbers have a comma write semicolons.

/** A line of a table: its values, and the line of the text that it begins in, from 1. */
export interface ValueLine {
  readonly line: number;
  readonly values: readonly string[];
}

/** Reads the lines of a table; those without anything are left out. Throws a `SyntaxError` that names the line. */
export function valueLines(text: string): ValueLine[] {
  const head = /^[^\r\n]*/.exec(text)?.[0] ?? "";
  const between = [",", ";", "\t"].find((sign) => head.includes(sign)) ?? ",";
  const lines: ValueLine[] = [];
  let values: string[] = [];
  let [line, begun, at] = [1, 1, 0];
  while (at < text.length) {
    let value = "";
    if (text[at] === '"') {
      const end = closing(text, at, line);
      value = text.slice(at + 1, end).replaceAll('""', '"');
      line += value.split("\n").length - 1;
      at = end + 1;
    }
    const from = at;
    while (at < text.length && text[at] !== between && text[at] !== "\n") at++;
    value += text.slice(from, at).replace(/\r$/, "");
    values.push(value);
    if (at < text.length && text[at] === between) {
      at++;
      if (at < text.length) continue;
      values.push("");
    }
    if (values.some((one) => one !== "")) lines.push({ line: begun, values });
    values = [];
    at++;
    line++;
    begun = line;
  }
  return lines;
}

/** The place of the quote that closes the one at `from`. */
function closing(text: string, from: number, line: number): number {
  for (let at = text.indexOf('"', from + 1); at >= 0; at = text.indexOf('"', at + 2)) {
    if (text[at + 1] !== '"') return at;
  }
  throw new SyntaxError(`line ${line}: a quote is opened and never closed`);
}
