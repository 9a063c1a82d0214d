import type { JSX } from "preact";
import { samplerName } from "./sampler-name.ts";
import { useShown } from "./shown.ts";

/** Which device computes, and how the picture that is looked at was made. */
export function Footer(): JSX.Element {
  const { screen, speaker } = useShown();
  const device = screen.device.value;
  const chosen = screen.results.chosen.value;
  const provider =
    device === null
      ? speaker.say("device-opening")
      : device === "none"
        ? speaker.say("device-none")
        : speaker.say(device.provider);
  const tone =
    device === null ? "" : device === "none" ? "ud-dot-bad" : device.fallback ? "ud-dot-warn" : "ud-dot-good";
  const facts = chosen
    ? [
        speaker.say("steps-used", { n: chosen.drawn.result.steps }),
        samplerName(chosen.drawn.result.scheduler),
        speaker.say("seed-used", { seed: String(chosen.drawn.result.seed) }),
      ].join(" · ")
    : speaker.say("private");
  return (
    <footer class="ud-foot">
      <span class={`ud-dot ${tone}`} />
      <span class="ud-device" title={device === null || device === "none" ? undefined : device.about}>
        {provider}
        {device !== null && device !== "none" && (
          <span class="ud-precision"> · {{ float16: "fp16", float32: "fp32" }[device.precision]}</span>
        )}
      </span>
      <span class="ud-facts" title={facts}>
        {facts}
      </span>
    </footer>
  );
}
