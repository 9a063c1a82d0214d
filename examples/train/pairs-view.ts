import { find, make, shownPixels } from "./element.ts";
import type { ShownPair } from "./protocol.ts";
import { inPageWords, say } from "./words.ts";

/** The pairs as they were looked at: what was found, and each one small. */
export interface PairsView {
  /** Begins anew. */
  clear(): void;
  add(pair: ShownPair): void;
  /** Shows what was found in all of them. */
  show(looked: {
    readonly faulty: readonly { readonly pair: string; readonly problem: string }[];
    readonly warnings: readonly string[];
    readonly count?: number;
    readonly read?: number;
    readonly sound?: number;
  }): void;
}

/** Joins the elements to a view. */
export function pairsView(): PairsView {
  const [section, findings, thumbs, count] = [find("pairs"), find("findings"), find("thumbs"), find("pairs-count")];
  const shown = new Map<string, HTMLElement>();

  function card(name: string, prompt: string, halves: readonly Node[]): HTMLElement {
    const words = make(
      "span",
      { className: "words" },
      make("b", { textContent: name.replace(/^.*\//, ""), title: name }),
    );
    if (prompt !== "") words.append(make("span", { className: "soft", textContent: prompt, title: prompt }));
    return make("li", {}, make("span", { className: "halves" }, ...halves), words);
  }

  return {
    clear() {
      shown.clear();
      findings.replaceChildren();
      thumbs.replaceChildren();
      count.textContent = "";
      section.hidden = true;
    },
    add({ name, prompt, map, picture }) {
      section.hidden = false;
      const halves = [shownPixels(map, say("map-of", { name })), shownPixels(picture, say("picture-of", { name }))];
      const item = card(name, prompt, halves);
      shown.set(name, item);
      thumbs.append(item);
    },
    show({ faulty, warnings, count: all, read, sound }) {
      section.hidden = false;
      if (all !== undefined && sound !== undefined && read !== undefined)
        count.textContent = [
          say("pairs-sound", { sound, n: all }),
          ...(read < all ? [say("pairs-read", { read, n: all })] : []),
        ].join(" · ");
      const items = warnings.map((text) => make("li", { className: "warn", textContent: inPageWords(text) }));
      if (items.length === 0 && faulty.length === 0)
        items.push(make("li", { className: "good", textContent: say("finding-none") }));
      findings.replaceChildren(...items);
      // Faulty ones come first, each with what is wrong with it.
      for (const { pair, problem } of faulty.toReversed()) {
        const item = shown.get(pair) ?? card(pair, "", []);
        item.classList.add("faulty");
        item
          .querySelector(".words")
          ?.append(
            make("span", { className: "pill bad", textContent: say("left-out") }),
            make("span", { className: "problem", textContent: problem }),
          );
        thumbs.prepend(item);
      }
    },
  };
}
