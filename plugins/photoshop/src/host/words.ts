// What Photoshop's side says by itself, before and without its page.

const english = {
  starting: "Starting Underdraw…",
  failed: "The panel's page could not be loaded: {why}",
  silent: "The panel's page does not answer. Photoshop may lack its WebView component.",
  retry: "Try again",
  "open-panel": "Open the panel first: Plugins > Underdraw > Underdraw.",
  "nothing-to-redraw": "The selected layer was not drawn by Underdraw. Select one that was, and choose this again.",
  reported: "The report was copied. Paste it where it was asked for.",
  "report-failed": "The report could not be copied: {why}",
};

/** The name of something said. */
export type Word = keyof typeof english;

const korean: Readonly<Record<Word, string>> = {
  starting: "Underdraw를 시작하는 중…",
  failed: "패널 페이지를 불러오지 못했습니다: {why}",
  silent: "패널 페이지가 응답하지 않습니다. Photoshop에 WebView 구성 요소가 없을 수 있습니다.",
  retry: "다시 시도",
  "open-panel": "먼저 패널을 여세요: 플러그인 > Underdraw > Underdraw.",
  "nothing-to-redraw": "선택한 레이어는 Underdraw로 그린 것이 아닙니다. Underdraw 레이어를 선택한 뒤 다시 실행하세요.",
  reported: "보고서를 복사했습니다. 요청받은 곳에 붙여 넣으세요.",
  "report-failed": "보고서를 복사하지 못했습니다: {why}",
};

/** Photoshop's language ("ko_KR") as a BCP 47 tag. */
export const languageTag = (locale: string): string => locale.replaceAll("_", "-") || "en";

/** Says something in a language: Korean for "ko…", else English. */
export function say(word: Word, language: string, values: Readonly<Record<string, string>> = {}): string {
  const words = /^ko\b/i.test(language) ? korean : english;
  return words[word].replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}
