import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Control } from "../state/control.ts";
import { isUsable, type Offer, originOf } from "../state/offers.ts";
import { stopCount, stopNear, strengthAt } from "../state/strength.ts";
import { ControlDetail } from "./control-detail.tsx";
import { conditionName, titleOf } from "./control-name.ts";
import { Icon } from "./icon.tsx";
import { MapNotes } from "./map-notes.tsx";
import { OfferList } from "./offer-list.tsx";
import { Thumbnail } from "./picture.tsx";
import { useShown } from "./shown.ts";

/** The list of controls, like a list of layers. */
export function Controls(): JSX.Element {
  const { screen, speaker, id } = useShown();
  const [adding, setAdding] = useState(false);
  const plus = useRef<HTMLButtonElement>(null);
  const { offers, controls } = screen;
  const list = controls.list.value;
  const source = screen.reader.source.value;
  useEffect(() => {
    // What the list says of the document depends on what is selected.
    if (adding && source && offers.some((offer) => originOf(offer) === "document")) void screen.structure.read(source);
  }, [adding, source, offers, screen]);
  const close = (): void => {
    setAdding(false);
    plus.current?.focus(); // what had focus goes with the list
  };
  const add = (offer: Offer): void => {
    controls.add(offer);
    if (adding) close();
  };
  return (
    <section class="ud-controls" aria-labelledby={id("controls")}>
      <div class="ud-head">
        <h2 id={id("controls")}>{speaker.say("controls")}</h2>
        <button
          ref={plus}
          type="button"
          class="ud-icon-button"
          aria-label={speaker.say("add-control")}
          title={speaker.say("add-control")}
          aria-expanded={offers.length > 1 ? adding : undefined}
          onClick={() => {
            const [only, ...others] = offers;
            if (only && others.length === 0 && isUsable(only)) add(only);
            else setAdding(!adding);
          }}
        >
          <Icon name="plus" />
        </button>
      </div>
      {adding && <OfferList onChoose={add} onLeave={close} />}
      <ul class="ud-list">
        {list.map((control) => (
          <ControlRow key={control.key} control={control} />
        ))}
      </ul>
    </section>
  );
}

function ControlRow({ control }: { readonly control: Control }): JSX.Element {
  const { speaker, id } = useShown();
  const title = titleOf(control.offer.value, speaker);
  const [on, open] = [control.on.value, control.open.value];
  const detail = id(`control-${control.key}`);
  const map = control.map.value;
  return (
    <li class={on ? "ud-control" : "ud-control ud-off"}>
      <div class="ud-row">
        <button
          type="button"
          class="ud-open"
          aria-expanded={open}
          aria-controls={detail}
          title={speaker.say("settings", { name: title })}
          onClick={() => {
            control.open.value = !open;
          }}
        >
          <span class="ud-thumb">{map && <Thumbnail pixels={map.pixels} side={28} />}</span>
          <span class="ud-name">
            <span>{title}</span>
            <span class="ud-soft ud-small">
              <From control={control} />
            </span>
          </span>
        </button>
        <Stops control={control} title={title} />
        <button
          type="button"
          class="ud-icon-button"
          aria-pressed={on}
          aria-label={speaker.say("toggle", { name: title })}
          title={speaker.say("toggle", { name: title })}
          onClick={() => {
            control.on.value = !on;
          }}
        >
          <Icon name={on ? "eye" : "shut"} />
        </button>
      </div>
      <MapNotes control={control} />
      <div id={detail} hidden={!open}>
        {open && <ControlDetail control={control} title={title} />}
      </div>
    </li>
  );
}

/** What a control's map is, and of what. */
function From({ control }: { readonly control: Control }): JSX.Element {
  const { screen, speaker } = useShown();
  const offer = control.offer.value;
  const source = screen.reader.source.value;
  const condition = conditionName(offer.kind, speaker);
  const name = source?.name ?? speaker.say("picture");
  const word = !control.on.value
    ? "from-off"
    : control.kept.value
      ? "from-recipe"
      : source === null
        ? "from-nothing"
        : originOf(offer) === "document"
          ? "from-document"
          : "from-of";
  return <>{speaker.say(word, { condition, name })}</>;
}

/** The strength in five stops: a slider, drawn as five pieces. */
function Stops({ control, title }: { readonly control: Control; readonly title: string }): JSX.Element {
  const { speaker } = useShown();
  const on = control.on.value;
  const { stop, exact } = stopNear(control.strength.value);
  return (
    <span class="ud-stops">
      <input
        type="range"
        aria-label={speaker.say("strength", { name: title })}
        aria-valuetext={speaker.say(exact ? "stop" : "stop-custom", { n: stop })}
        title={speaker.say(exact ? "stop" : "stop-custom", { n: stop })}
        min={1}
        max={stopCount}
        step={1}
        value={Math.max(1, stop)}
        disabled={!on}
        onInput={(event) => {
          control.strength.value = strengthAt(event.currentTarget.valueAsNumber);
        }}
      />
      {Array.from({ length: stopCount }, (_, at) => (
        <i key={at} class={on && at < stop ? "ud-on" : undefined} />
      ))}
    </span>
  );
}
