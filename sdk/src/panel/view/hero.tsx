import type { JSX, TargetedKeyboardEvent, TargetedPointerEvent } from "preact";
import { useRef } from "preact/hooks";
import type { View } from "../state/hero.ts";
import { Choice } from "./choice.tsx";
import { Icon } from "./icon.tsx";
import { Picture } from "./picture.tsx";
import { useShown } from "./shown.ts";

/** The picture: what is drawn after, its map, the result, or map and result under a divider. */
export function Hero(): JSX.Element {
  const { screen, speaker } = useShown();
  const { hero, reader, results } = screen;
  const source = reader.source.value;
  const view = hero.view.value;
  const chosen = results.chosen.value;
  const name = source?.name ?? speaker.say(source?.kind === "example" ? "example" : "selection");
  const prompt = chosen?.drawn.request.prompt ?? "";
  const result = prompt === "" ? speaker.say("alt-result-plain") : speaker.say("alt-result", { prompt });
  const [map, drawn, original] = [hero.map.value, hero.result.value, hero.source.value];
  const shape = (view === "source" ? original : view === "map" ? map : drawn) ?? null;
  const size = source?.capture.bounds ?? chosen?.drawn.bounds;
  const views: Readonly<Record<View, string>> = {
    source: speaker.say("source"),
    map: speaker.say("map"),
    compare: speaker.say("compare"),
    result: speaker.say("result"),
  };
  return (
    <section class="ud-hero" aria-label={speaker.say("hero")}>
      {shape === null ? (
        <p class="ud-invite">
          {speaker.say("invite-1")}
          <br />
          {speaker.say("invite-2")}
        </p>
      ) : (
        <div class="ud-stage" style={{ "--ratio": shape.width / shape.height }}>
          {view === "source" && original && <Picture pixels={original} name={speaker.say("alt-source", { name })} />}
          {view === "map" && map && <Picture pixels={map} name={speaker.say("alt-map", { name })} />}
          {(view === "result" || view === "compare") && drawn && <Picture pixels={drawn} name={result} />}
          {view === "compare" && map && (
            <Divider>
              <Picture pixels={map} name={speaker.say("alt-map", { name })} />
            </Divider>
          )}
        </div>
      )}
      {size && (
        <span class="ud-badge">
          {speaker.say("size-of", { name, width: Math.round(size.width), height: Math.round(size.height) })}
        </span>
      )}
      {!reader.follows && screen.connected.value && (
        <button
          type="button"
          class="ud-look"
          aria-label={speaker.say("look-again")}
          title={speaker.say("look-again")}
          onClick={() => void reader.refresh()}
        >
          <Icon name="again" />
        </button>
      )}
      {view !== null && (
        <Choice
          class="ud-segment"
          group="view"
          name={speaker.say("view")}
          value={view}
          options={hero.views.value.map((value) => ({
            value,
            text: views[value],
            ...(value === "compare" ? { name: speaker.say("compare-name") } : {}),
          }))}
          onChoose={(value) => {
            hero.asked.value = value;
          }}
        />
      )}
    </section>
  );
}

/** Lays the map over the result, up to a line that pointer and keyboard move. */
function Divider({ children }: { readonly children: JSX.Element }): JSX.Element {
  const { screen, speaker } = useShown();
  const { divider } = screen.hero;
  const plate = useRef<HTMLDivElement>(null);
  const percent = Math.round(divider.value * 100);
  const follow = (event: TargetedPointerEvent<HTMLDivElement>): void => {
    const box = plate.current?.getBoundingClientRect();
    if (box && box.width > 0) divider.value = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  };
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLDivElement>): void => {
    const step = event.shiftKey ? 0.1 : 0.02;
    const next = { ArrowLeft: -step, ArrowDown: -step, ArrowRight: step, ArrowUp: step, PageDown: -0.1, PageUp: 0.1 };
    if (event.key === "Home") divider.value = 0;
    else if (event.key === "End") divider.value = 1;
    else if (event.key in next) {
      divider.value = Math.min(1, Math.max(0, divider.value + next[event.key as keyof typeof next]));
    } else return;
    event.preventDefault();
  };
  return (
    <div
      ref={plate}
      class="ud-compare"
      style={{ "--at": `${divider.value * 100}%` }}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        follow(event);
      }}
      onPointerMove={(event) => {
        if (event.currentTarget.hasPointerCapture(event.pointerId)) follow(event);
      }}
    >
      <div class="ud-over">{children}</div>
      <div
        class="ud-edge"
        role="slider"
        tabIndex={0}
        aria-label={speaker.say("divider")}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent}
        aria-valuetext={speaker.say("divider-value", { n: percent })}
        onKeyDown={onKeyDown}
      />
    </div>
  );
}
