/** How near a layer is, as its name says: 0 is far, 1 near; two different numbers for one that reaches from far to near. */
export interface DepthTag {
  readonly far: number;
  readonly near: number;
}

/** `depth=40` or `depth=20..80` at the end of a name, in percent; editors may have put " copy 2" or the like behind it. */
const tag =
  /(?:^|[^\p{L}\p{N}])depth\s*=\s*(\d{1,3}(?:\.\d+)?)(?:\s*\.\.\s*(\d{1,3}(?:\.\d+)?))?\s*%?\)?\]?(?:\s+(?:copy|복사본?|사본)(?:\s*\d+)?)?\s*$/iu;

/** As much of a name as a tag may take: a long name is not searched from each of its letters. */
const longest = 80;

/** The depth that stands at the end of a layer's name: `tree depth=40`, `ground depth=20..80`. Null for none. */
export function depthTag(name: string): DepthTag | null {
  const found = tag.exec(name.slice(-longest).normalize("NFKC"));
  if (!found) return null;
  const [first, second] = [Number(found[1]), Number(found[2] ?? found[1])].map(
    (value) => Math.min(value, 100) / 100,
  ) as [number, number];
  return { far: Math.min(first, second), near: Math.max(first, second) };
}

/** A layer's name without its depth. */
export function withoutDepthTag(name: string): string {
  const end = name.slice(-longest).normalize("NFKC");
  const found = tag.exec(end);
  return found ? name.slice(0, -longest) + end.slice(0, found.index) : name;
}
