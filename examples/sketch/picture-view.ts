import type { Pixels } from "@underdraw/engine";
import type { Drawn } from "./drawn.ts";
import { say } from "./words.ts";

/** Where pictures are shown: what one looks like so far, and the last one that was finished. */
export interface PictureView {
  preview(pixels: Pixels): void;
  /** Takes the preview away: the last finished picture is seen again. */
  endPreview(): void;
  show(drawn: Drawn, prompt: string): void;
}

/** Joins the elements beside the sheet to a view. */
export function pictureView(find: <E extends Element = HTMLElement>(id: string) => E): PictureView {
  const [canvas, image] = [find<HTMLCanvasElement>("preview"), find<HTMLImageElement>("image")];
  const [badge, empty, facts] = [find("is-preview"), find("empty"), find("facts")];
  const save = find<HTMLButtonElement>("use-save");
  let file = { address: "", name: "" };

  save.onclick = () => {
    const link = document.createElement("a");
    link.href = file.address;
    link.download = file.name;
    link.click();
  };

  return {
    preview(pixels) {
      const { width, height, data } = pixels;
      Object.assign(canvas, { width, height });
      canvas.getContext("2d")?.putImageData(new ImageData(data, width, height), 0, 0);
      canvas.hidden = badge.hidden = false;
      empty.hidden = true;
    },
    endPreview() {
      canvas.hidden = badge.hidden = true;
      empty.hidden = file.address !== "";
    },
    show({ result, png, durationMs }, prompt) {
      if (file.address !== "") URL.revokeObjectURL(file.address);
      const address = URL.createObjectURL(new Blob([png], { type: "image/png" }));
      const words = prompt.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
      file = { address, name: `${["underdraw", ...words.slice(-4), result.seed].join("-")}.png` };
      image.src = address;
      image.alt = prompt === "" ? say("picture-plain") : say("picture-of", { prompt });
      image.hidden = save.hidden = false;
      const seconds = durationMs / 1000;
      const n = seconds < 10 ? Math.max(0.1, Math.round(seconds * 10) / 10) : Math.round(seconds);
      facts.textContent = [
        say("facts-steps", { n: result.steps }),
        say("facts-time", { n }),
        say("facts-seed", { seed: String(result.seed) }),
      ].join(" · ");
      this.endPreview();
    },
  };
}
