import type { Mark } from "./history.ts";

/** A drawing to begin with: its lines on the sheet, and a prompt that fits them. */
export interface FirstSketch {
  readonly name: "house" | "fish" | "mushroom";
  readonly mark: Mark & { readonly kind: "path" };
  readonly prompt: string;
}

const width = 4;

/** Drawings for a person who wants to see a picture before drawing anything. */
export const firstSketches: readonly FirstSketch[] = [
  {
    name: "house",
    prompt: "flat emoji of a house with garden",
    mark: {
      kind: "path",
      width,
      path: "M58 120V208H198V120M36 132 128 48 220 132M172 88V56H194V108M108 208V152H148V208M139 182V183M74 140H94V164H74Z M162 140H182V164H162Z M28 208H228",
    },
  },
  {
    name: "fish",
    prompt: "3d render emoji of orange and white tropical fish",
    mark: {
      kind: "path",
      width,
      path: "M42 132C62 84 128 68 178 120C196 104 214 92 226 90C216 116 216 148 228 176C212 170 196 160 178 144C132 196 66 182 42 132Z M74 122A6 6 0 1 1 74 123Z M104 98C120 118 120 148 106 168M112 84C124 64 150 60 162 66C160 82 158 92 156 100M118 178C126 194 142 200 152 198C150 188 146 178 142 172M44 136C52 142 58 142 64 140",
    },
  },
  {
    name: "mushroom",
    prompt: "shaded emoji of red and white mushroom",
    mark: {
      kind: "path",
      width,
      path: "M36 136C36 76 76 44 128 44C180 44 220 76 220 136C220 150 200 152 184 152H72C56 152 36 150 36 136Z M100 152C104 176 100 192 94 206C94 218 162 218 162 206C156 192 152 176 156 152M80 96A15 15 0 1 1 80 97Z M126 78A18 18 0 1 1 126 79Z M168 112A14 14 0 1 1 168 113Z M128 126A10 10 0 1 1 128 127Z",
    },
  },
];
