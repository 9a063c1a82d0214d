import type { JSX } from "preact";
import { useState } from "preact/hooks";

/** A value on a track. */
export function Slider(parts: {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly value: number;
  readonly text?: string;
  readonly describedBy?: string | undefined;
  readonly onSet: (value: number) => void;
}): JSX.Element {
  const { name, min, max, step, value, text, onSet } = parts;
  return (
    <span class="ud-track" style={{ "--from": 0, "--to": share(value, min, max) }}>
      <input
        type="range"
        aria-label={name}
        aria-valuetext={text}
        aria-describedby={parts.describedBy}
        min={min}
        max={max}
        step={step}
        value={value}
        onInput={(event) => onSet(event.currentTarget.valueAsNumber)}
      />
    </span>
  );
}

/** Two values on one track, the first never above the second; from 0 to 1. */
export function RangeSlider(parts: {
  readonly names: readonly [from: string, to: string];
  readonly value: readonly [from: number, to: number];
  readonly text: (value: number) => string;
  readonly onSet: (value: readonly [from: number, to: number]) => void;
}): JSX.Element {
  const { names, value, text, onSet } = parts;
  const [from, to] = value;
  const input = (at: 0 | 1): JSX.Element => (
    <input
      type="range"
      aria-label={names[at]}
      aria-valuetext={text(value[at])}
      min={0}
      max={100}
      step={1}
      value={Math.round(value[at] * 100)}
      onInput={(event) => {
        const next = event.currentTarget.valueAsNumber / 100;
        onSet(at === 0 ? [Math.min(next, to), to] : [from, Math.max(next, from)]);
        // The thumb that was pushed past the other stays at it.
        event.currentTarget.valueAsNumber = Math.round((at === 0 ? Math.min(next, to) : Math.max(next, from)) * 100);
      }}
    />
  );
  return (
    <span class="ud-track ud-range" style={{ "--from": from, "--to": to }}>
      {input(0)}
      {input(1)}
    </span>
  );
}

const share = (value: number, min: number, max: number): number =>
  max > min ? Math.min(1, Math.max(0, (value - min) / (max - min))) : 0;

/** A number to write. What is no number within the limits is not taken, and said. */
export function NumberField(parts: {
  readonly name: string;
  readonly value: number | null;
  readonly min: number;
  readonly max?: number | undefined;
  readonly step: number;
  /** True to take whole numbers alone. */
  readonly whole?: boolean;
  /** What stands there for null. */
  readonly placeholder?: string;
  /** What is said of a number that cannot be taken. */
  readonly refusal: string;
  readonly onSet: (value: number | null) => void;
}): JSX.Element {
  const { name, value, min, max = Number.POSITIVE_INFINITY, step, whole = false, placeholder, refusal, onSet } = parts;
  // What is being written stays as it is written; once it is left, what holds stands there again.
  const [draft, setDraft] = useState<{ readonly text: string; readonly isTaken: boolean } | null>(null);
  const isRefused = draft !== null && !draft.isTaken;
  return (
    <input
      class="ud-field ud-number"
      type="text"
      inputMode="decimal"
      aria-label={name}
      aria-invalid={isRefused}
      title={isRefused ? refusal : undefined}
      placeholder={placeholder}
      value={draft?.text ?? written(value, step)}
      onInput={(event) => {
        const text = event.currentTarget.value;
        const next = numberFrom(text, whole);
        const isEmpty = text.trim() === "" && placeholder !== undefined;
        const isTaken = isEmpty || (next !== null && next >= min && next <= max);
        setDraft({ text, isTaken });
        if (isTaken) onSet(isEmpty ? null : next);
      }}
      onKeyDown={(event) => {
        const by = event.key === "ArrowUp" ? step : event.key === "ArrowDown" ? -step : 0;
        if (by === 0) return;
        event.preventDefault();
        setDraft(null);
        onSet(Math.min(max, Math.max(min, (value ?? min) + by)));
      }}
      onBlur={() => setDraft(null)}
    />
  );
}

/** A number as people write it, with point or comma; null for what is none, or no whole one where whole ones are asked for. */
function numberFrom(text: string, whole: boolean): number | null {
  const plain = text.trim().replace(",", ".");
  if (!/^[+-]?(\d+\.?\d*|\.\d+)$/.test(plain)) return null;
  const value = Number(plain);
  return whole && !Number.isInteger(value) ? null : value;
}

/** A number as it stands in a field: finer steps with a decimal at least, so that the field does not jump. */
function written(value: number | null, step: number): string {
  if (value === null) return "";
  const rounded = Math.round(value * 1000) / 1000;
  return step < 1 && Number.isInteger(rounded) ? rounded.toFixed(1) : String(rounded);
}
