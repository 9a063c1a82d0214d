import type { JSX } from "preact";
import type { Example } from "../options.ts";
import { useShown } from "./shown.ts";

/** Sketches to try, while nothing was drawn yet. */
export function Examples({ examples }: { readonly examples: readonly Example[] }): JSX.Element | null {
  const { screen, speaker, id } = useShown();
  const source = screen.reader.source.value;
  const isFirst = screen.results.list.value.length === 0;
  if (!isFirst || examples.length === 0 || source?.kind === "selection" || source?.kind === "recipe") return null;
  return (
    <section aria-labelledby={id("examples")}>
      <h2 id={id("examples")}>{speaker.say("try-one")}</h2>
      <div class="ud-start">
        {examples.map((example) => (
          <button
            key={example.name}
            type="button"
            class="ud-example"
            aria-label={speaker.say("try-example", { name: example.name })}
            title={example.name}
            aria-pressed={source?.kind === "example" && source.name === example.name}
            onClick={() => void screen.tryExample(example)}
          >
            <img src={String(example.picture)} alt="" draggable={false} />
          </button>
        ))}
      </div>
    </section>
  );
}

/** What the model is and is for, until the first picture is there. */
export function ModelCard(): JSX.Element | null {
  const { screen, speaker } = useShown();
  const { vocabulary } = screen;
  if (!vocabulary || screen.results.list.value.length > 0) return null;
  const { name, about } = vocabulary.model;
  return (
    <div class="ud-card">
      <div class="ud-top">
        <b>{name}</b>
        <span class="ud-tag">{about}</span>
        <span class="ud-tag">{speaker.say("here")}</span>
      </div>
      <p class="ud-soft">
        {speaker.say("model-ready")} {speaker.say("model-limits", { about })}
      </p>
    </div>
  );
}
