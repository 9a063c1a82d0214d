import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { type Control, isChanged, reset } from "../state/control.ts";
import { isUsable, originOf, origins } from "../state/offers.ts";
import { ConditionOption, OptionRow } from "./condition-option.tsx";
import { kindName } from "./control-name.ts";
import { Icon } from "./icon.tsx";
import { useShown } from "./shown.ts";
import { NumberField, RangeSlider, Slider } from "./slider.tsx";

/** The exact values behind a control: its kind, its weight and range, and the options of its condition. */
export function ControlDetail({ control, title }: { readonly control: Control; readonly title: string }): JSX.Element {
  const { screen, speaker, id } = useShown();
  // What the option in use does; that of another kind is over.
  const [used, setUsed] = useState({ kind: "", help: "" });
  const { weight, range } = control.strength.value;
  const { kind } = control.offer.value;
  const setHelp = (help: string): void => setUsed({ kind: kind.id, help });
  const kept = control.kept.value !== null;
  const percent = (value: number): string => speaker.say("percent", { n: Math.round(value * 100) });
  const setWeight = (next: number | null): void => {
    if (next !== null) control.strength.value = { weight: next, range };
  };
  const invertedHelp = id(`inverted-${control.key}`);
  return (
    <div class="ud-detail">
      {!kept && <KindChoice control={control} title={title} />}
      <span class="ud-label">{speaker.say("weight")}</span>
      <Slider
        name={speaker.say("weight-of", { name: title })}
        min={0}
        max={2}
        step={0.05}
        value={weight}
        onSet={setWeight}
      />
      <NumberField
        name={speaker.say("weight-of", { name: title })}
        value={weight}
        min={0}
        max={2}
        step={0.05}
        refusal={speaker.say("bad-number", { min: 0, max: 2 })}
        onSet={setWeight}
      />
      <span class="ud-label">{speaker.say("steps")}</span>
      <RangeSlider
        names={[speaker.say("steps-from", { name: title }), speaker.say("steps-to", { name: title })]}
        value={range}
        text={percent}
        onSet={(next) => {
          control.strength.value = { weight, range: next };
        }}
      />
      <span class="ud-value">
        {speaker.say("steps-range", { from: Math.round(range[0] * 100), to: Math.round(range[1] * 100) })}
      </span>
      {kept ? (
        <p class="ud-wide ud-soft ud-small">{speaker.say("keeps-map")}</p>
      ) : (
        control.form.value.map((field) => (
          <ConditionOption key={`${kind.id} ${field.name}`} control={control} field={field} onUse={setHelp} />
        ))
      )}
      {kind.convention.polarity !== "none" && (
        <OptionRow
          label={speaker.say("inverted")}
          help={speaker.say("inverted-help")}
          helpId={invertedHelp}
          onUse={setHelp}
        >
          <button
            type="button"
            class="ud-switch"
            aria-pressed={control.inverted.value}
            aria-label={speaker.say("inverted")}
            aria-describedby={invertedHelp}
            onClick={() => {
              control.inverted.value = !control.inverted.value;
            }}
          />
        </OptionRow>
      )}
      <div class="ud-wide ud-links">
        {control.map.value && screen.reader.source.value && screen.connected.value && (
          <button type="button" class="ud-link" onClick={() => void screen.placing.putMap(control)}>
            {speaker.say("put-map")}
          </button>
        )}
        <span class="ud-ends">
          <button
            type="button"
            class="ud-link"
            aria-label={speaker.say("reset-of", { name: title })}
            aria-disabled={!isChanged(control)}
            onClick={() => reset(control)}
          >
            {speaker.say("reset")}
          </button>
          <button
            type="button"
            class="ud-icon-button"
            aria-label={speaker.say("remove-control", { name: title })}
            title={speaker.say("remove-control", { name: title })}
            onClick={() => screen.controls.remove(control)}
          >
            <Icon name="bin" />
          </button>
        </span>
      </div>
      {used.kind === kind.id && used.help !== "" && (
        <p class="ud-wide ud-soft ud-small" aria-hidden="true">
          {used.help}
        </p>
      )}
    </div>
  );
}

/** What kind of control it is, of those that can be used, by where their maps come from. */
function KindChoice({ control, title }: { readonly control: Control; readonly title: string }): JSX.Element | null {
  const { screen, speaker } = useShown();
  const offer = control.offer.value;
  const usable = screen.offers.filter((one) => isUsable(one) || one === offer);
  if (usable.length < 2) return null;
  return (
    <>
      <span class="ud-label">{speaker.say("kind")}</span>
      <select
        class="ud-field ud-across"
        aria-label={speaker.say("kind-of", { name: title })}
        value={String(screen.offers.indexOf(offer))}
        onChange={(event) => {
          const next = screen.offers[Number(event.currentTarget.value)];
          if (next) screen.controls.change(control, next);
        }}
      >
        {origins.map((origin) => {
          const group = usable.filter((one) => originOf(one) === origin);
          return group.length === 0 ? null : (
            <optgroup key={origin} label={speaker.say(`origin-${origin}`)}>
              {group.map((one) => (
                <option key={`${one.kind.id} ${one.net}`} value={String(screen.offers.indexOf(one))}>
                  {kindName(one, speaker)}
                </option>
              ))}
            </optgroup>
          );
        })}
      </select>
    </>
  );
}
