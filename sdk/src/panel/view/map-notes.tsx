import type { JSX } from "preact";
import { notesOf } from "../../session/map-notes.ts";
import type { Control } from "../state/control.ts";
import { warningCard } from "../state/failure.ts";
import { useShown } from "./shown.ts";

/**
 * What a condition had to say of the map that it drew, under its control: with the names that it speaks of, as it was
 * said, and in the panel's language where that is another than the engine's.
 */
export function MapNotes({ control }: { readonly control: Control }): JSX.Element | null {
  const { speaker } = useShown();
  const map = control.map.value;
  const notes = map && control.on.value ? notesOf(map) : [];
  if (notes.length === 0) return null;
  return (
    <ul class="ud-notes">
      {notes.map((note) => {
        const { topic, detail } = warningCard(note, "map");
        const { title, text } = speaker.card(topic);
        return (
          <li key={note.message}>
            <b>{title}</b>
            {speaker.tag !== "en" && <p>{text}</p>}
            <p class="ud-soft">{detail}</p>
          </li>
        );
      })}
    </ul>
  );
}
