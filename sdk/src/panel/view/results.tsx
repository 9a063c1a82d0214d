import type { JSX } from "preact";
import type { Result } from "../state/result-list.ts";
import { Follows } from "./follows.tsx";
import { Icon } from "./icon.tsx";
import { Thumbnail } from "./picture.tsx";
import { useShown } from "./shown.ts";

/** The finished pictures, the newest first, and what can be done with the one that is looked at. */
export function Results(): JSX.Element | null {
  const { screen, speaker, id } = useShown();
  const { results, generation } = screen;
  const list = results.list.value;
  const chosen = results.chosen.value;
  if (!chosen) return null;
  const isBusy = generation.job.busy.value;
  const applying = screen.placing.applying.value;
  return (
    <section class="ud-results" aria-labelledby={id("results")}>
      <h2 id={id("results")} class="ud-sr">
        {speaker.say("results")}
      </h2>
      <div class="ud-strip" role="radiogroup" aria-labelledby={id("results")}>
        {list.map((result) => (
          <Shot key={result.number} result={result} isChosen={result === chosen} />
        ))}
      </div>
      <Follows drawn={chosen.drawn} />
      <div class="ud-pair">
        <button type="button" aria-disabled={isBusy} onClick={() => void generation.moreLike(chosen)}>
          {speaker.say("more-like")}
        </button>
        {screen.connected.value ? (
          <button
            type="button"
            class="ud-go"
            aria-disabled={applying}
            onClick={() => void screen.placing.apply(chosen)}
          >
            {speaker.say(applying ? "applying" : "apply")}
          </button>
        ) : (
          <button type="button" class="ud-go" onClick={() => void screen.placing.save(chosen)}>
            {speaker.say("save")}
          </button>
        )}
      </div>
    </section>
  );
}

function Shot({ result, isChosen }: { readonly result: Result; readonly isChosen: boolean }): JSX.Element {
  const { screen, speaker, id } = useShown();
  const { drawn, number, layer } = result;
  const isApplied = layer.value !== null;
  return (
    <label class="ud-shot">
      <input
        type="radio"
        name={id("result")}
        checked={isChosen}
        aria-label={speaker.say(isApplied ? "result-applied" : "result-name", {
          n: number,
          seed: String(drawn.result.seed),
        })}
        onChange={() => screen.choose(result)}
      />
      <Thumbnail pixels={drawn.result.pixels} side={72} />
      {isApplied && (
        <span class="ud-applied">
          <Icon name="check" />
        </span>
      )}
    </label>
  );
}
