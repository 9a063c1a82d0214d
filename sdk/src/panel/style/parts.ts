/** The parts of the Draw screen, from the picture down to the footer. */
export const parts = `
.ud-hero {
  position: relative; aspect-ratio: 4 / 3; max-height: 320px; width: 100%; border-radius: 6px; overflow: hidden;
  display: grid; place-items: center; container-type: size;
  background: repeating-conic-gradient(#8881 0 25%, #0000 0 50%) 0 0 / 12px 12px, var(--ud-field);
}
.ud-body:has(.ud-detail) .ud-hero { aspect-ratio: 16 / 10; max-height: 200px; }
.ud-invite { text-align: center; padding: 24px; color: var(--ud-soft); }
.ud-stage { position: relative; width: min(100cqw, 100cqh * var(--ratio)); aspect-ratio: var(--ratio); }
.ud-stage .ud-picture { position: absolute; inset: 0; width: 100%; height: 100%; object-fit: contain; }
.ud-compare { position: absolute; inset: 0; touch-action: pan-y; cursor: ew-resize; }
.ud-over { position: absolute; inset: 0; clip-path: inset(0 calc(100% - var(--at)) 0 0); background: #000; }
.ud-edge { position: absolute; left: var(--at); top: 0; bottom: 0; width: 2px; margin-left: -1px; background: #fff; box-shadow: 0 0 3px #0008; }
.ud-edge::after {
  content: ""; position: absolute; top: 50%; left: -8px; width: 18px; height: 18px; margin-top: -9px; border-radius: 50%;
  background: #fff; box-shadow: 0 1px 4px #0006;
}
.ud .ud-edge:focus-visible { outline: 0; }
.ud-edge:focus-visible::after { box-shadow: 0 0 0 2px #fff, 0 0 0 4px var(--ud-accent); }
.ud-badge {
  position: absolute; left: 8px; top: 8px; max-width: calc(100% - 16px); padding: 2px 8px; border-radius: 10px;
  background: #000b; color: #fff; font-size: var(--ud-small); white-space: nowrap; overflow: hidden; text-overflow: ellipsis;
  pointer-events: none;
}
.ud-badge, .ud-look, .ud-segment { box-shadow: 0 0 0 1px #fff3; }
.ud-look {
  position: absolute; right: 8px; top: 8px; width: 24px; height: 24px; border-radius: 50%; background: #000b; color: #fff;
  display: grid; place-items: center;
}
.ud-segment {
  position: absolute; left: 8px; bottom: 8px; max-width: calc(100% - 16px); display: flex; background: #000b;
  border-radius: 5px; padding: 2px; backdrop-filter: blur(6px);
}
.ud-segment span {
  display: grid; align-items: center;
  min-height: 20px; padding: 0 7px; border-radius: 4px; color: #fff; font-size: var(--ud-small); white-space: nowrap;
  overflow: hidden; text-overflow: ellipsis;
}
.ud-segment label:hover span { background: #fff3; }
.ud-segment input:checked + span, .ud-segment label:hover input:checked + span { background: #fff; color: #111; }
.ud .ud-segment input:focus-visible + span { outline-color: #fff; }
.ud-layer {
  display: flex; align-items: center; justify-content: space-between; gap: 8px; background: var(--ud-raised);
  border-radius: 6px; padding: 4px 10px;
}
.ud-controls { display: flex; flex-direction: column; }
.ud-offers {
  background: var(--ud-raised); border-radius: 6px; padding: 4px; margin-bottom: 4px; max-height: 264px; overflow: auto;
  scrollbar-width: thin; scrollbar-color: var(--ud-line) transparent;
}
.ud-offers section + section, .ud-offers section + details { margin-top: 4px; border-top: 1px solid var(--ud-line); padding-top: 2px; }
.ud-offers summary { color: var(--ud-soft); font-size: var(--ud-small); min-height: 24px; line-height: 16px; padding: 4px 6px; border-radius: 4px; }
.ud-offers summary:hover { background: var(--ud-hover); }
.ud-lacking { color: var(--ud-soft); padding: 4px 6px; display: grid; }
.ud-notes { padding: 0 0 6px 36px; display: grid; gap: 6px; font-size: var(--ud-small); line-height: 14px; }
.ud-notes b { color: var(--ud-warn); }
.ud-notes p + p { margin-top: 2px; }
.ud-offers button { width: 100%; min-height: 24px; padding: 0 6px; border-radius: 4px; }
.ud-offers button:hover { background: var(--ud-hover); }
.ud-control + .ud-control { border-top: 1px solid var(--ud-line); }
.ud-row { display: grid; grid-template-columns: minmax(0, 1fr) auto auto; gap: 8px; align-items: center; padding: 5px 0; }
.ud-open { display: grid; grid-template-columns: 28px minmax(0, 1fr); gap: 8px; align-items: center; border-radius: 4px; }
.ud-thumb {
  width: 28px; height: 28px; border-radius: 4px; overflow: hidden; background: #000; display: block;
  box-shadow: 0 0 0 1px var(--ud-line);
}
.ud-small-picture { display: block; width: 100%; height: 100%; }
.ud-thumb .ud-picture { width: 100%; height: 100%; object-fit: cover; display: block; }
.ud-name { display: grid; min-width: 0; }
.ud-name > span { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.ud-open:hover .ud-name > :first-child { text-decoration: underline; text-decoration-color: var(--ud-soft); text-underline-offset: 2px; }
.ud-off { color: var(--ud-soft); }
.ud-off .ud-thumb { filter: saturate(0.2) brightness(0.7); }
.ud-stops { position: relative; display: flex; gap: 3px; align-items: center; height: var(--ud-row); }
.ud-stops i { width: 10px; height: 6px; border-radius: 3px; background: var(--ud-line); pointer-events: none; }
.ud-stops .ud-on { background: var(--ud-link); }
.ud-stops input { position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; opacity: 0; }
.ud-stops:has(input:focus-visible) { outline: 2px solid var(--ud-link); outline-offset: 3px; border-radius: 3px; }
.ud-detail {
  border-top: 1px solid var(--ud-line); padding: 8px 0 6px 36px; display: grid; align-items: center;
  grid-template-columns: minmax(52px, max-content) minmax(0, 1fr) 52px; gap: 4px 8px;
}
.ud-detail .ud-label { overflow: hidden; text-overflow: ellipsis; max-width: 84px; }
.ud-detail .ud-choice, .ud-detail .ud-switch, .ud-across { grid-column: 2 / -1; }
.ud-value { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; color: var(--ud-soft); font-size: var(--ud-small); }
.ud-option { display: contents; }
.ud-refusal { grid-column: 2 / -1; font-size: var(--ud-small); line-height: 14px; margin: -2px 0 4px !important; }
.ud-wide { grid-column: 1 / -1; }
.ud-prompt { position: relative; }
.ud-text { position: relative; display: block; background: var(--ud-field); border-radius: 6px; }
.ud-text:focus-within { outline: 1.5px solid var(--ud-link); }
.ud-text textarea {
  display: block; width: 100%; min-height: 56px; resize: none; border: 0; background: none; padding: 7px 8px 20px;
  field-sizing: content; max-height: 160px; user-select: text;
}
.ud .ud-text textarea:focus-visible { outline: 0; }
.ud-count { position: absolute; right: 8px; bottom: 4px; font-size: var(--ud-small); color: var(--ud-soft); font-variant-numeric: tabular-nums; }
.ud-over-limit { color: var(--ud-warn); font-weight: 600; }
.ud-menu {
  position: absolute; z-index: 2; left: 0; right: 0; top: 100%; margin-top: 4px; max-height: 160px; overflow: auto;
  background: var(--ud-raised); border: 1px solid var(--ud-line); border-radius: 6px; padding: 4px;
  box-shadow: 0 6px 18px #0004;
}
.ud-menu > div {
  display: flex; gap: 8px; justify-content: space-between; align-items: center; min-height: 24px; padding: 0 6px;
  border-radius: 4px;
}
.ud-menu > div:hover { background: var(--ud-hover); }
.ud-menu [aria-selected="true"], .ud-menu [aria-selected="true"]:hover { background: var(--ud-accent); color: var(--ud-on-accent); }
.ud-kind { color: var(--ud-soft); font-size: var(--ud-small); }
.ud-menu [aria-selected="true"] .ud-kind { color: inherit; }
.ud-act {
  position: sticky; z-index: 1; bottom: 0; margin: -6px -12px; padding: 6px 12px; background: var(--ud-page);
}
.ud-buttons { display: flex; gap: 1px; }
.ud-main, .ud-beside { min-height: 32px; background: var(--ud-accent); color: var(--ud-on-accent); font-weight: 600; }
.ud-main {
  flex: 1; min-width: 0; position: relative; overflow: hidden; border-radius: 6px 0 0 6px; padding: 0 8px; text-align: center;
  font-variant-numeric: tabular-nums;
}
.ud-beside { width: 32px; flex: none; border-radius: 0 6px 6px 0; display: grid; place-items: center; }
.ud-main:hover, .ud-beside:hover, .ud-go:hover { background: var(--ud-accent-hover); }
.ud-unready > button, .ud-unready > button:hover {
  background: color-mix(in srgb, var(--ud-accent) 28%, var(--ud-raised)); color: var(--ud-text);
}
.ud-busy .ud-main, .ud-busy .ud-main:hover, .ud-busy .ud-beside { background: var(--ud-raised); color: var(--ud-text); }
.ud-busy .ud-beside:hover { background: var(--ud-hover); }
.ud-done {
  position: absolute; inset: 0; transform-origin: left; transform: scaleX(var(--done)); transition: transform 0.2s linear;
  background: color-mix(in srgb, var(--ud-accent) 38%, transparent);
}
.ud-told { position: relative; }
.ud-how {
  margin-top: 8px; background: var(--ud-raised); border-radius: 6px; padding: 10px; display: grid; gap: 6px 8px;
  grid-template-columns: max-content minmax(0, 1fr); align-items: center;
}
.ud-how .ud-field { background: var(--ud-page); }
.ud-how .ud-number { width: 72px; }
.ud-results { display: grid; gap: 8px; }
.ud-strip { display: grid; grid-template-columns: repeat(auto-fill, minmax(56px, 1fr)); gap: 6px; max-height: 172px; overflow: auto; padding: 3px; margin: -3px; }
.ud-shot { position: relative; aspect-ratio: 1; border-radius: 5px; background: #fff; box-shadow: 0 0 0 1px var(--ud-line); }
.ud-shot .ud-picture { width: 100%; height: 100%; object-fit: cover; display: block; border-radius: 5px; }
.ud-shot:has(input:checked) { outline: 2px solid var(--ud-link); outline-offset: 1px; }
.ud .ud-shot:has(input:focus-visible) { outline: 3px solid var(--ud-link); outline-offset: 1px; }
.ud-applied { position: absolute; right: 3px; bottom: 3px; border-radius: 50%; background: #000b; color: #fff; padding: 1px; }
.ud-follows { display: grid; gap: 2px; color: var(--ud-soft); font-size: var(--ud-small); line-height: 14px; }
.ud-pair { display: flex; flex-wrap: wrap; gap: 6px; }
.ud-pair button {
  flex: 1 1 90px; min-height: 26px; padding: 2px 8px; text-align: center; border-radius: var(--ud-radius);
  box-shadow: inset 0 0 0 1px var(--ud-line);
}
.ud-pair button:hover { background: var(--ud-hover); }
.ud-pair .ud-go { background: var(--ud-accent); color: var(--ud-on-accent); font-weight: 600; box-shadow: none; }
.ud-pair .ud-go:hover { background: var(--ud-accent-hover); }
.ud-pair [aria-disabled="true"], .ud-pair [aria-disabled="true"]:hover { color: var(--ud-soft); background: var(--ud-raised); }
.ud-start { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 6px; }
.ud-example { background: #fff; border-radius: 6px; overflow: hidden; aspect-ratio: 1; box-shadow: 0 0 0 1px var(--ud-line); }
.ud-example img { width: 100%; height: 100%; object-fit: contain; display: block; }
.ud-example:hover { box-shadow: 0 0 0 1px var(--ud-soft); }
.ud-example[aria-pressed="true"] { box-shadow: 0 0 0 2px var(--ud-link); }
.ud-card { border: 1px solid var(--ud-line); border-radius: 6px; padding: 10px; display: grid; gap: 6px; }
.ud-top { display: flex; flex-wrap: wrap; gap: 4px 8px; align-items: center; }
.ud-tag { border-radius: 3px; padding: 0 5px; background: var(--ud-raised); color: var(--ud-soft); font-size: var(--ud-small); }
.ud-cards { display: grid; gap: 8px; }
.ud-note {
  --ud-tone: var(--ud-warn); border-radius: 6px; padding: 6px 6px 8px 10px; display: grid; gap: 2px;
  background: color-mix(in srgb, var(--ud-tone) 12%, var(--ud-page));
}
.ud-note-bad { --ud-tone: var(--ud-bad); }
.ud-note-head { display: flex; gap: 8px; justify-content: space-between; align-items: flex-start; }
.ud-note-head b { color: var(--ud-tone); padding: 4px 0; }
.ud-note > p { padding-right: 8px; }
.ud-note .ud-link, .ud-note summary, .ud-note .ud-soft { color: var(--ud-text); }
.ud-note .ud-link { font-weight: 600; text-decoration: underline; text-underline-offset: 2px; }
.ud-note summary { width: max-content; min-height: 24px; line-height: 24px; }
.ud-foot {
  flex: none; display: flex; gap: 6px; align-items: center; min-height: 30px; padding: 0 12px; color: var(--ud-soft);
  border-top: 1px solid var(--ud-line); font-size: var(--ud-small); white-space: nowrap;
}
.ud-dot { width: 6px; height: 6px; flex: none; border-radius: 50%; background: var(--ud-soft); }
.ud-dot-good { background: var(--ud-good); }
.ud-dot-warn { background: var(--ud-warn); }
.ud-dot-bad { background: var(--ud-bad); }
.ud-device { flex: none; }
.ud-facts { flex: 1; min-width: 0; overflow: hidden; text-overflow: ellipsis; text-align: right; }
@container ud (max-width: 279px) {
  .ud-precision { display: none; }
  .ud-foot { padding: 0 8px; }
  .ud-row { gap: 4px; }
  .ud-detail, .ud-notes { padding-left: 0; }
  .ud-segment span {
  display: grid; align-items: center; padding: 0 5px; }
}
@container ud (max-width: 179px) {
  .ud-body { padding: 8px; }
  .ud-act { margin: -6px -8px; padding: 6px 8px; }
  .ud-hero, .ud-body:has(.ud-detail) .ud-hero { aspect-ratio: 1 / 2; place-items: start center; }
  .ud-badge { display: none; }
  .ud-segment { flex-wrap: wrap; }
  .ud-main { padding: 0 2px; overflow-wrap: normal; }
  .ud-row { grid-template-columns: minmax(0, 1fr) auto; }
  .ud-open { grid-column: 1 / -1; }
  .ud-detail, .ud-how { grid-template-columns: minmax(0, 1fr) 52px; }
  .ud-detail .ud-label, .ud-how > *, .ud-detail .ud-choice, .ud-detail .ud-switch, .ud-across, .ud-refusal { grid-column: 1 / -1; }
  .ud-choice { flex-wrap: wrap; }
  .ud-foot { flex-wrap: wrap; padding: 4px 12px; white-space: normal; }
  .ud-facts { flex: 1 0 100%; text-align: start; }
  .ud-how .ud-number { width: 100%; }
}
@container ud (min-width: 440px) {
  .ud-strip { grid-template-columns: repeat(auto-fill, minmax(84px, 1fr)); }
}
@media (prefers-reduced-motion: reduce) {
  .ud *, .ud *::before, .ud *::after { animation: none !important; transition: none !important; }
}
@media (forced-colors: active) {
  .ud-stops i, .ud-track::before { background: GrayText; forced-color-adjust: none; }
  .ud-stops .ud-on, .ud-track::after, .ud-done { background: Highlight; forced-color-adjust: none; }
  .ud-track input::-webkit-slider-thumb { background: ButtonText; }
  .ud-told { background: Canvas; color: CanvasText; padding: 0 4px; }
  .ud-main, .ud-beside, .ud-go, .ud-pair button, .ud-choice, .ud-segment, .ud-note, .ud-text, .ud-field, .ud-example, .ud-switch { border: 1px solid ButtonBorder; }
  .ud-choice input:checked + span, .ud-segment input:checked + span, .ud-menu [aria-selected="true"], .ud-switch[aria-pressed="true"] { background: Highlight; color: HighlightText; forced-color-adjust: none; }
  .ud-switch::after { background: ButtonText; forced-color-adjust: none; }
  .ud-shot:has(input:checked) { outline-color: Highlight; }
  .ud-edge, .ud-edge::after { background: CanvasText; forced-color-adjust: none; }
  .ud-dot { background: CanvasText; }
}
`;
