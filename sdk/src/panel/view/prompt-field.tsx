import type { JSX, TargetedKeyboardEvent } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useShown } from "./shown.ts";

// The prompt with its suggestions. Focus never leaves the text; the list is steered from it. A textarea may not be a
// combobox, so that the list is tied to it by aria-controls and aria-activedescendant alone.

/** What it should become. */
export function PromptField(): JSX.Element {
  const { screen, speaker, id } = useShown();
  const field = useRef<HTMLTextAreaElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const { prompt } = screen;
  const [offered, active] = [prompt.offered.value, prompt.active.value];
  const isOpen = offered.length > 0;
  const unknown = prompt.unknown.value;
  const { vocabulary } = screen;

  useEffect(() => {
    if (isOpen) list.current?.scrollIntoView({ block: "nearest" });
  }, [isOpen]);
  useEffect(() => {
    list.current?.children[active]?.scrollIntoView({ block: "nearest" });
  }, [active]);

  const offer = (): void => {
    const element = field.current;
    if (element && element.selectionStart === element.selectionEnd) prompt.offer(element.selectionStart);
    else prompt.close();
  };
  const take = (at: number): void => {
    const element = field.current;
    const caret = element && prompt.take(at, element.selectionStart);
    if (!element || caret === null) return;
    // The text is the state's; the caret is the element's, and is set once the text is there.
    element.value = prompt.text.value;
    element.setSelectionRange(caret, caret);
    offer();
  };
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLTextAreaElement>): void => {
    if (event.isComposing) return;
    const { key } = event;
    if (isOpen && (key === "ArrowDown" || key === "ArrowUp")) prompt.move(key === "ArrowDown" ? 1 : -1);
    else if (isOpen && key === "Escape") prompt.close();
    else if (isOpen && key === "Tab" && !event.shiftKey && active >= 0) take(active);
    else if (isOpen && key === "Enter" && active >= 0) take(active);
    else if (key === "Enter" && !event.shiftKey) {
      prompt.close();
      void screen.generate();
    } else return;
    event.preventDefault();
  };

  return (
    <div class="ud-prompt">
      <div class="ud-text">
        <textarea
          ref={field}
          rows={2}
          aria-label={speaker.say("prompt")}
          aria-autocomplete="list"
          aria-controls={id("suggestions")}
          aria-activedescendant={isOpen && active >= 0 ? id(`suggestion-${active}`) : undefined}
          aria-describedby={unknown.length > 0 ? id("unknown") : undefined}
          placeholder={speaker.say("prompt-empty")}
          spellcheck={false}
          value={prompt.text.value}
          onInput={(event) => {
            prompt.text.value = event.currentTarget.value;
            offer();
          }}
          onFocus={offer}
          onClick={offer}
          onBlur={() => prompt.close()}
          onKeyDown={onKeyDown}
        />
        <TokenCount />
      </div>
      <div
        ref={list}
        id={id("suggestions")}
        class="ud-menu"
        role="listbox"
        aria-label={speaker.say("suggestions")}
        hidden={!isOpen}
      >
        {offered.map(({ title, slot }, at) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the text field's, which keeps the focus.
          <div
            key={title}
            id={id(`suggestion-${at}`)}
            role="option"
            tabIndex={-1}
            aria-selected={at === active}
            // Pressing the mouse would take focus from the text before the click.
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => take(at)}
          >
            <span>{title}</span>
            <span class="ud-kind">{speaker.say(slot)}</span>
          </div>
        ))}
      </div>
      {vocabulary && unknown.length > 0 && !isOpen && (
        <p id={id("unknown")} class="ud-hint">
          {speaker.say("unknown-words", {
            model: vocabulary.model.name,
            about: vocabulary.model.about,
            words: unknown.map((word) => `“${word}”`).join(", "),
          })}
        </p>
      )}
    </div>
  );
}

function TokenCount(): JSX.Element | null {
  const { screen, speaker } = useShown();
  const tokens = screen.prompt.tokens.value;
  if (!tokens) return null;
  const { used, limit } = tokens;
  return (
    <span
      class={used > limit ? "ud-count ud-over-limit" : "ud-count"}
      title={speaker.say("tokens-name", { used, limit })}
    >
      {speaker.say("tokens", { used, limit })}
    </span>
  );
}
