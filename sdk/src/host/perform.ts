import { UnderdrawError } from "@underdraw/engine/core";
import type { Ability, HostAdapter, HostCallOptions, Picture } from "./adapter.ts";
import { hostFailed, packCapture, withoutPictures } from "./packed.ts";
import type { Call } from "./protocol.ts";
import { questions, sound, soundPlace } from "./questions.ts";
import type { Arrived, Parcel } from "./transfer.ts";

/**
 * Does what a panel asked for. Methods are named here one by one: none is ever looked up by a name that came through a
 * port. Rejects with `bridge-protocol` for a question that is not sound, with `host-unsupported` for what the host cannot
 * do, with `host-failed` for a capture that is none, and with whatever the adapter rejects with.
 */
export async function perform(
  host: HostAdapter<Picture>,
  call: Call,
  question: Arrived,
  options: HostCallOptions,
  pictures: "pixels" | "png",
): Promise<Parcel> {
  switch (call) {
    case "capture": {
      const { maxSide } = sound(questions.capture, question.value);
      const capture = await host.capture({ maxSide }, options);
      return packed(host.name, call, "gave what is no picture.", () => packCapture(capture));
    }
    case "place": {
      const { title, layers } = soundPlace(question, pictures);
      return { value: await host.place(title, layers, options), parts: [] };
    }
    case "scene": {
      if (!host.scene) throw unsupported(host.name, call);
      const scene = await host.scene(options);
      return packed(host.name, call, "gave what is no scene.", () => ({ value: withoutPictures(scene), parts: [] }));
    }
    case "recipe": {
      const { layer } = sound(questions.recipe, question.value);
      if (!host.recipe) throw unsupported(host.name, call);
      return { value: await host.recipe(layer, options), parts: [] };
    }
  }
}

/** What an adapter gave, ready to be sent. Throws `host-failed` with these words for what cannot be. */
function packed(host: string, call: Call, what: string, pack: () => Parcel): Parcel {
  try {
    return pack();
  } catch (cause) {
    throw hostFailed(host, call, what, cause);
  }
}

function unsupported(host: string, ability: Ability): UnderdrawError<"host-unsupported"> {
  const message = `${host} has no ability "${ability}". Look at the host's abilities before asking.`;
  return new UnderdrawError("host-unsupported", message, { host, ability });
}
