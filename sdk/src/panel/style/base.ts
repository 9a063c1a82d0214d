/** The frame of the panel, and what its parts have in common. */
export const base = `
.ud {
  box-sizing: border-box; display: flex; flex-direction: column; width: 100%; height: 100%; min-height: 0; margin: 0;
  overflow: hidden; background: var(--ud-page); color: var(--ud-text); font: var(--ud-font); text-align: start;
  container: ud / inline-size; -webkit-font-smoothing: antialiased; overflow-wrap: anywhere;
}
.ud:lang(ko) { word-break: keep-all; }
.ud *, .ud *::before, .ud *::after { box-sizing: border-box; }
.ud [hidden] { display: none !important; }
.ud :where(p, h2, h3, ul, li, figure, article, section, details) { margin: 0; padding: 0; }
.ud :where(ul) { list-style: none; }
.ud :where(h2) { font: inherit; font-weight: 600; display: flex; align-items: center; min-height: var(--ud-row); }
.ud :where(h3) { font: inherit; font-size: var(--ud-small); color: var(--ud-soft); padding: 4px 6px 2px; }
.ud :where(b) { font-weight: 600; }
.ud :where(button, input, textarea, select) { font: inherit; color: inherit; margin: 0; letter-spacing: inherit; }
.ud :where(button) { border: 0; background: none; padding: 0; cursor: default; text-align: inherit; }
.ud :where(button, input, textarea, select, summary, [tabindex]):focus-visible {
  outline: 2px solid var(--ud-link); outline-offset: 1px;
}
.ud :where(.ud-choice, .ud-segment) label { position: relative; }
.ud :where(.ud-choice, .ud-segment, .ud-shot) input {
  position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; opacity: 0;
}
.ud-choice input:focus-visible + span, .ud-segment input:focus-visible + span { outline: 2px solid var(--ud-link); outline-offset: 1px; }
.ud-body {
  flex: 1 1 auto; min-height: 0; overflow: auto; padding: 12px; display: flex; flex-direction: column; gap: 12px;
  scrollbar-width: thin; scrollbar-color: var(--ud-line) transparent;
}
.ud-body > * { flex: none; min-width: 0; }
.ud-soft { color: var(--ud-soft); }
.ud-small { font-size: var(--ud-small); }
.ud-bad { color: var(--ud-bad); }
.ud-ends { margin-left: auto; display: flex; align-items: center; gap: 8px; }
.ud-sr {
  position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap;
  border: 0; appearance: none;
}
.ud-icon {
  width: 14px; height: 14px; display: block; flex: none; stroke: currentColor; fill: none; stroke-width: 1.4;
  stroke-linecap: round; stroke-linejoin: round;
}
.ud-icon-button {
  width: 24px; height: 24px; flex: none; display: grid; place-items: center; border-radius: var(--ud-radius);
  color: var(--ud-soft);
}
.ud-icon-button:hover { background: var(--ud-hover); color: var(--ud-text); }
.ud-icon-button[aria-pressed="true"] { color: var(--ud-text); }
.ud-link { color: var(--ud-link); border-radius: 2px; min-height: var(--ud-row); }
.ud-link:hover { text-decoration: underline; }
.ud-link[aria-disabled="true"] { color: var(--ud-soft); text-decoration: none; }
.ud-links { display: flex; flex-wrap: wrap; align-items: center; gap: 0 12px; }
.ud-head { display: flex; align-items: center; justify-content: space-between; }
.ud-label { color: var(--ud-soft); }
.ud-field {
  width: 100%; min-width: 0; height: var(--ud-row); border: 0; border-radius: var(--ud-radius); background: var(--ud-field);
  padding: 0 7px; user-select: text;
}
.ud-field::placeholder, .ud-text textarea::placeholder { color: var(--ud-soft); opacity: 1; }
.ud-field[aria-invalid="true"] { box-shadow: inset 0 0 0 1px var(--ud-bad); }
select.ud-field { padding: 0 3px; }
.ud-field option, .ud-field optgroup { background: var(--ud-page); color: var(--ud-text); }
.ud-number { font-variant-numeric: tabular-nums; }
.ud-hint { color: var(--ud-soft); margin-top: 6px; }
.ud-hint.ud-bad { color: var(--ud-bad); }
.ud-choice {
  display: inline-flex; justify-self: start; max-width: 100%; background: var(--ud-field); border-radius: var(--ud-radius);
  padding: 2px; gap: 1px;
}
.ud-choice span {
  display: grid; place-items: center; min-height: 20px; min-width: 28px; padding: 0 8px; border-radius: 3px; text-align: center; color: var(--ud-soft); }
.ud-choice label:hover span { color: var(--ud-text); }
.ud-choice input:checked + span { background: var(--ud-page); color: var(--ud-text); box-shadow: 0 0 0 1px var(--ud-line); }
.ud-switch {
  width: 28px; height: 16px; border-radius: 8px; background: var(--ud-soft); position: relative; justify-self: start;
  margin: 4px 0;
}
.ud-switch::after {
  content: ""; position: absolute; left: 2px; top: 2px; width: 12px; height: 12px; border-radius: 50%; background: #fff;
  transition: left 0.12s;
}
.ud-switch[aria-pressed="true"] { background: var(--ud-accent); }
.ud-switch[aria-pressed="true"]::after { left: 14px; }
.ud-track { position: relative; display: block; height: var(--ud-row); }
.ud-track::before, .ud-track::after {
  content: ""; position: absolute; top: 50%; height: 3px; margin-top: -1.5px; border-radius: 2px; pointer-events: none;
}
.ud-track::before { left: 0; right: 0; background: var(--ud-line); }
.ud-track::after {
  left: calc(var(--from) * (100% - 11px) + 5.5px * min(1, 1000 * var(--from)));
  right: calc((1 - var(--to)) * (100% - 11px) + 5.5px * min(1, 1000 * (1 - var(--to)))); background: var(--ud-link);
}
.ud-track input {
  position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; appearance: none; background: none; z-index: 1;
  border-radius: 3px;
}
.ud-track input::-webkit-slider-runnable-track { background: none; height: 100%; }
.ud-track input::-webkit-slider-thumb {
  appearance: none; width: 11px; height: 11px; margin-top: 6.5px; border-radius: 50%; background: #fff; border: 0;
  box-shadow: 0 0 0 0.5px #0006, 0 1px 3px #0006; pointer-events: auto;
}
.ud-track input::-moz-range-track { background: none; }
.ud-track input::-moz-range-thumb {
  width: 11px; height: 11px; border-radius: 50%; background: #fff; border: 0; pointer-events: auto;
  box-shadow: 0 0 0 0.5px #0006, 0 1px 3px #0006;
}
.ud-range input { pointer-events: none; }
`;
