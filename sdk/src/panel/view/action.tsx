import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import type { Working } from "../state/job.ts";
import type { Speaker } from "../words/language.ts";
import { GenerateSettings } from "./generate-settings.tsx";
import { Icon } from "./icon.tsx";
import { useShown } from "./shown.ts";

/** The one action: Generate, with its progress inside, and beside it how, or stop. The main button stays the same element. */
export function Action(): JSX.Element {
  const { screen, speaker, id } = useShown();
  const [open, setOpen] = useState(false);
  const main = useRef<HTMLButtonElement>(null);
  const { job } = screen.generation;
  const isBusy = job.busy.value;
  const reason = screen.reason.value;
  return (
    <section class="ud-act">
      <div class={`ud-buttons ${isBusy ? "ud-busy" : reason === null ? "" : "ud-unready"}`}>
        <button
          ref={main}
          type="button"
          class="ud-main"
          aria-disabled={isBusy || reason !== null}
          aria-describedby={!isBusy && reason !== null ? id("reason") : undefined}
          onClick={() => void screen.generate()}
        >
          {isBusy ? <Progress /> : <span>{speaker.say("generate")}</span>}
        </button>
        {isBusy ? (
          <button
            key="stop"
            type="button"
            class="ud-beside"
            aria-label={speaker.say("generate-stop")}
            title={speaker.say("generate-stop")}
            onClick={() => {
              // This button goes: focus would fall to the page.
              main.current?.focus();
              job.stop();
            }}
          >
            <Icon name="stop" />
          </button>
        ) : (
          <button
            key="more"
            type="button"
            class="ud-beside"
            aria-label={speaker.say("generate-more")}
            title={speaker.say("generate-more")}
            aria-expanded={open}
            aria-controls={id("how")}
            onClick={() => setOpen(!open)}
          >
            <Icon name={open ? "up" : "down"} />
          </button>
        )}
      </div>
      {isBusy && <Bar />}
      {reason !== null && (
        <p id={id("reason")} class={reason === "bad-seed" ? "ud-hint ud-bad" : "ud-sr"}>
          {speaker.say(reason)}
        </p>
      )}
      <div id={id("how")} hidden={!open || isBusy}>
        {open && <GenerateSettings />}
      </div>
    </section>
  );
}

/** Text and bar of the progress: the only things that a tick draws anew. */
function Progress(): JSX.Element {
  const { screen, speaker } = useShown();
  const working = screen.generation.job.working.value;
  return (
    <>
      <span class="ud-done" style={{ "--done": working?.fraction ?? 0 }} />
      <span class="ud-told">{working ? phaseText(working, speaker) : speaker.say("generate")}</span>
    </>
  );
}

/** The same for those who do not see the bar. */
function Bar(): JSX.Element {
  const { screen, speaker } = useShown();
  const working = screen.generation.job.working.value;
  return <progress class="ud-sr" aria-label={speaker.say("working")} max={1} value={working?.fraction ?? 0} />;
}

/** Where a job stands, in words. */
function phaseText({ stage, fraction, step, steps, secondsLeft, at, count }: Working, speaker: Speaker): string {
  const text =
    stage === "denoise"
      ? speaker.say(secondsLeft === null ? "phase-denoise" : "phase-denoise-left", {
          step: step ?? 0,
          steps: steps ?? 0,
          n: secondsLeft ?? 0,
        })
      : speaker.say(`phase-${stage}`, { n: Math.round(fraction * 100) });
  return count > 1 && stage !== "stopping" ? speaker.say("of-count", { at, count, text }) : text;
}
