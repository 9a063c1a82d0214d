import { isOwnCopy } from "./turned.ts";

/** How long a node has to be left alone after a change before it is told, in milliseconds: a drag changes it all the time. */
const quietMs = 120;

/**
 * Calls `listener` when another selection is made, and when something in it changes: `HostAdapter.onSelectionChange`.
 * Watches the current page only, since Figma loads no other.
 */
export function onSelectionChange(listener: () => void): () => void {
  let page = figma.currentPage;
  let timer: number | null = null;
  const rest = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
  };
  const tell = (): void => {
    rest();
    listener();
  };
  const changed = ({ nodeChanges }: NodeChangeEvent): void => {
    if (!nodeChanges.some((change) => !isOwnCopy(change.id) && concernsSelection(change))) return;
    rest();
    timer = setTimeout(tell, quietMs);
  };
  const turned = (): void => {
    page.off("nodechange", changed);
    page = figma.currentPage;
    page.on("nodechange", changed);
    tell();
  };
  page.on("nodechange", changed);
  figma.on("selectionchange", tell);
  figma.on("currentpagechange", turned);
  return () => {
    rest();
    page.off("nodechange", changed);
    figma.off("selectionchange", tell);
    figma.off("currentpagechange", turned);
  };
}

/** True for a change of something selected, inside it or around it. Of what was deleted nobody can tell where it was. */
function concernsSelection({ node }: NodeChange): boolean {
  const { selection } = figma.currentPage;
  if (node.removed) return selection.length > 0;
  return selection.some((chosen) => isWithin(node, chosen.id) || isWithin(chosen, node.id));
}

/** True for a node that has the id, or lies in one that has it. The page is not looked at: it holds everything. */
function isWithin(node: BaseNode, id: string): boolean {
  for (let at: BaseNode | null = node; at && at.type !== "PAGE"; at = at.parent) if (at.id === id) return true;
  return false;
}
