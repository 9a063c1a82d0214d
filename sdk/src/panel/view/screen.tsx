import type { JSX } from "preact";
import type { Example } from "../options.ts";
import type { Said } from "../state/draw-screen.ts";
import type { Speaker } from "../words/language.ts";
import { Action } from "./action.tsx";
import { Cards } from "./cards.tsx";
import { Controls } from "./controls.tsx";
import { Examples, ModelCard } from "./first-run.tsx";
import { Footer } from "./footer.tsx";
import { Hero } from "./hero.tsx";
import { LayerOffer } from "./layer-offer.tsx";
import { PromptField } from "./prompt-field.tsx";
import { Results } from "./results.tsx";
import { type Shown, ShownContext, useShown } from "./shown.ts";

/** The Draw screen, from the picture down to the footer. */
export function Screen({
  shown,
  examples,
}: {
  readonly shown: Shown;
  readonly examples: readonly Example[];
}): JSX.Element {
  const { screen } = shown;
  const isEmpty = screen.hero.view.value === null;
  return (
    <ShownContext.Provider value={shown}>
      <div class="ud-body">
        <Cards places={["host"]} />
        <Hero />
        <Cards places={["selection"]} />
        <LayerOffer />
        <Examples examples={examples} />
        {!isEmpty && <Controls />}
        <Cards places={["map", "layer"]} />
        <PromptField />
        <Action />
        <Cards places={["job"]} />
        <Results />
        <Cards places={["apply", "results"]} />
        <Cards places={["health"]} />
        <ModelCard />
      </div>
      <Footer />
      <Status />
    </ShownContext.Provider>
  );
}

/** What is spoken to those who do not see: one live region that is there from the start. */
function Status(): JSX.Element {
  const { screen, speaker } = useShown();
  const said = screen.said.value;
  return (
    <p class="ud-sr" role="status">
      {said ? spoken(said, speaker) : ""}
    </p>
  );
}

function spoken(said: Said, speaker: Speaker): string {
  if ("word" in said) return speaker.say(said.word, said.values);
  const { title, text } = speaker.card(said.card.topic, said.card.values);
  return `${title}. ${text}`;
}
