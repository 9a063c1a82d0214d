import { find, make } from "./element.ts";
import type { Answer, KeptTraining, Reading, RunChoice, TrainingChoice } from "./protocol.ts";
import { say } from "./words.ts";

// What a person chooses, as fields of the page.

let conditions: Answer<"begin">["conditions"] = [];

const [kind, condition, invert] = [
  () => find<HTMLSelectElement>("kind"),
  () => find<HTMLSelectElement>("condition"),
  () => find<HTMLInputElement>("invert"),
];

/** Calls back when something was chosen: how files are read, or what is planned. */
export function onFields(events: { onReading(): void; onRequest(): void }): void {
  kind().onchange = () => {
    fillConditions();
    events.onReading();
  };
  condition().onchange = events.onReading;
  invert().onchange = events.onReading;
  for (const id of ["modes", "side", "batch"]) find(id).onchange = events.onRequest;
  for (const id of ["minutes", "steps", "batch", "every"])
    find(id).addEventListener("input", () => find(id).removeAttribute("aria-invalid"));
}

/** Offers these conditions. */
export function offerConditions(offered: typeof conditions): void {
  conditions = offered;
  fillConditions();
}

/** The conditions that maps may be of; pictures alone need one that draws them. */
function fillConditions(): void {
  const isPairs = kind().value === "pairs";
  const before = condition().value;
  const named = conditions
    .map(({ id, title }) => make("option", { value: id, textContent: title }))
    .sort((one, other) => one.text.localeCompare(other.text));
  condition().replaceChildren(
    ...(isPairs ? [make("option", { value: "", textContent: say("condition-none") })] : []),
    ...named,
  );
  condition().value = before;
  if (condition().selectedIndex < 0) condition().value = isPairs ? "" : "canny";
  find("invert-row").hidden = !isPairs;
}

/** How the files are to be read. */
export function readReading(): Reading {
  const id = condition().value;
  return kind().value === "pictures"
    ? { kind: "pictures", condition: id }
    : { kind: "pairs", condition: id === "" ? null : id, invert: invert().checked };
}

/** Shows how the files were read. */
export function showReading(reading: Reading): void {
  kind().value = reading.kind;
  fillConditions();
  condition().value = reading.condition ?? "";
  invert().checked = reading.kind === "pairs" && reading.invert;
  find("reading").hidden = false;
}

/** A number of a field: undefined for an empty one, null for one that is marked as wrong. */
function numberOf(id: string): number | undefined | null {
  const field = find<HTMLInputElement>(id);
  if (field.value === "" && !field.validity.badInput) return undefined;
  if (field.validity.valid) return field.valueAsNumber;
  field.ariaInvalid = "true";
  field.closest("details")?.setAttribute("open", "");
  return null;
}

/** What is to be trained; null when a field is wrong. */
export function readRequest(): TrainingChoice | null {
  const mode = find("modes").querySelector<HTMLInputElement>("input:checked")?.value === "light" ? "light" : "whole";
  const batch = numberOf("batch");
  return batch === null ? null : { mode, batch: batch ?? 4, side: Number(find<HTMLSelectElement>("side").value) };
}

/** When the run ends; null when a field is wrong. */
export function readRun(): RunChoice | null {
  const [minutes, steps, every] = [numberOf("minutes"), numberOf("steps"), numberOf("every")];
  if (minutes === null || steps === null || every === null) return null;
  return { ...(minutes ? { minutes } : {}), ...(steps ? { steps } : {}), every: every ?? 50 };
}

/** Shows what was chosen for a training that is kept. */
export function showChoices({ request, settings }: Pick<KeptTraining, "request" | "settings">): void {
  for (const radio of find("modes").querySelectorAll<HTMLInputElement>("input"))
    radio.checked = radio.value === request.mode;
  const set = (id: string, value: number | undefined): void => {
    find<HTMLInputElement>(id).value = value === undefined ? "" : String(value);
  };
  set("side", request.side);
  set("batch", request.batch);
  set("minutes", settings.minutes);
  set("steps", settings.steps);
  set("every", settings.every);
}

/** Holds what belongs to a training from its first step on; `all` holds what may be another in each run, too. */
export function holdFields(isHeld: boolean, { all }: { readonly all: boolean }): void {
  const ids = ["kind", "condition", "invert", "side", "batch", "use-folder", "use-files", "use-example"];
  for (const id of ids) find<HTMLInputElement>(id).disabled = isHeld;
  find<HTMLFieldSetElement>("modes").disabled = isHeld;
  for (const id of ["minutes", "steps", "every"]) find<HTMLInputElement>(id).disabled = all;
}
