import type { JSX } from "preact";
import { useShown } from "./shown.ts";

/** One of several, of which one holds. */
export interface ChoiceOption<Value> {
  readonly value: Value;
  readonly text: string;
  /** What it is called where its text says less. */
  readonly name?: string;
}

/** Texts in a row of which one is chosen: radio buttons, with one stop for the Tab key and arrows inside. */
export function Choice<Value extends string | number | boolean>(parts: {
  readonly name: string;
  readonly class: string;
  /** Different for each choice of a panel. */
  readonly group: string;
  readonly value: Value;
  readonly options: readonly ChoiceOption<Value>[];
  readonly onChoose: (value: Value) => void;
}): JSX.Element {
  const { id } = useShown();
  const { name, group, value, options, onChoose } = parts;
  return (
    <div class={parts.class} role="radiogroup" aria-label={name}>
      {options.map((option) => (
        <label key={option.value} title={option.name}>
          <input
            type="radio"
            name={id(group)}
            aria-label={option.name}
            checked={option.value === value}
            onChange={() => onChoose(option.value)}
          />
          <span>{option.text}</span>
        </label>
      ))}
    </div>
  );
}
