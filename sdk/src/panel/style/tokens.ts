/**
 * The tokens of the panel: what a host maps its own colours onto, in four themes. Components use nothing else. Text and
 * icons meet WCAG AA on every ground that they stand on. For `CSSStyleSheet.replaceSync`.
 */
export const tokens = `
.ud {
  --ud-space: 4px;
  --ud-row: 24px;
  --ud-radius: 5px;
  --ud-font: 11px/16px Inter, "Adobe Clean", system-ui, sans-serif;
  --ud-small: 10px;
  --ud-accent: #0b6fd6;
  --ud-on-accent: #fff;
  --ud-accent-hover: #0961bd;
}
.ud[data-theme="light"] {
  color-scheme: light;
  --ud-page: #fff; --ud-raised: #f5f5f5; --ud-field: #f0f0f0; --ud-line: #e3e3e3; --ud-hover: #ececec;
  --ud-text: #1a1a1a; --ud-soft: #646464; --ud-link: #0b69cb; --ud-good: #0a7a4c; --ud-warn: #9a5b00; --ud-bad: #c92a21;
}
.ud[data-theme="dark"] {
  color-scheme: dark;
  --ud-page: #2c2c2c; --ud-raised: #363636; --ud-field: #383838; --ud-line: #444; --ud-hover: #404040;
  --ud-text: #f2f2f2; --ud-soft: #b4b4b4; --ud-link: #5bb0ff; --ud-good: #3ec98a; --ud-warn: #f0a53a; --ud-bad: #ff8a81;
}
.ud[data-theme="photoshop"] {
  color-scheme: dark;
  --ud-page: #323232; --ud-raised: #3b3b3b; --ud-field: #262626; --ud-line: #4a4a4a; --ud-hover: #444;
  --ud-text: #e6e6e6; --ud-soft: #b3b3b3; --ud-link: #6ab8ff; --ud-radius: 4px;
  --ud-good: #3ec98a; --ud-warn: #f0a53a; --ud-bad: #ff938b;
}
.ud[data-theme="darkest"] {
  color-scheme: dark;
  --ud-page: #1e1e1e; --ud-raised: #292929; --ud-field: #141414; --ud-line: #3a3a3a; --ud-hover: #333;
  --ud-text: #e6e6e6; --ud-soft: #a3a3a3; --ud-link: #5bb0ff; --ud-radius: 4px;
  --ud-good: #3ec98a; --ud-warn: #f0a53a; --ud-bad: #ff7a70;
}
`;
