/** What this page says itself, before there is a panel. */
const english = {
  outside: "This page is the Underdraw panel for Figma. Open it in Figma: Plugins → Underdraw.",
  silent: "The plugin does not answer. Close this window and start Underdraw again.",
  grip: "Window size: arrow keys",
};

const korean: typeof english = {
  outside: "이 페이지는 Figma용 Underdraw 패널입니다. Figma에서 플러그인 → Underdraw로 여세요.",
  silent: "플러그인이 응답하지 않습니다. 이 창을 닫고 Underdraw를 다시 시작하세요.",
  grip: "창 크기: 방향키로 조절",
};

/** The words for a BCP 47 tag: Korean for "ko…", else English. */
export function wordsFor(language: string): typeof english {
  return /^ko\b/i.test(language) ? korean : english;
}
