import { make } from "./element.ts";
import type { Measured } from "./protocol.ts";
import { figure, say } from "./words.ts";

/** What a curve shows: the mean loss after steps, and what held-out pairs told. */
export interface CurveData {
  readonly losses: readonly (readonly [step: number, loss: number])[];
  readonly measures: readonly Measured[];
}

/** The curve in a sentence or two, for those who do not see it. */
export function curveInWords({ losses, measures }: CurveData): string {
  const [first, last, held] = [losses[0], losses.at(-1), measures.at(-1)];
  const said: string[] = [];
  if (first && last)
    said.push(say("curve-said", { first: figure(first[1]), from: first[0], last: figure(last[1]), to: last[0] }));
  if (held) said.push(say("curve-held", { loss: figure(held.loss), base: figure(held.baseLoss) }));
  return said.length === 0 ? say("curve-empty") : said.join(" ");
}

const height = 180;
const [left, bottom, top, right] = [44, 22, 8, 12];
const svg = "http://www.w3.org/2000/svg";

/** Draws the curve into an element, as wide as that is. */
export function drawCurve(into: HTMLElement, data: CurveData): void {
  const { losses, measures } = data;
  const width = Math.max(200, into.clientWidth);
  const values = [...losses.map(([, loss]) => loss), ...measures.flatMap(({ loss, baseLoss }) => [loss, baseLoss])];
  if (values.length === 0) {
    into.replaceChildren(make("p", { className: "soft", textContent: say("curve-empty") }));
    return;
  }
  const lastStep = Math.max(1, losses.at(-1)?.[0] ?? 0, measures.at(-1)?.step ?? 0);
  const most = nice(Math.max(...values));
  const x = (step: number): number => left + ((width - left - right) * step) / lastStep;
  const y = (loss: number): number => top + (height - top - bottom) * (1 - Math.min(loss, most) / most);

  const picture = document.createElementNS(svg, "svg");
  const add = (name: string, attributes: Readonly<Record<string, string | number>>, text = ""): void => {
    const element = document.createElementNS(svg, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
    element.textContent = text;
    picture.append(element);
  };
  const line = (className: string, points: readonly (readonly [number, number])[]): void => {
    if (points.length > 1)
      add("polyline", { class: className, points: points.map(([step, loss]) => `${x(step)},${y(loss)}`).join(" ") });
    for (const [step, loss] of points.length > 40 ? points.slice(-1) : points)
      add("circle", { class: className, cx: x(step), cy: y(loss), r: 2.5 });
  };

  picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", `${say("curve")}. ${curveInWords(data)}`);
  for (const part of [0, 0.5, 1]) {
    add("line", { class: "grid", x1: left, x2: width - right, y1: y(part * most), y2: y(part * most) });
    add("text", { x: left - 6, y: y(part * most) + 4, "text-anchor": "end" }, figure(part * most));
  }
  add("text", { x: left, y: height - 4 }, "0");
  add("text", { x: width - right, y: height - 4, "text-anchor": "end" }, say("step-n", { n: lastStep }));
  line(
    "base",
    measures.map(({ step, baseLoss }) => [step, baseLoss] as const),
  );
  line("loss", losses);
  line(
    "held",
    measures.map(({ step, loss }) => [step, loss] as const),
  );

  const key = (className: string, text: string) => make("span", {}, make("i", { className }), text);
  const legend = make(
    "p",
    { className: "legend" },
    key("loss", say("legend-loss")),
    ...(measures.length > 0 ? [key("held", say("legend-held")), key("base", say("legend-base"))] : []),
  );
  into.replaceChildren(picture, legend);
}

/** The same as rows of a table. */
export function curveRows({ losses, measures }: CurveData): HTMLElement[] {
  const seen = new Map(measures.map((measure) => [measure.step, measure]));
  const every = Math.max(1, Math.ceil(losses.length / 20));
  const lossAt = new Map(losses.filter((_, n) => n % every === 0 || n === losses.length - 1));
  const steps = [...new Set([...lossAt.keys(), ...seen.keys()])].sort((a, b) => a - b);
  const cells = (name: "th" | "td", texts: readonly string[]): HTMLElement =>
    make("tr", {}, ...texts.map((text) => make(name, { textContent: text })));
  const columns = ["step", "loss", "held", "base", "fidelity", "chance"] as const;
  return [
    cells(
      "th",
      columns.map((column) => say(`column-${column}`)),
    ),
    ...steps.map((step) => {
      const [loss, measure] = [lossAt.get(step), seen.get(step)];
      const { value, chance } = measure?.fidelity ?? {};
      const numbers = [loss, measure?.loss, measure?.baseLoss, value, chance];
      return cells("td", [String(step), ...numbers.map((one) => (one === undefined ? "–" : figure(one)))]);
    }),
  ];
}

/** The next number of one, two or five and zeros. */
function nice(value: number): number {
  const ten = 10 ** Math.floor(Math.log10(Math.max(value, 1e-9)));
  return ([1, 2, 5, 10].find((n) => n * ten >= value) ?? 10) * ten;
}
