// What the pocket model was taught to draw: `<style> of <colours> <subject> on a <colour> background`. It knows
// 1155 subjects (models/pack/knows.json); these are ones that people think of and can draw.

/** How a picture may look. */
export const styles: readonly string[] = [
  ...["3d render emoji", "blob emoji", "classic emoji", "firefox emoji", "flat emoji", "glossy 3d emoji"],
  ...["outlined emoji", "shaded emoji", "simple flat emoji"],
];

/** Colours of a subject. */
export const colours: readonly string[] = [
  ...["red", "orange", "yellow", "green", "teal", "blue", "light blue", "purple", "pink"],
  ...["brown", "beige", "black", "gray", "white"],
];

/** Colours of a ground. */
export const grounds: readonly string[] = colours.filter((colour) => colour !== "white");

/** Things to draw. */
export const subjects: readonly string[] = [
  ...[
    "alarm clock",
    "airplane",
    "alien",
    "ambulance",
    "anchor",
    "ant",
    "avocado",
    "automobile",
    "baby chick",
    "backpack",
  ],
  ...["balloon", "banana", "bear", "bell", "bicycle", "bird", "birthday cake", "blossom", "bread", "briefcase", "bug"],
  ...["bus", "butterfly", "camel", "camera", "candle", "candy", "canoe", "castle", "cat", "cat face", "cherries"],
  ...[
    "chicken",
    "christmas tree",
    "cloud",
    "cloud with rain",
    "compass",
    "cookie",
    "cow face",
    "crab",
    "crescent moon",
  ],
  ...[
    "crocodile",
    "crown",
    "deciduous tree",
    "deer",
    "delivery truck",
    "dog",
    "dog face",
    "dolphin",
    "door",
    "doughnut",
  ],
  ...["dragon", "droplet", "duck", "eagle", "ear", "egg", "elephant", "evergreen tree", "eye", "factory", "feather"],
  ...["fire", "fish", "flashlight", "four leaf clover", "fox", "frog", "ghost", "giraffe", "glasses", "grapes"],
  ...["green apple", "guitar", "hamburger", "hammer", "hedgehog", "helicopter", "hibiscus", "honeybee", "horse"],
  ...["hot beverage", "house", "house with garden", "ice cream", "jack-o-lantern", "jeans", "key", "kite", "koala"],
  ...["lady beetle", "light bulb", "lion", "lipstick", "magic wand", "melon", "microphone", "mobile phone", "monkey"],
  ...["mountain", "mouse", "mouse face", "mushroom", "musical note", "octopus", "onion", "owl", "package", "palm tree"],
  ...["panda", "parrot", "peach", "pear", "pen", "pencil", "penguin", "pig", "pineapple", "pizza", "popcorn"],
  ...["potted plant", "rabbit", "rabbit face", "rainbow", "red apple", "red heart", "ring", "robot", "rocket", "rose"],
  ...["sailboat", "school", "shield", "ship", "skull", "snail", "snake", "snowflake", "snowman", "soccer ball"],
  ...["spider", "star", "strawberry", "sun", "sunflower", "swan", "tangerine", "taxi", "teapot", "teddy bear", "tent"],
  ...["tiger", "tomato", "tractor", "trophy", "tropical fish", "tulip", "turtle", "umbrella", "unicorn", "violin"],
  ...["watch", "watermelon", "whale", "wolf", "wrapped gift", "wrench"],
];

/** What a suggestion is, for the word beside it. */
export type Part = "style" | "colour" | "subject" | "ground";

/** A way to go on with a prompt. */
export interface Suggestion {
  readonly part: Part;
  /** What a person reads in the list. */
  readonly title: string;
  /** The whole text before the caret once the suggestion is taken. */
  readonly text: string;
}

/** Subjects to offer before a letter of one was typed. */
const favourites = ["cat", "house with garden", "mushroom", "fish", "rocket", "star"];

/**
 * Ways to go on with the text before the caret, the best first, `most` at most. A word that was begun is completed; at the
 * beginning, after "of" and after "on a", what can stand there is offered before a letter was typed.
 */
export function suggestionsFor(before: string, most = styles.length): readonly Suggestion[] {
  const found: Suggestion[] = [];
  for (const start of starts(before)) {
    const kept = before.slice(0, before.length - start.length);
    for (const [part, words] of candidates(kept, start === "")) {
      for (const word of words) {
        if (word === start || !word.startsWith(start) || found.some(({ title }) => title === word)) continue;
        found.push({ part, title: word, text: `${kept}${word}${endings[part]}` });
        if (found.length === most) return found;
      }
    }
    // What fits more of the words is meant: after "house w" nobody looks for a wolf.
    if (found.length > 0) return found;
  }
  return found;
}

/** What follows a part in the sentence. */
const endings: Readonly<Record<Part, string>> = { style: " of ", colour: " ", subject: "", ground: " background" };

/** The beginnings of terms at the end of a text: its last one to three words, the longest first. */
function starts(before: string): readonly string[] {
  const text = before.toLowerCase();
  if (/^\s*$|\b(?:of|on)(?: an?)? $/.test(text)) return [""];
  const words = (/[^,]*$/.exec(text)?.[0] ?? "").trimStart().split(" ");
  return [3, 2, 1]
    .filter((count) => count <= words.length)
    .map((count) => words.slice(-count).join(" "))
    .filter((start) => start.trim() !== "");
}

/** The parts of the sentence that may follow a text, in the order in which they are likely. */
function candidates(kept: string, early: boolean): readonly (readonly [Part, readonly string[]])[] {
  const text = kept.toLowerCase();
  if (/\bon(?: an?)? $/.test(text)) return [["ground", grounds]];
  const named: [Part, readonly string[]] = ["subject", early ? favourites : subjects];
  const coloured: [Part, readonly string[]] = ["colour", colours];
  if (styles.some((style) => text.includes(style))) return [named, coloured];
  return early ? [["style", styles]] : [["style", styles], named, coloured];
}

/** A prompt that the model knows, by chance. `random` gives numbers from 0 up to 1. */
export function inventedPrompt(random: () => number = Math.random): string {
  const one = (words: readonly string[]): string => words[Math.floor(random() * words.length)] as string;
  const ground = random() < 0.4 ? one(grounds) : null;
  const on = ground === null ? "" : ` on ${/^[aeiou]/.test(ground) ? "an" : "a"} ${ground} background`;
  return `${one(styles)} of ${one(colours)} ${one(subjects)}${on}`;
}
