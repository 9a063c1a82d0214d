import type { JSX } from "preact";

/** The panel's icons: strokes on a grid of 14. */
const paths = {
  eye: "M1 7s2.2-4 6-4 6 4 6 4-2.2 4-6 4-6-4-6-4ZM7 5.3a1.7 1.7 0 1 1 0 3.4 1.7 1.7 0 0 1 0-3.4Z",
  shut: "M1 6s2.2 3.4 6 3.4S13 6 13 6M3.2 8.6 2.2 10M7 9.6v1.7m3.8-2.7 1 1.4",
  plus: "M7 2.5v9M2.5 7h9",
  down: "m4 6 3 3 3-3",
  up: "m4 8 3-3 3 3",
  close: "m4 4 6 6m0-6-6 6",
  again: "M11.5 5.5A5 5 0 1 0 12 8M12 2.5v3H9",
  check: "m3 7.5 2.7 2.7L11 4.5",
  bin: "M2.5 4h9M5.5 4V2.5h3V4m-5 0 .6 7.5h5.8L10.500 4",
} as const;

/** The name of an icon. */
export type IconName = keyof typeof paths | "stop";

/** An icon beside or in place of a text that says the same. */
export function Icon({ name }: { readonly name: IconName }): JSX.Element {
  return (
    <svg class="ud-icon" viewBox="0 0 14 14" aria-hidden="true">
      {name === "stop" ? <path d="M4 4h6v6H4z" fill="currentColor" /> : <path d={paths[name]} />}
    </svg>
  );
}
