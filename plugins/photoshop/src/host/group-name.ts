/** The longest name of a group, in characters: a prompt may be a whole paragraph. */
const LONGEST = 100;

/** What the group of a placing is called: "Underdraw - a red fox". */
export function groupName(layers: readonly { readonly name: string }[]): string {
  const what = (layers.at(-1)?.name ?? "").replace(/\s+/g, " ").trim();
  const characters = [...what];
  const short = characters.length > LONGEST ? `${characters.slice(0, LONGEST).join("").trimEnd()}…` : what;
  return short === "" ? "Underdraw" : `Underdraw - ${short}`;
}
