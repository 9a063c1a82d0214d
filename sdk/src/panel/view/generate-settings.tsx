import type { JSX } from "preact";
import { counts, limits } from "../state/settings.ts";
import { Choice } from "./choice.tsx";
import { useShown } from "./shown.ts";
import { NumberField } from "./slider.tsx";

/** How to generate: number of pictures, steps, guidance, seed, and what to keep away from. */
export function GenerateSettings(): JSX.Element {
  const { screen, speaker, id } = useShown();
  const { count, steps, guidance, fixed, seed, badSeed, negative } = screen.settings;
  const refusal = ({ min, max }: { readonly min: number; readonly max: number }) =>
    speaker.say("bad-number", { min, max });
  return (
    <div class="ud-how">
      <span class="ud-label">{speaker.say("count")}</span>
      <Choice
        class="ud-choice"
        group="count"
        name={speaker.say("count")}
        value={count.value}
        options={counts.map((value) => ({ value, text: String(value) }))}
        onChoose={(value) => {
          count.value = value;
        }}
      />
      <span class="ud-label">{speaker.say("steps-count")}</span>
      <NumberField
        name={speaker.say("steps-count")}
        value={steps.value}
        {...limits.steps}
        whole
        placeholder={speaker.say("models-own")}
        refusal={refusal(limits.steps)}
        onSet={(value) => {
          steps.value = value;
        }}
      />
      <span class="ud-label">{speaker.say("guidance")}</span>
      <NumberField
        name={speaker.say("guidance")}
        value={guidance.value}
        {...limits.guidance}
        placeholder={speaker.say("models-own")}
        refusal={refusal(limits.guidance)}
        onSet={(value) => {
          guidance.value = value;
        }}
      />
      <span class="ud-label">{speaker.say("seed")}</span>
      <Choice
        class="ud-choice"
        group="seed"
        name={speaker.say("seed")}
        value={fixed.value}
        options={[
          { value: false, text: speaker.say("seed-random") },
          { value: true, text: speaker.say("seed-fixed") },
        ]}
        onChoose={(value) => {
          // The seed of the picture that is looked at is the one that a person wants to keep.
          const shown = screen.results.chosen.peek()?.drawn.result.seed;
          if (value && seed.peek() === "") seed.value = String(shown ?? 0);
          fixed.value = value;
        }}
      />
      {fixed.value && (
        <>
          <span class="ud-label" />
          <input
            class="ud-field"
            type="text"
            inputMode="numeric"
            aria-label={speaker.say("seed-number")}
            aria-invalid={badSeed.value}
            aria-describedby={badSeed.value ? id("reason") : undefined}
            value={seed.value}
            onInput={(event) => {
              seed.value = event.currentTarget.value;
            }}
          />
        </>
      )}
      <span class="ud-label">{speaker.say("negative")}</span>
      <input
        class="ud-field"
        type="text"
        aria-label={speaker.say("negative")}
        placeholder={speaker.say("negative-empty")}
        value={negative.value}
        onInput={(event) => {
          negative.value = event.currentTarget.value;
        }}
      />
    </div>
  );
}
