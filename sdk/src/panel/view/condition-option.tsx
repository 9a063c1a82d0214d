import { UnderdrawError } from "@underdraw/engine/core";
import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import { type Control, optionsOf } from "../state/control.ts";
import type { OptionField } from "../state/option-form.ts";
import { Choice } from "./choice.tsx";
import { useShown } from "./shown.ts";
import { NumberField, Slider } from "./slider.tsx";

/** One option of a control's condition, as its schema describes it. What is set is taken at once. */
export function ConditionOption({
  control,
  field,
  onUse,
}: {
  readonly control: Control;
  readonly field: OptionField;
  /** Hears what the option does when it gets focus. */
  readonly onUse: (help: string) => void;
}): JSX.Element {
  const { speaker, id } = useShown();
  const [refusal, setRefusal] = useState("");
  const { kind } = control.offer.value;
  const key = `${kind.id}.${field.name}`;
  const label = speaker.term(key, field.label);
  const help = speaker.term(`${key}.help`, field.help);
  const helpId = id(`option-${control.key}-${field.name}`);
  const value = optionsOf(control)[field.name] ?? field.preset;
  const set = (next: unknown): void => {
    const { [field.name]: _, ...others } = control.chosen.peek();
    const chosen = next === null ? others : { ...others, [field.name]: next };
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
  return (
    <OptionRow label={label} help={help} helpId={helpId} refusal={refusal} onUse={onUse}>
      <OptionInput
        {...{ field, label, helpId, value, set }}
        group={`option-${control.key}-${field.name}`}
        nameOf={(one) => speaker.term(`${key}.${one}`, String(one))}
      />
    </OptionRow>
  );
}

interface InputParts {
  readonly field: OptionField;
  readonly label: string;
  readonly helpId: string;
  readonly group: string;
  readonly value: unknown;
  /** What a value of a choice is called. */
  readonly nameOf: (value: string | number | boolean) => string;
  /** Takes a value; null takes the preset back. */
  readonly set: (value: unknown) => void;
}

function OptionInput({ field, label, helpId, group, value, nameOf, set }: InputParts): JSX.Element {
  const { speaker } = useShown();
  const { input, preset } = field;
  switch (input.type) {
    case "switch":
      return (
        <button
          type="button"
          class="ud-switch"
          aria-pressed={value === true}
          aria-label={label}
          aria-describedby={helpId}
          onClick={() => set(value !== true)}
        />
      );
    case "number": {
      const { min, max, step, whole } = input;
      const number = typeof value === "number" ? value : null;
      return (
        <>
          <Slider name={label} {...{ min, max, step }} value={number ?? min} describedBy={helpId} onSet={set} />
          <NumberField
            name={label}
            {...{ min, step, whole }}
            value={number}
            {...(preset === undefined ? { placeholder: speaker.say("models-own") } : {})}
            refusal={speaker.say("bad-number", { min, max })}
            onSet={(next) => (next === null && preset !== undefined ? undefined : set(next))}
          />
        </>
      );
    }
    case "choice": {
      const options = input.values.map((one) => ({ value: String(one), text: nameOf(one) }));
      const choose = (text: string): void => set(input.values.find((one) => String(one) === text));
      const length = options.reduce((sum, { text }) => sum + text.length, 0);
      // More than fits beside its label at the width of a narrow panel.
      if (options.length > 3 || length > longestChoice) {
        return (
          <select
            class="ud-field ud-across"
            aria-label={label}
            aria-describedby={helpId}
            value={String(value)}
            onChange={(event) => choose(event.currentTarget.value)}
          >
            {options.map((one) => (
              <option key={one.value} value={one.value}>
                {one.text}
              </option>
            ))}
          </select>
        );
      }
      return (
        <Choice
          class="ud-choice"
          group={group}
          name={label}
          value={String(value)}
          options={options}
          onChoose={choose}
        />
      );
    }
    case "text":
      return (
        <input
          class="ud-field ud-across"
          type="text"
          aria-label={label}
          aria-describedby={helpId}
          value={typeof value === "string" ? value : ""}
          onChange={(event) => set(event.currentTarget.value)}
        />
      );
  }
}

/** How many letters the texts of a choice in a row have at most. */
const longestChoice = 16;

/**
 * A label, what is set under it, and what it does: heard with its field. It is seen where `onUse` shows it, away from the
 * fields: a text that came and went between them would move what is pressed from under the pointer.
 */
export function OptionRow(parts: {
  readonly label: string;
  readonly help: string;
  readonly helpId: string;
  readonly refusal?: string;
  readonly onUse: (help: string) => void;
  readonly children: ComponentChildren;
}): JSX.Element {
  const { label, help, helpId, refusal = "", onUse, children } = parts;
  return (
    <div class="ud-option" onFocusIn={() => onUse(help)}>
      <span class="ud-label" title={help}>
        {label}
      </span>
      {children}
      <p id={helpId} class={refusal === "" ? "ud-sr" : "ud-refusal ud-bad"}>
        {refusal === "" ? help : refusal}
      </p>
    </div>
  );
}
