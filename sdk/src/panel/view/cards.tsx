import type { JSX, TargetedMouseEvent } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Card, Place } from "../state/cards.ts";
import { Icon } from "./icon.tsx";
import { useShown } from "./shown.ts";

/** What there is to tell, of some places; each with what can be done about it. */
export function Cards({ places }: { readonly places: readonly Place[] }): JSX.Element | null {
  const { screen } = useShown();
  const list = useRef<HTMLDivElement>(null);
  const shown = screen.cards.shown.value.filter(({ place }) => places.includes(place));
  if (shown.length === 0) return null;
  return (
    <div class="ud-cards" ref={list}>
      {shown.map((card) => (
        <Note key={`${card.place} ${card.topic}`} card={card} />
      ))}
    </div>
  );
}

/** What answers a press of a button is brought into view; what comes by itself moves nothing. */
const answers: readonly Place[] = ["job", "apply"];

function Note({ card }: { readonly card: Card }): JSX.Element {
  const { screen, speaker, id } = useShown();
  const note = useRef<HTMLElement>(null);
  useEffect(() => {
    if (answers.includes(card.place)) note.current?.scrollIntoView({ block: "nearest" });
  }, [card.place]);
  const { title, text } = speaker.card(card.topic, card.values);
  const heading = id(`card-${card.place}-${card.topic}`);
  /** What is pressed goes with its card: focus goes on to the main button, not to the page. */
  const leave = (event: TargetedMouseEvent<HTMLButtonElement>): void => {
    const root = event.currentTarget.closest(".ud");
    screen.cards.dismiss(card);
    root?.querySelector<HTMLElement>(".ud-main")?.focus({ preventScroll: true });
  };
  return (
    <article ref={note} class={card.tone === "bad" ? "ud-note ud-note-bad" : "ud-note"} aria-labelledby={heading}>
      <div class="ud-note-head">
        <b id={heading}>{title}</b>
        <button
          type="button"
          class="ud-icon-button"
          aria-label={`${speaker.say("dismiss")}: ${title}`}
          title={speaker.say("dismiss")}
          onClick={leave}
        >
          <Icon name="close" />
        </button>
      </div>
      <p>{text}</p>
      {card.remedies && card.remedies.length > 0 && (
        <div class="ud-links">
          {card.remedies.map(({ word, values, run }) => (
            <button
              key={word}
              type="button"
              class="ud-link"
              onClick={(event) => {
                leave(event);
                run();
              }}
            >
              {speaker.say(word, values)}
            </button>
          ))}
        </div>
      )}
      {card.detail !== undefined && (
        <details>
          <summary>{speaker.say("details")}</summary>
          <p class="ud-soft ud-small">{card.detail}</p>
        </details>
      )}
    </article>
  );
}
