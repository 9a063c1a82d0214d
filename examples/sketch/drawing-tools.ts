import { firstSketches } from "./canvas/first-sketches.ts";
import { sheetSide } from "./canvas/history.ts";
import { Pad } from "./canvas/pad.ts";
import { linesOf } from "./canvas/paint.ts";
import { pictureIn, readOntoSheet } from "./picture-file.ts";
import { say, type Word } from "./words.ts";

/** What the sheet asks of its page. */
export interface SheetEvents {
  /** A person began to draw or to choose something. */
  onBegin(): void;
  /** A drawing to begin with was taken, whose prompt is this. */
  onFirstSketch(prompt: string): void;
  /** Finds the edges of a picture. */
  edges(picture: ImageData): Promise<ImageData>;
  /** A file was no picture. */
  onUnreadable(file: string): void;
  /** Something to say to those who do not see the sheet. */
  announce(text: string): void;
  onFailure(error: unknown): void;
}

type Find = <E extends Element = HTMLElement>(id: string) => E;

/** Joins the sheet and its tools to a pad: pen and eraser, width, undo, redo, clear, and pictures to trace. */
export function drawingTools(find: Find, events: SheetEvents): Pad {
  const canvas = find<HTMLCanvasElement>("pad");
  const [pen, eraser] = [find<HTMLButtonElement>("use-pen"), find<HTMLButtonElement>("use-eraser")];
  const width = find<HTMLInputElement>("width");
  const [undo, redo, clear] = [find("use-undo"), find("use-redo"), find("use-clear")];

  const pad = new Pad(canvas, {
    onChange() {
      find("hint").hidden = pad.drawing || !pad.isClear;
      undo.ariaDisabled = String(!pad.canUndo);
      redo.ariaDisabled = String(!pad.canRedo);
      clear.ariaDisabled = String(pad.isClear);
      if (pad.drawing) events.onBegin();
    },
  });

  function choose(erases: boolean): void {
    pad.erases = erases;
    pen.ariaPressed = String(!erases);
    eraser.ariaPressed = String(erases);
  }
  pen.onclick = () => choose(false);
  eraser.onclick = () => choose(true);

  /** Shows at the pointer how wide the line will be. */
  function aim(): void {
    const side = Math.max(4, (pad.width / sheetSide) * canvas.getBoundingClientRect().width);
    const half = side / 2 + 1;
    const circle = `<svg xmlns="http://www.w3.org/2000/svg" width="${2 * half}" height="${2 * half}"><circle cx="${half}" cy="${half}" r="${side / 2}" fill="none" stroke="#fff" stroke-width="2"/><circle cx="${half}" cy="${half}" r="${side / 2}" fill="none" stroke="#17181c"/></svg>`;
    canvas.style.cursor = `url("data:image/svg+xml,${encodeURIComponent(circle)}") ${half} ${half}, crosshair`;
  }
  width.oninput = () => {
    pad.width = width.valueAsNumber;
    width.setAttribute("aria-valuetext", say("width-value", { n: pad.width }));
    aim();
  };
  width.dispatchEvent(new Event("input"));
  new ResizeObserver(aim).observe(canvas);

  undo.onclick = () => pad.undo();
  redo.onclick = () => pad.redo();
  clear.onclick = () => pad.clear();
  addEventListener("keydown", (event) => {
    // In a text, these keys undo typing.
    const typing = event.target instanceof HTMLTextAreaElement || (event.target as HTMLInputElement).type === "text";
    if (typing || event.altKey || !(event.ctrlKey || event.metaKey)) return;
    const key = event.key.toLowerCase();
    if (key === "z" && !event.shiftKey) pad.undo();
    else if (key === "y" || key === "z") pad.redo();
    else return;
    event.preventDefault();
  });

  find("first").append(
    ...firstSketches.map(({ name, mark, prompt }) => {
      const button = document.createElement("button");
      button.type = "button";
      button.ariaLabel = button.title = say(name as Word);
      button.innerHTML = `<svg viewBox="0 0 ${sheetSide} ${sheetSide}" stroke-width="8" aria-hidden="true"><path d="${mark.path}"/></svg>`;
      button.onclick = () => {
        events.onBegin();
        pad.replace(mark);
        events.onFirstSketch(prompt);
      };
      return button;
    }),
  );

  acceptPictures(find, async (file) => {
    let picture: ImageData;
    try {
      picture = await readOntoSheet(file, sheetSide);
    } catch {
      return events.onUnreadable(file.name);
    }
    try {
      events.announce(say("reading"));
      pad.replace(linesOf(await events.edges(picture)));
      events.announce(say("read"));
    } catch (error) {
      events.onFailure(error);
    }
  });
  return pad;
}

/** Hears of pictures that are opened, dropped anywhere on the page, or pasted. */
function acceptPictures(find: Find, accept: (file: File) => Promise<void>): void {
  const input = find<HTMLInputElement>("file");
  find("use-open").onclick = () => input.click();
  input.onchange = () => {
    const [file] = input.files ?? [];
    if (file) void accept(file);
    // The same file may be opened again.
    input.value = "";
  };
  addEventListener("paste", (event) => {
    const file = pictureIn(event.clipboardData);
    if (!file) return;
    event.preventDefault();
    void accept(file);
  });
  const drop = find("drop");
  addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    drop.hidden = false;
  });
  addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) drop.hidden = true;
  });
  addEventListener("drop", (event) => {
    drop.hidden = true;
    const file = pictureIn(event.dataTransfer);
    if (!file) return;
    event.preventDefault();
    void accept(file);
  });
}
