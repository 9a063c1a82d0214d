/** One class of a segmentation palette, and the words that layers are called by when they show it. */
export interface PaletteClass {
  /** The data set's own name. */
  readonly name: string;
  /** Red, green and blue, each from 0 to 255. */
  readonly colour: readonly [red: number, green: number, blue: number];
  /** English and Korean words that mean this class, in small letters. */
  readonly words: readonly string[];
  /** Words that may mean it or something else: suggested, never taken. */
  readonly weak: readonly string[];
}

/** The classes and colours that a net for segmentation maps was trained on. */
export interface Palette {
  readonly id: "ade20k" | "coco";
  /** In the data set's order: the place is the class's number. */
  readonly classes: readonly PaletteClass[];
}

/** What data sets append to a name that stands for several classes of an older list. */
const joined = /(-other)?(-merged|-stuff|-other)$/;

/**
 * Reads a palette from lines of `name RRGGBB: words`. Words are parted by commas; `~` before a word makes it weak. The
 * name itself is a word of its class.
 */
export function paletteOf(id: Palette["id"], text: string): Palette {
  const classes = text
    .trim()
    .split("\n")
    .map((line): PaletteClass => {
      const [head = "", rest = ""] = line.split(":");
      const at = head.lastIndexOf(" ");
      const name = head.slice(0, at);
      const hex = Number.parseInt(head.slice(at + 1), 16);
      const all = [name.replace(joined, "").replaceAll("-", " "), ...rest.split(",").map((word) => word.trim())];
      return {
        name,
        colour: [hex >> 16, (hex >> 8) & 255, hex & 255],
        words: all.filter((word) => word !== "" && !word.startsWith("~")),
        weak: all.filter((word) => word.startsWith("~")).map((word) => word.slice(1)),
      };
    });
  return { id, classes };
}
