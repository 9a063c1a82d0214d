import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { ControlKind } from "../options.ts";
import type { Control } from "../state/control.ts";
import { stopCount, stopNear, strengthAt } from "../state/strength.ts";
import type { Speaker } from "../words/language.ts";
import { ControlDetail } from "./control-detail.tsx";
import { Icon } from "./icon.tsx";
import { Thumbnail } from "./picture.tsx";
import { useShown } from "./shown.ts";

/** The list of controls, like a list of layers. */
export function Controls(): JSX.Element {
  const { screen, speaker, id } = useShown();
  const [adding, setAdding] = useState(false);
  const { offers, controls } = screen;
  const list = controls.list.value;
  const add = (offer: ControlKind): void => {
    controls.add(offer);
    setAdding(false);
  };
  return (
    <section class="ud-controls" aria-labelledby={id("controls")}>
      <div class="ud-head">
        <h2 id={id("controls")}>{speaker.say("controls")}</h2>
        <button
          type="button"
          class="ud-icon-button"
          aria-label={speaker.say("add-control")}
          title={speaker.say("add-control")}
          aria-expanded={offers.length > 1 ? adding : undefined}
          onClick={() => {
            const [only, ...others] = offers;
            if (only && others.length === 0) add(only);
            else setAdding(!adding);
          }}
        >
          <Icon name="plus" />
        </button>
      </div>
      {adding && (
        <ul class="ud-offers">
          {offers.map((offer) => (
            <li key={titleOf(offer, speaker)}>
              <button type="button" onClick={() => add(offer)}>
                {titleOf(offer, speaker)}
              </button>
            </li>
          ))}
        </ul>
      )}
      <ul class="ud-list">
        {list.map((control) => (
          <ControlRow key={control.key} control={control} />
        ))}
      </ul>
    </section>
  );
}

/** What a kind of control is called. */
function titleOf({ title, net, kind }: ControlKind, speaker: Speaker): string {
  return title ?? (net === "lines" ? speaker.say("lines") : speaker.term(kind.id, kind.title));
}

function ControlRow({ control }: { readonly control: Control }): JSX.Element {
  const { screen, speaker, id } = useShown();
  const { kind } = control.offer;
  const title = titleOf(control.offer, speaker);
  const [on, open] = [control.on.value, control.open.value];
  const source = screen.reader.source.value;
  const condition = speaker.term(`${kind.id}.short`, speaker.term(kind.id, kind.title));
  const from = !on
    ? speaker.say("from-off", { condition })
    : control.kept.value
      ? speaker.say("from-recipe", { condition })
      : source === null
        ? speaker.say("from-nothing", { condition })
        : speaker.say("from-of", { condition, name: source.name ?? speaker.say("picture") });
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
            <span class="ud-soft ud-small">{from}</span>
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
      <div id={detail} hidden={!open}>
        {open && <ControlDetail control={control} title={title} />}
      </div>
    </li>
  );
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
