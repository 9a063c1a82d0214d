import type { ControlFidelity } from "@underdraw/engine";
import type { JSX } from "preact";
import type { Drawn } from "../../session/session.ts";
import type { Word } from "../words/en.ts";
import type { Speaker } from "../words/language.ts";
import { followedName } from "./control-name.ts";
import { useShown } from "./shown.ts";

/** The measures that have a name for people. */
const measures: Readonly<Record<string, Word>> = {
  "line-f1": "measure-line-f1",
  "area-iou": "measure-area-iou",
  "class-iou": "measure-class-iou",
  "rank-correlation": "measure-rank-correlation",
  "colour-distance": "measure-colour-distance",
  "normal-angle": "measure-normal-angle",
  "joint-agreement": "measure-joint-agreement",
};

/** How well a picture follows its maps, in a line, where that was measured; the numbers are in its description. */
export function Follows({ drawn: { request, result } }: { readonly drawn: Drawn }): JSX.Element | null {
  const { speaker } = useShown();
  const parts = request.controls.flatMap((control, at) => {
    const fidelity = result.fidelity[at];
    return fidelity ? [{ at, fidelity, name: followedName(control, speaker) }] : [];
  });
  if (parts.length === 0) return null;
  return (
    <p class="ud-follows">
      {parts.map(({ at, fidelity, name }) => (
        <span key={at} title={numbers(fidelity, speaker)}>
          {sentence(fidelity, name, speaker)}
        </span>
      ))}
    </p>
  );
}

function sentence({ gain }: ControlFidelity, name: string, speaker: Speaker): string {
  const n = Math.round(100 * gain);
  return n > 0 ? speaker.say("follows", { name, n }) : speaker.say("follows-not", { name });
}

function numbers({ measure, value, chance }: ControlFidelity, speaker: Speaker): string {
  const word = Object.hasOwn(measures, measure) ? (measures[measure] as Word) : "measure-own";
  const rounded = (number: number) => Math.round(100 * number) / 100;
  return speaker.say("follows-by", {
    measure: speaker.say(word),
    value: rounded(value),
    chance: rounded(chance),
  });
}
