import { fileNameOf, stemOf } from "./pair-path.ts";

/** What cameras and programs call pictures: it says nothing of what is in them. */
const nothing = new Set(
  "img image images dsc dscf dscn pxl mvi photo picture pic scan screenshot shot untitled unnamed frame file copy final".split(
    " ",
  ),
);

/**
 * The words of a picture's file name: "icons/blue-house_03.png" is "blue house". Numbers, what looks like a key, and what
 * cameras write are left out; empty where nothing is left.
 */
export function wordsOfName(path: string): string {
  const words = stemOf(fileNameOf(path))
    .replace(/(\p{Ll})(\p{Lu})/gu, "$1 $2")
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "" && !/^\p{N}+$/u.test(word) && !isKey(word) && !nothing.has(word.toLowerCase()));
  return words.join(" ");
}

/** Letters and digits mixed, as in hashes and in the numbers of cameras. */
const isKey = (word: string): boolean => word.length > 5 && /\p{N}/u.test(word) && /^[\p{L}\p{N}]+$/u.test(word);
