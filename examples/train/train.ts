import type { TrainingMoment } from "@underdraw/engine";
import { UnderdrawError } from "@underdraw/engine/core";
import { action } from "./action.ts";
import { find } from "./element.ts";
import { examplePairs } from "./example-pairs.ts";
import { holdFields, offerConditions, onFields, readReading, readRequest, readRun, showChoices } from "./fields.ts";
import { type ChosenFiles, filesOfDrop, filesOfInput } from "./folder.ts";
import { Link } from "./link.ts";
import { noteStrip } from "./note.ts";
import { pairsView } from "./pairs-view.ts";
import { canKeep } from "./plan-view.ts";
import { Preparation } from "./preparation.ts";
import type { Answer, Reading } from "./protocol.ts";
import { askToReplace } from "./replacing.ts";
import { runView } from "./run-view.ts";
import { saveView } from "./save-view.ts";
import { tryView } from "./try-view.ts";
import { say, sayAll, type Word } from "./words.ts";

// The page: pairs are dropped and looked at, a net learns from them, is tried and saved. Here its parts meet; engine and
// trainer are in the worker. `?device=cpu` or `?device=webgpu` in the address takes that device and no other.

const devices = ["auto", "cpu", "webgpu"] as const;
const asked = new URLSearchParams(location.search).get("device");
const device = devices.find((known) => known === asked) ?? "auto";

sayAll(document.documentElement);

const status = find("status");
/** Says something to those who do not see the page. */
const announce = (text: string): void => {
  status.textContent = text;
};

const note = noteStrip(announce);
const main = action(announce);
const pairs = pairsView();
const run = runView(announce);
const link = new Link(() => new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: device }), {
  onReport: (text) => note.show({ title: say("reported"), text, bad: true }),
  onCrash(reason, again) {
    const left = isLosing ? "crashed-unkept" : training || step > 0 ? "crashed-kept" : "crashed-untrained";
    preparation.reset();
    if (again) {
      const remedy = { word: "reload" as const, act: () => location.reload() };
      return note.show({ title: say("crashed-twice"), text: say("crashed-twice-remedy"), remedy, bad: true });
    }
    note.show({ title: say("crashed"), text: `${say("crashed-why", { reason })} ${say(left)}`, bad: true });
    void begin();
  },
});

/** Steps that are done. */
let step = 0;
let isKept = false;
let training: AbortController | null = null;
/** Whether somebody is asked if a training may begin. */
let isAsking = false;
/** Whether whoever is here wants what is learnt to be kept. */
let mayKeep = true;
/** Whether closing the page would lose what was learnt. */
let isLosing = false;

const preparation = new Preparation({
  ...{ link, main, note, pairs, announce },
  onReset() {
    step = 0;
    isKept = isLosing = false;
    mayKeep = true;
    run.clear();
    trying.hide();
    saving.hide();
    holdFields(false, { all: false });
  },
  onFailure: (error) => fail(error),
});
const trying = tryView({
  draw(map, prompt, onProgress) {
    note.hide();
    return link.ask(
      "draw",
      { map, prompt, seed: 1, steps: 12 },
      {
        onTold: (told) => {
          if (told.tell === "progress") onProgress(told.progress);
        },
      },
    );
  },
  onEmpty: () => note.show({ title: say("no-map"), text: say("no-map-remedy") }),
  onFailure: (error) => fail(error),
  announce,
});
const saving = saveView({
  async write(about) {
    note.hide();
    const written = await link.ask("write", about);
    run.prove(written.report);
    return written;
  },
  onMissing: () => note.show({ title: say("licence-missing"), text: say("licence-why") }),
  onFailure: (error) => fail(error),
  announce,
});

function fail(error: unknown, word: Word = "failed"): void {
  // A lost worker was told when it was lost.
  if (UnderdrawError.is(error, "worker-crashed")) return;
  const text = error instanceof Error ? error.message : String(error);
  note.show({ title: say(word), text, bad: true });
}

async function begin(): Promise<void> {
  try {
    const { device, kept, conditions } = await link.ask("begin", {});
    offerConditions(conditions);
    const { provider, precision, about, fallback } = device;
    const name = find("device");
    name.textContent =
      provider === "webgpu"
        ? say("foot-device", { provider: say("webgpu"), precision: precision === "float16" ? "fp16" : "fp32" })
        : say("wasm");
    name.title = about;
    find("dot").className = `dot ${fallback === null ? "good" : "warn"}`;
    find("fallback").textContent = fallback ?? "";
    find("kept").hidden = kept === null;
    if (!kept) return;
    find("kept-title").textContent = say("kept-title", { name: kept.name });
    find("kept-text").textContent = kept.step > 0 ? say("kept-text", { n: kept.step }) : say("kept-none");
    find("use-kept").onclick = () => void goOn(kept);
  } catch (error) {
    find("device").textContent = say("foot-failed");
    find("dot").className = "dot bad";
    fail(error);
  }
}

/** Takes files, unless something was learnt from others. */
async function choose(files: ChosenFiles | null, reading: Reading | null = null): Promise<void> {
  if (training || isAsking || step > 0) return;
  if (files) await preparation.choose(files, reading);
  else note.show({ title: say("no-files"), text: say("no-files-remedy") });
}

/** Goes on with what the browser keeps. */
async function goOn(kept: NonNullable<Answer<"begin">["kept"]>): Promise<void> {
  if (training) return;
  showChoices(kept);
  await preparation.takeKept();
  if (!preparation.plan) return;
  isKept = true;
  await train();
}

