import type { TrainingMeasure, TrainingMoment, TrainingReport, TrainingSample } from "@underdraw/engine";
import { curveInWords, curveRows, drawCurve } from "./curve.ts";
import { find, make, shownPixels } from "./element.ts";
import type { Measured } from "./protocol.ts";
import { figure, inPageWords, say } from "./words.ts";

/** What a training shows of itself. */
export interface RunView {
  /** Begins anew: nothing was learnt yet. */
  clear(): void;
  show(moment: TrainingMoment): void;
  /** Shows what the report of a saved net proves. */
  prove(report: TrainingReport): void;
  /** The held-out pairs of the last measure. */
  readonly samples: readonly TrainingSample[];
}

/** Joins the elements to a view. `announce` is told when the net follows its maps. */
export function runView(announce: (text: string) => void): RunView {
  const [section, chart, rows, told] = [find("run"), find("chart"), find("curve-rows"), find("told")];
  const [numbers, follows, proof] = [find("numbers"), find("follows"), find("proof")];
  let losses: (readonly [number, number])[] = [];
  let measures: Measured[] = [];
  let samples: readonly TrainingSample[] = [];
  let last: Extract<TrainingMoment, { kind: "step" }> | null = null;

  const draw = (): void => drawCurve(chart, { losses, measures });
  new ResizeObserver(() => {
    if (!section.hidden) draw();
  }).observe(chart);

  const isFound = (text: string): boolean =>
    [...find("findings").children].some(({ textContent }) => textContent === text);

  function showNumbers(): void {
    const fidelity = measures.at(-1)?.fidelity ?? null;
    const pair = (word: string, value: string, more = ""): HTMLElement =>
      make(
        "div",
        {},
        make("dt", { textContent: word }),
        make(
          "dd",
          {},
          make("b", { textContent: value }),
          ...(more ? [make("span", { className: "soft", textContent: more })] : []),
        ),
      );
    numbers.replaceChildren(
      pair(say("number"), String(last?.step ?? measures.at(-1)?.step ?? 0)),
      pair(say("number-seconds"), last ? figure(last.seconds) : "–"),
      pair(say("number-loss"), last ? figure(last.meanLoss) : "–"),
      pair(
        say("number-fidelity"),
        fidelity ? figure(fidelity.value) : "–",
        fidelity ? say("number-chance", { n: figure(fidelity.chance) }) : "",
      ),
    );
  }

  function showMeasure({ samples: drawn, ...measure }: TrainingMeasure): void {
    measures = [...measures.filter(({ step }) => step !== measure.step), measure];
    if (drawn.length > 0) samples = drawn;
    const since = measures.find(({ converged }) => converged);
    const isNew = follows.className !== "pill good" && measure.converged;
    follows.hidden = false;
    follows.className = `pill ${measure.converged ? "good" : ""}`.trim();
    follows.textContent = measure.converged
      ? say("follows-now", { n: since?.step ?? measure.step })
      : say("follows-not");
    if (isNew) announce(follows.textContent);
    showSamples(drawn, measure.step);
    if (proof.hidden && measure.step === 0) showProof(null);
  }

  function showSamples(drawn: readonly TrainingSample[], step: number): void {
    if (drawn.length === 0) return;
    find("samples-head").hidden = find("samples-about").hidden = false;
    find("samples-about").textContent = say("samples-about", { n: step });
    find("samples").replaceChildren(
      ...drawn.map(({ name, map, drawn, picture, fidelity }) => {
        const part = (what: string, pixels: typeof map): HTMLElement =>
          make(
            "figure",
            {},
            shownPixels(pixels, say("sample-said", { what, name })),
            make("figcaption", { textContent: what }),
          );
        const followed = fidelity
          ? say("sample-fidelity", { value: figure(fidelity.value), chance: figure(fidelity.chance) })
          : "";
        return make(
          "div",
          { className: "sample" },
          make(
            "div",
            { className: "three" },
            part(say("sample-map"), map),
            part(say("sample-drawn"), drawn),
            part(say("sample-wanted"), picture),
          ),
          make(
            "p",
            { className: "small" },
            make("b", { textContent: name.replace(/^.*\//, ""), title: name }),
            make("span", { className: "soft", textContent: followed }),
          ),
        );
      }),
    );
  }

  /** What is proved so far; all of it once there is a report. */
  function showProof(report: TrainingReport | null): void {
    const first = measures.find(({ step }) => step === 0);
    const lines: HTMLElement[] = [];
    const line = (title: string, ...more: readonly (Node | string)[]): void => {
      lines.push(
        make("div", {}, ...(title ? [make("b", { textContent: title })] : []), ...more.flatMap((one) => [" ", one])),
      );
    };
    if (report?.firstDifference !== null && report !== null)
      line(say("proof-start"), say("proof-start-exact", { n: report.firstDifference }));
    else if (report) line(say("proof-start-from"));
    else if (first && first.loss === first.baseLoss)
      line(say("proof-start"), say("proof-start-equal", { loss: figure(first.loss) }));
    if (!report) line("", say("proof-locked-later"));
    else if (report.lockedBefore === report.lockedAfter)
      line(
        say("proof-locked"),
        say("proof-counts", { trained: report.trained, locked: report.locked }),
        say("proof-locked-equal"),
        make("code", { textContent: report.lockedBefore }),
        make("code", { textContent: report.lockedAfter }),
      );
    else line(say("proof-locked-differs"));
    const icon = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    icon.setAttribute("aria-hidden", "true");
    icon.innerHTML = '<use href="#locked" />';
    proof.replaceChildren(icon, make("div", {}, ...lines));
    proof.hidden = false;
  }

  function showAll(): void {
    showNumbers();
    draw();
    rows.replaceChildren(...curveRows({ losses, measures }));
    rows.setAttribute("aria-label", curveInWords({ losses, measures }));
  }

  return {
    get samples() {
      return samples;
    },
    prove: showProof,
    clear() {
      losses = [];
      measures = [];
      samples = [];
      last = null;
      told.replaceChildren();
      find("samples").replaceChildren();
      proof.hidden = follows.hidden = find("samples-head").hidden = find("samples-about").hidden = true;
      follows.className = "pill";
      section.hidden = true;
    },
    show(moment) {
      const isFirst = section.hidden;
      section.hidden = false;
      // What the look at the pairs found is told there.
      if (moment.kind === "note") {
        const textContent = inPageWords(moment.text);
        if (!isFound(textContent)) told.append(make("li", { textContent }));
      }
      if (moment.kind === "step") {
        last = moment;
        losses.push([moment.step, moment.meanLoss]);
      }
      if (moment.kind === "measure") showMeasure(moment);
      if (moment.kind === "end") {
        measures = [...moment.report.measures];
        // Of a training that was gone on with, the steps before are told at the end.
        const [begin = Number.POSITIVE_INFINITY] = losses[0] ?? [];
        losses = [...moment.report.curve.filter(([at]) => at < begin), ...losses];
        showProof(moment.report);
      }
      if (isFirst || moment.kind === "step" || moment.kind === "measure" || moment.kind === "end") showAll();
    },
  };
}
