import type { Editor } from "../core/editor.ts";
import { commandsOf } from "../core/manifest.ts";
import { screen } from "../core/window.ts";

// What a person sees of the simulated editor: the page that is shown, the plugin's menu and buttons, undo and redo, notices.
// It is for looking and for trying by hand; tests call the editor itself.

const style =
  "body{margin:0;font:12px/1.4 sans-serif;background:#e5e5e5;overflow:hidden}" +
  "#canvas{position:fixed;inset:0}" +
  "#bar{position:fixed;left:8px;top:8px;display:flex;gap:4px}" +
  "#notices{position:fixed;left:50%;bottom:16px;transform:translateX(-50%);margin:0;padding:0;list-style:none}" +
  "#notices li{padding:8px 12px;border-radius:6px;color:#fff;background:#1e1e1e}" +
  "#notices .error{background:#c0290f}";

/** How often the desk looks whether anything has changed, in milliseconds. */
const interval = 250;

/** Lays the editor's own interface into the page. */
export function layDesk(editor: Editor): void {
  const made = <K extends keyof HTMLElementTagNameMap>(tag: K, id: string): HTMLElementTagNameMap[K] =>
    Object.assign(document.createElement(tag), { id });
  const [canvas, bar, notices] = [made("img", "canvas"), made("div", "bar"), made("ul", "notices")];
  canvas.alt = "";
  document.head.append(Object.assign(document.createElement("style"), { textContent: style }));
  document.body.append(canvas, bar, notices);
  const button = (text: string, press: () => Promise<unknown>): HTMLButtonElement => {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: text });
    button.onclick = () => void press().catch((error: unknown) => console.error(String(error)));
    return button;
  };
  const commands = commandsOf(editor.manifest.menu);
  const fixed = [
    button("Undo", () => editor.undo()),
    button("Redo", () => editor.redo()),
    ...(commands.length > 0 ? commands : [""]).map((command) =>
      button(command || "Run", () => editor.runCommand(command)),
    ),
    button("Close plugin", () => editor.closePlugin()),
  ];
  addEventListener("keydown", ({ key, ctrlKey, metaKey, shiftKey }) => {
    if (key.toLowerCase() !== "z" || !(ctrlKey || metaKey)) return;
    void (shiftKey ? editor.redo() : editor.undo());
  });
  let seen = "";
  const look = async (): Promise<void> => {
    const now = [await editor.snapshot(), await editor.selection(), await editor.notices(), editor.document.viewBounds];
    const text = JSON.stringify(now);
    if (text === seen) return;
    seen = text;
    const relaunch = await editor.relaunchButtons();
    bar.replaceChildren(...fixed, ...relaunch.map(({ command, name }) => button(name, () => editor.relaunch(command))));
    notices.replaceChildren(
      ...(await editor.notices()).slice(0, 1).map((notice) => noticeItem(editor, notice, button)),
    );
    const { x, y } = editor.document.viewBounds;
    const bytes = await editor.picture({ x: Math.round(x), y: Math.round(y), ...screen });
    URL.revokeObjectURL(canvas.src);
    canvas.src = URL.createObjectURL(new Blob([bytes.slice()], { type: "image/png" }));
  };
  const again = (): void => {
    // A picture that the simulator cannot draw says why on the console, once for each state of the document.
    void look()
      .catch((error: unknown) => console.warn(String(error)))
      .then(() => setTimeout(again, interval));
  };
  again();
}

function noticeItem(
  editor: Editor,
  { id, message, error, button: text }: Awaited<ReturnType<Editor["notices"]>>[number],
  button: (text: string, press: () => Promise<unknown>) => HTMLButtonElement,
): HTMLLIElement {
  const item = Object.assign(document.createElement("li"), { textContent: message, className: error ? "error" : "" });
  if (text !== null)
    item.append(
      " ",
      button(text, () => editor.pressNotice(id)),
    );
  item.append(
    " ",
    button("×", () => editor.dismissNotice(id)),
  );
  return item;
}
