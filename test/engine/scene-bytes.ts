import type { Paint, SceneShape, SceneSource } from "../../engine/src/core/scene.ts";
import { drawScene } from "../../engine/src/scene/draw.ts";
import { paintIds } from "../../engine/src/scene/ids.ts";
import { paintLines } from "../../engine/src/scene/lines.ts";
import { outlineScene } from "../../engine/src/scene/outlined.ts";
import { done, seeded, shape } from "./scene-parts.ts";

// A drawing with everything that a scene can hold, and what its lines, ids and picture hash to: the same in every engine.

/** SHA-256 of lines, ids and picture, as Node 20 drew them. */
export const expectedDigest = "a28ff8ef6dfb822219aca7ec3aa74815df8208465cf467641269d408e1cb8be8";

function source(): SceneSource {
  const random = seeded(1234);
  const number = (most: number) => (most * random()).toFixed(2);
  const colour = () => `hsl(${number(360)} ${number(100)}% ${number(100)}% / ${(0.4 + 0.6 * random()).toFixed(2)})`;
  const commands = [
    () => `L${number(200)} ${number(160)}`,
    () => `C${number(200)} ${number(160)} ${number(200)} ${number(160)} ${number(200)} ${number(160)}`,
    () => `Q${number(200)} ${number(160)} ${number(200)} ${number(160)}T${number(200)} ${number(160)}`,
    () =>
      `A${number(60)} ${number(60)} ${number(360)} ${random() < 0.5 ? 0 : 1} ${random() < 0.5 ? 0 : 1} ${number(200)} ${number(160)}`,
  ];
  const picked = <T>(...all: readonly T[]): T => all[Math.floor(all.length * random())] as T;
  const picture = { width: 7, height: 5, data: Uint8ClampedArray.from({ length: 140 }, () => 256 * random()) };
  const shapes = Array.from({ length: 90 }, (_, n): SceneShape => {
    const path = `M${number(200)} ${number(160)}${Array.from({ length: 3 }, () => picked(...commands)()).join("")}${picked("", "Z")}`;
    const scale = 0.1 + 0.5 * random();
    const gradient = {
      type: "radial",
      from: [90, 70, 3, 100, 80, 90],
      spread: picked("pad", "reflect", "repeat"),
      stops: [
        { offset: 0, colour: colour() },
        { offset: 0.5, colour: colour() },
        { offset: 1, colour: colour() },
      ],
    } as const;
    return shape(path, {
      id: String(n),
      matrix: [scale, 0.3 * random(), -0.3 * random(), 0.8 * scale, 150 * random(), 120 * random()],
      rule: picked("nonzero", "evenodd"),
      fill: picked<Paint | null>(null, colour(), gradient),
      stroke: picked<Paint | null>(null, colour(), colour(), {
        ...gradient,
        type: "linear",
        from: [0, 0, 200, 160],
      } as const),
      strokeWidth: 12 * random(),
      dash: picked([], [9, 4, 2]),
      cap: picked("butt", "round", "square"),
      join: picked("miter", "round", "bevel"),
      opacity: picked(1, 0.7, 0.3),
      group: picked("a", "b", "c"),
      ...(random() < 0.2 ? { kind: "picture", picture } : {}),
    });
  });
  const clips = [{ path: "M5 80A90 70 0 1 1 195 80A90 70 0 1 1 5 80Z", matrix: [1, 0, 0, 1, 0, 0] as const }];
  const groups = [
    { id: "a", name: "" },
    { id: "b", name: "", opacity: 0.6 },
    { id: "c", name: "", group: "b", opacity: 0.8, clips },
  ];
  return { width: 301, height: 239, scene: { bounds: { x: 0, y: 0, width: 200, height: 160 }, shapes, groups } };
}

/** Paints the drawing in all three ways, and gives SHA-256 of the bytes in hex. */
export async function digest(): Promise<string> {
  const drawing = source();
  const outlined = outlineScene(drawing, { outlineUnstroked: true });
  const { data: lines } = done(paintLines(outlined, { hidden: true }));
  const ids = done(paintIds(outlined));
  const { data } = drawScene(drawing);
  const bytes = new Uint8Array(lines.length + ids.byteLength + data.length);
  bytes.set(lines);
  // The lowest byte first, whatever the machine has.
  ids.forEach((id, n) => {
    for (let k = 0; k < 4; k++) bytes[lines.length + 4 * n + k] = id >>> (8 * k);
  });
  bytes.set(data, lines.length + ids.byteLength);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
