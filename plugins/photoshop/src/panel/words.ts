// What the page says by itself, around the panel.

const english = {
  "not-photoshop": "This page is the panel of Underdraw for Photoshop. Open it there: Plugins > Underdraw > Underdraw.",
  failed: "Underdraw could not start: {why}",
  "on-page":
    "This Photoshop gives pages no background worker, so the panel answers slowly while a picture is drawn. Updating Photoshop and its WebView component may help.",
  "failed-command": "That did not work: {why}",
  extracting: "Drawing the map of the selection…",
  extracted: "The map is a new layer.",
  "nothing-selected": "Nothing is selected. Select a layer or an area, and choose Extract Map again.",
};

/** The name of something said. */
export type Word = keyof typeof english;

const korean: Readonly<Record<Word, string>> = {
  "not-photoshop":
    "이 페이지는 Photoshop용 Underdraw 패널입니다. Photoshop에서 여세요: 플러그인 > Underdraw > Underdraw.",
  failed: "Underdraw를 시작하지 못했습니다: {why}",
  "on-page":
    "이 Photoshop에서는 백그라운드 작업을 쓸 수 없어 그림을 그리는 동안 패널 반응이 느립니다. Photoshop과 WebView 구성 요소를 업데이트해 보세요.",
  "failed-command": "작업하지 못했습니다: {why}",
  extracting: "선택 영역의 맵을 그리는 중…",
  extracted: "맵을 새 레이어로 넣었습니다.",
  "nothing-selected": "선택한 것이 없습니다. 레이어나 영역을 선택한 뒤 맵 추출을 다시 실행하세요.",
};

/** Says something in a language: Korean for "ko…", else English. */
export function say(word: Word, language: string, values: Readonly<Record<string, string>> = {}): string {
  const words = /^ko\b/i.test(language) ? korean : english;
  return words[word].replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}
