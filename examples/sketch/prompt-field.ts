import { type Suggestion, suggestionsFor } from "./vocabulary.ts";
import { say } from "./words.ts";

// The prompt with its suggestions. Focus never leaves the text; the list is steered from it. `role="combobox"` is not
// allowed on a textarea, so that the list is tied to it by aria-controls and aria-activedescendant alone.

/** Joins a textarea and a list to a prompt with suggestions; Enter outside the list calls `onEnter`. */
export function promptField(field: HTMLTextAreaElement, list: HTMLElement, onEnter: () => void): void {
  let offered: readonly Suggestion[] = [];
  let active = -1;

  const isOpen = (): boolean => !list.hidden;

  function show(suggestions: readonly Suggestion[]): void {
    offered = suggestions;
    list.hidden = offered.length === 0;
    list.replaceChildren(
      ...offered.map(({ title, part }, at) => {
        const item = document.createElement("div");
        item.id = `${list.id}-${at}`;
        item.role = "option";
        const kind = document.createElement("span");
        kind.className = "soft";
        kind.textContent = say(part);
        item.append(title, kind);
        // Pressing the mouse would take focus from the text before the click.
        item.onmousedown = (event) => event.preventDefault();
        item.onclick = () => take(at);
        return item;
      }),
    );
    activate(-1);
  }

  function activate(at: number): void {
    active = at;
    for (const [n, item] of [...list.children].entries()) item.ariaSelected = String(n === at);
    if (at < 0) field.removeAttribute("aria-activedescendant");
    else field.setAttribute("aria-activedescendant", `${list.id}-${at}`);
    list.children[at]?.scrollIntoView({ block: "nearest" });
  }

  function take(at: number): void {
    const suggestion = offered[at];
    if (!suggestion) return;
    const after = field.value.slice(field.selectionStart);
    field.setRangeText(suggestion.text, 0, field.selectionStart, "end");
    if (after !== "" && field.value.includes("  ")) field.value = field.value.replace(/ {2,}/g, " ");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  const offer = (): void => {
    const before = field.value.slice(0, field.selectionStart);
    const atEnd = field.value.slice(field.selectionEnd).trim() === "";
    show(atEnd ? suggestionsFor(before) : []);
  };

  field.addEventListener("input", offer);
  field.addEventListener("focus", () => {
    if (field.value === "") offer();
  });
  field.addEventListener("blur", () => show([]));
  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const { key } = event;
    if (isOpen() && (key === "ArrowDown" || key === "ArrowUp")) {
      const count = offered.length;
      activate(key === "ArrowDown" ? (active + 1) % count : (active <= 0 ? count : active) - 1);
    } else if (isOpen() && key === "Escape") {
      show([]);
      event.stopPropagation();
    } else if (isOpen() && key === "Tab" && !event.shiftKey && field.value !== "") {
      take(Math.max(0, active));
    } else if (isOpen() && key === "Enter" && active >= 0) {
      take(active);
    } else if (key === "Enter" && !event.shiftKey) {
      show([]);
      onEnter();
    } else {
      return;
    }
    event.preventDefault();
  });
}