/** Whether a training that could be kept is to be, though another may be kept already; null where it is not to begin. */
async function askKept(): Promise<boolean | null> {
  isAsking = true;
  try {
    const kept = await link.ask("kept", {});
    if (kept === null || kept.step === 0) return true;
    const answer = await askToReplace(kept);
    if (answer === "leave") return null;
    mayKeep = answer === "replace";
    return mayKeep;
  } catch (error) {
    fail(error);
    return null;
  } finally {
    isAsking = false;
  }
}

async function train({ unkept = false } = {}): Promise<void> {
  const { plan, looked } = preparation;
  if (!plan || training || isAsking) return;
  if (unkept) mayKeep = false;
  const settings = readRun();
  if (!settings) return note.show({ title: say("bad-settings"), text: say("bad-settings-remedy"), bad: true });
  if (settings.minutes === undefined && settings.steps === undefined)
    return note.show({ title: say("no-end"), text: say("no-end-remedy"), bad: true });
  if (settings.steps !== undefined && step > 0 && settings.steps <= step)
    return note.show({ title: say("no-more-steps", { n: step }), text: say("no-more-steps-remedy"), bad: true });
  const fits = mayKeep && canKeep(plan);
  const keep = isKept || (fits && (await askKept()));
  if (keep === null || preparation.plan !== plan) return;
  training = new AbortController();
  const { signal } = training;
  note.hide();
  find("kept").hidden = find("use-another").hidden = true;
  holdFields(true, { all: true });
  saving.forget();
  saving.hold(true);
  main.begin();
  // A browser may throw away what it keeps when it needs room, unless it was asked not to.
  if (keep) void navigator.storage?.persist?.().catch(() => false);
  isLosing = !keep;
  try {
    const onTold = (told: { tell: string; moment?: TrainingMoment }): void => {
      if (told.moment && !signal.aborted) hear(told.moment, settings.steps);
      else if (told.moment) run.show(told.moment);
    };
    const ended = await link.ask("train", { settings, keep }, { signal, onTold });
    step = ended.step;
    isKept ||= keep;
    announce(signal.aborted ? say("said-stopped", { n: step }) : say("said-done"));
  } catch (error) {
    const isFull = ["storage-full", "file-unwritable", "feature-missing"].some(
      (code) => UnderdrawError.is(error) && error.code === code,
    );
    if (keep && isFull) {
      const text = (error as Error).message;
      const remedy = { word: "unkept-train" as const, act: () => void train({ unkept: true }) };
      isKept = false;
      note.show({ title: say("not-kept"), text, remedy, bad: true });
    } else fail(error);
  } finally {
    training = null;
    isLosing &&= step > 0;
    main.end(say(step > 0 ? "go-on" : "train"));
    main.allow(preparation.plan !== null);
    holdFields(step > 0, { all: false });
    saving.hold(false);
    find("use-another").hidden = step === 0;
    if (step > 0) saving.show(looked?.name ?? "");
  }
}

/** What a run tells, while it is not being stopped. */
function hear(moment: TrainingMoment, steps: number | undefined): void {
  run.show(moment);
  const { kind, fraction } = moment;
  if (kind === "prepare") main.show(fraction, say("preparing", { done: moment.done, of: moment.of }));
  if (kind === "step") {
    step = moment.step;
    const n = say(steps === undefined ? "step-n" : "step-of", { n: step, of: steps ?? 0 });
    const left = main.left(fraction);
    main.show(fraction, left === null ? n : say("step-left", { step: n, left }));
  }
  if (kind === "measure" || kind === "step") trying.show(readRequest()?.side ?? 256, run.samples);
}

onFields({
  onReading: () => void preparation.readAs(readReading()),
  onRequest: () => {
    if (!training && step === 0) void preparation.planAnew();
  },
});
const [folder, files] = [find<HTMLInputElement>("folder"), find<HTMLInputElement>("files")];
find("use-folder").onclick = () => folder.click();
find("use-files").onclick = () => files.click();
folder.onchange = () => void choose(filesOfInput(folder));
files.onchange = () => void choose(filesOfInput(files));
find("use-example").onclick = async () => {
  try {
    await choose(await examplePairs(), { kind: "pairs", condition: "silhouette", invert: false });
  } catch (error) {
    fail(error);
  }
};
find("use-another").onclick = () => location.reload();
find("use-forget").onclick = async () => {
  find("kept").hidden = true;
  await link.ask("forget", {}).catch(fail);
};
find("train").onclick = () => {
  if (!training) void train();
};
const stop = (): void => {
  if (!training || training.signal.aborted) return;
  training.abort();
  main.say(say("stopping"));
};
find("stop").onclick = stop;
addEventListener("keydown", ({ key }) => {
  if (key === "Escape") stop();
});

addEventListener("dragover", (event) => {
  if (!event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  find("drop").hidden = training !== null || step > 0;
});
addEventListener("dragleave", (event) => {
  if (event.relatedTarget === null) find("drop").hidden = true;
});
addEventListener("drop", async (event) => {
  event.preventDefault();
  find("drop").hidden = true;
  if (event.dataTransfer) await choose(await filesOfDrop(event.dataTransfer));
});

addEventListener("beforeunload", (event) => {
  if (isLosing) event.preventDefault();
});

void begin();
