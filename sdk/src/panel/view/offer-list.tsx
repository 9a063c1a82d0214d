import type { JSX } from "preact";
import { isUsable, type Offer, type Origin, originOf, origins } from "../state/offers.ts";
import { kindName, needName } from "./control-name.ts";
import { useShown } from "./shown.ts";

interface OfferListParts {
  readonly onChoose: (offer: Offer) => void;
  /** Escape was pressed. */
  readonly onLeave: () => void;
}

/** The kinds of control to choose from, by where their maps come from; at the end those that lack something. */
export function OfferList(parts: OfferListParts): JSX.Element {
  const { screen, speaker } = useShown();
  const lacking = screen.offers.filter((offer) => !isUsable(offer));
  return (
    <div class="ud-offers">
      {origins.map((origin) => (
        <OfferGroup key={origin} origin={origin} {...parts} />
      ))}
      {lacking.length > 0 && (
        <details>
          <summary>{speaker.say("not-usable", { n: lacking.length })}</summary>
          <ul>
            {lacking.map((offer) => (
              <li key={`${offer.kind.id} ${offer.net}`} class="ud-lacking">
                {speaker.term(offer.kind.id, offer.title ?? offer.kind.title)}
                {offer.need && <span class="ud-small">{needName(offer.need, speaker)}</span>}
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}

function OfferGroup({ origin, onChoose, onLeave }: OfferListParts & { readonly origin: Origin }): JSX.Element | null {
  const { screen, speaker, id } = useShown();
  const offers = screen.offers.filter((offer) => isUsable(offer) && originOf(offer) === origin);
  if (offers.length === 0) return null;
  const source = screen.reader.source.value;
  const scene = source && origin === "document" ? screen.structure.of(source) : undefined;
  const isShapeless = scene !== undefined && (scene === null || scene.shapes.length === 0);
  const heading = id(`offers-${origin}`);
  const onKeyDown = ({ key }: KeyboardEvent): void => {
    if (key === "Escape") onLeave();
  };
  return (
    <section aria-labelledby={heading}>
      <h3 id={heading}>{speaker.say(`origin-${origin}`)}</h3>
      {isShapeless ? (
        <p class="ud-lacking">{speaker.say("no-shapes")}</p>
      ) : (
        <ul>
          {offers.map((offer) => (
            <li key={`${offer.kind.id} ${offer.net}`}>
              <button type="button" onClick={() => onChoose(offer)} onKeyDown={onKeyDown}>
                {kindName(offer, speaker)}
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
