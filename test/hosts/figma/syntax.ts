import { parseAst } from "rollup/parseAst";

/** A piece of syntax, as ESTree has it. */
interface Piece {
  readonly type: string;
  readonly [key: string]: unknown;
}

/** What came after ES2017, by the type of its ESTree node: true, or how to tell it from what was there before. */
const newer: Readonly<Record<string, true | ((piece: Piece) => boolean)>> = {
  // ES2018
  SpreadElement: (piece) => piece["inObject"] === true,
  RestElement: (piece) => piece["inObject"] === true,
  ForOfStatement: (piece) => piece["await"] === true,
  FunctionDeclaration: (piece) => piece["async"] === true && piece["generator"] === true,
  FunctionExpression: (piece) => piece["async"] === true && piece["generator"] === true,
  // Also ES2020's integers without end, and ES2021's separators in numbers
  Literal: ({ value, raw, regex }) =>
    typeof value === "bigint" || (typeof value === "number" && String(raw).includes("_")) || isNewerPattern(regex),
  // ES2019
  CatchClause: (piece) => piece["param"] === null,
  // ES2020
  ImportExpression: true,
  MetaProperty: (piece) => (piece["meta"] as Piece)["name"] === "import",
  ChainExpression: true,
  LogicalExpression: (piece) => piece["operator"] === "??",
  // ES2021
  AssignmentExpression: (piece) => ["&&=", "||=", "??="].includes(piece["operator"] as string),
  // ES2022
  PropertyDefinition: true,
  PrivateIdentifier: true,
  StaticBlock: true,
};

/** Flags s, d and v; looking behind; named groups; properties of characters. */
function isNewerPattern(regex: unknown): boolean {
  if (typeof regex !== "object" || regex === null) return false;
  const { flags, pattern } = regex as { readonly flags: string; readonly pattern: string };
  return /[sdv]/.test(flags) || /\(\?<|\\[pP]\{/.test(pattern);
}

/** The syntax of a script that ES2017 does not know, each kind once; empty for a script that any main realm of Figma reads. */
export function newerSyntax(code: string): readonly string[] {
  const found = new Set<string>();
  const visit = (value: unknown, inObject: boolean): void => {
    if (Array.isArray(value)) {
      for (const one of value) visit(one, inObject);
    } else if (typeof value === "object" && value !== null && "type" in value) {
      const piece = { ...(value as Piece), inObject };
      const isNewer = newer[piece.type];
      if (isNewer === true || isNewer?.(piece)) found.add(piece.type);
      const holds = piece.type === "ObjectExpression" || piece.type === "ObjectPattern";
      for (const inner of Object.values(value)) visit(inner, holds);
    }
  };
  visit(parseAst(code).body, false);
  return [...found];
}
