import { find, make } from "./element.ts";
import type { Answer } from "./protocol.ts";
import { bytesInWords, say } from "./words.ts";

/** What saving asks of the page. */
export interface SaveEvents {
  write(about: { readonly name: string; readonly licence: string; readonly about: string }): Promise<Answer<"write">>;
  onFailure(error: unknown): void;
  /** Name or licence is missing. */
  onMissing(): void;
  announce(text: string): void;
}

/** Where the net is written. */
export interface SaveView {
  /** There is something to save; what it learnt from is a first name. */
  show(from: string): void;
  /** What was written is not the net of now any more. */
  forget(): void;
  hide(): void;
  /** While a run goes on nothing is written. */
  hold(isHeld: boolean): void;
}

/** A folder that a person chose, where the browser offers that. */
type PickDirectory = (options: { readonly mode: "readwrite" }) => Promise<FileSystemDirectoryHandle>;

/** Joins the elements to a view. */
export function saveView({ write, onFailure, onMissing, announce }: SaveEvents): SaveView {
  const [section, written, list, card] = [
    find("save"),
    find("written"),
    find("net-files"),
    find<HTMLTextAreaElement>("card"),
  ];
  const [name, licence] = [find<HTMLInputElement>("net-name"), find<HTMLInputElement>("licence")];
  const [button, text] = [find<HTMLButtonElement>("write"), find("write-text")];
  const folder = find<HTMLButtonElement>("use-save-folder");
  let files: Answer<"write">["files"] = [];
  let addresses: string[] = [];

  function forget(): void {
    written.hidden = true;
    for (const address of addresses) URL.revokeObjectURL(address);
    addresses = [];
    files = [];
  }

  for (const field of [name, licence]) field.oninput = () => field.removeAttribute("aria-invalid");
  find<HTMLFormElement>("about").onsubmit = (event) => {
    event.preventDefault();
    void makeFiles();
  };

  async function makeFiles(): Promise<void> {
    if (button.ariaDisabled === "true") return;
    const missing = [name, licence].filter(({ value }) => value.trim() === "");
    for (const field of missing) field.ariaInvalid = "true";
    if (missing.length > 0) {
      missing[0]?.focus();
      return onMissing();
    }
    forget();
    button.ariaDisabled = "true";
    text.textContent = say("writing");
    try {
      const about = find<HTMLInputElement>("about-net").value.trim();
      const answer = await write({ name: name.value.trim(), licence: licence.value.trim(), about });
      files = answer.files;
      list.replaceChildren(...files.map(([path, file]) => link(path, file)));
      card.value = answer.card;
      written.hidden = false;
      announce(say("card"));
    } catch (error) {
      onFailure(error);
    } finally {
      button.ariaDisabled = null;
      text.textContent = say("write");
    }
  }

  function link(path: string, file: Blob): HTMLElement {
    const address = URL.createObjectURL(file);
    addresses.push(address);
    const anchor = make("a", {
      href: address,
      download: path,
      textContent: path,
      ariaLabel: say("download", { name: path }),
    });
    return make("li", {}, anchor, make("span", { className: "soft", textContent: bytesInWords(file.size) }));
  }

  const pick = (globalThis as { showDirectoryPicker?: PickDirectory }).showDirectoryPicker;
  folder.hidden = !pick;
  folder.onclick = async () => {
    try {
      const into = await pick?.({ mode: "readwrite" });
      if (!into) return;
      for (const [path, file] of files) {
        const stream = await (await into.getFileHandle(path, { create: true })).createWritable();
        await file.stream().pipeTo(stream);
      }
      announce(say("saved-folder"));
    } catch (error) {
      // Whoever closes the picker wants nothing.
      if ((error as Error).name !== "AbortError") onFailure(error);
    }
  };

  return {
    forget,
    show(from) {
      section.hidden = false;
      if (name.value === "") name.value = from;
    },
    hide() {
      forget();
      section.hidden = true;
    },
    hold(isHeld) {
      button.ariaDisabled = isHeld ? "true" : null;
    },
  };
}
