import { UnderdrawError } from "@underdraw/engine/core";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { type Control, optionsOf } from "../state/control.ts";
import type { OptionField } from "../state/option-form.ts";
import { Choice } from "./choice.tsx";
import { Icon } from "./icon.tsx";
import { useShown } from "./shown.ts";
import { NumberField, RangeSlider, Slider } from "./slider.tsx";

/** The exact values behind a control: its weight and range, and the options of its condition. */
export function ControlDetail({ control, title }: { readonly control: Control; readonly title: string }): JSX.Element {
  const { screen, speaker } = useShown();
  const { weight, range } = control.strength.value;
  const { kind } = control.offer;
  const kept = control.kept.value !== null;
  const percent = (value: number): string => speaker.say("percent", { n: Math.round(value * 100) });
  const setWeight = (next: number | null): void => {
    if (next !== null) control.strength.value = { weight: next, range };
  };
  return (
    <div class="ud-detail">
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
        control.form.map((field) => <Option key={field.name} control={control} field={field} />)
      )}
      {kind.convention.polarity !== "none" && (
        <Switch
          label={speaker.say("inverted")}
          help={speaker.say("inverted-help")}
          value={control.inverted.value}
          onSet={(next) => {
            control.inverted.value = next;
          }}
        />
      )}
      <div class="ud-wide ud-links">
        {control.map.value && screen.reader.source.value && screen.connected.value && (
          <button type="button" class="ud-link" onClick={() => void screen.placing.putMap(control)}>
            {speaker.say("put-map")}
          </button>
        )}
        <span class="ud-grow" />
        <button
          type="button"
          class="ud-icon-button"
          aria-label={speaker.say("remove-control", { name: title })}
          title={speaker.say("remove-control", { name: title })}
          onClick={() => screen.controls.remove(control)}
        >
          <Icon name="bin" />
        </button>
      </div>
    </div>
  );
}

/** One option of a condition, as its schema describes it. */
function Option({ control, field }: { readonly control: Control; readonly field: OptionField }): JSX.Element | null {
  const { speaker, id } = useShown();
  const [refusal, setRefusal] = useState("");
  const { kind } = control.offer;
  const { input } = field;
  const label = speaker.term(`${kind.id}.${field.name}`, field.label);
  const help = speaker.term(`${kind.id}.${field.name}.help`, field.help);
  const value = optionsOf(control)[field.name] ?? field.preset;
  const helpId = id(`option-${control.key}-${field.name}`);
  const set = (next: unknown): void => {
    const chosen = { ...control.chosen.peek(), [field.name]: next };
    try {
      kind.choose({ ...control.fitted.peek(), ...chosen });
      control.chosen.value = chosen;
      setRefusal("");
    } catch (error) {
      // The schema may know more than a form can show: what it refuses is not taken, and said.
      const issues = UnderdrawError.is(error, "request-invalid") ? error.details.issues : [];
      setRefusal(issues.map(({ message }) => message).join("; ") || String(error));
    }
  };
  const helped = (
    <p id={helpId} class="ud-help">
      {refusal === "" ? help : <span class="ud-bad">{refusal}</span>}
    </p>
  );
  if (input.type === "switch") {
    return <Switch label={label} help={help} value={value === true} onSet={set} />;
  }
  if (input.type === "number") {
    const number = typeof value === "number" ? value : input.min;
    return (
      <div class="ud-option">
        <span class="ud-label" title={help}>
          {label}
        </span>
        <Slider name={label} {...limits(input)} value={number} describedBy={helpId} onSet={set} />
        <NumberField
          name={label}
          {...limits(input)}
          max={undefined}
          whole={input.whole}
          value={typeof value === "number" ? value : null}
          refusal={speaker.say("bad-number", { min: input.min, max: input.max })}
          onSet={(next) => next !== null && set(next)}
        />
        {helped}
      </div>
    );
  }
  if (input.type === "choice") {
    const options = input.values.map((one) => ({
      value: String(one),
      text: speaker.term(`${kind.id}.${field.name}.${one}`, String(one)),
    }));
    return (
      <div class="ud-option">
        <span class="ud-label" title={help}>
          {label}
        </span>
        <Choice
          class="ud-choice"
          group={`option-${control.key}-${field.name}`}
          name={label}
          value={String(value)}
          options={options}
          onChoose={(text) => set(input.values.find((one) => String(one) === text))}
        />
        {helped}
      </div>
    );
  }
  return (
    <div class="ud-option">
      <span class="ud-label" title={help}>
        {label}
      </span>
      <input
        class="ud-field ud-across"
        type="text"
        aria-label={label}
        aria-describedby={helpId}
        value={typeof value === "string" ? value : ""}
        onChange={(event) => set(event.currentTarget.value)}
      />
      {helped}
    </div>
  );
}

const limits = ({ min, max, step }: { readonly min: number; readonly max: number; readonly step: number }) => ({
  min,
  max,
  step,
});

function Switch(parts: {
  readonly label: string;
  readonly help: string;
  readonly value: boolean;
  readonly onSet: (value: boolean) => void;
}): JSX.Element {
  const { label, help, value, onSet } = parts;
  return (
    <div class="ud-option">
      <span class="ud-label" title={help}>
        {label}
      </span>
      <button
        type="button"
        class="ud-switch"
        aria-pressed={value}
        aria-label={label}
        title={help}
        onClick={() => onSet(!value)}
      />
      <p class="ud-help">{help}</p>
    </div>
  );
}
