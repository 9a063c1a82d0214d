/** Every text of the loader's page. `{…}` stands for a value. */
const english = {
  title: "The panel is out of reach",
  why: "{host} did not answer ({reason}). Check your network, or ask who runs it whether the address is allowed.",
  here: "Pictures need the panel. Maps do not: they are made here, on this computer.",
  again: "Try again",
  read: "Read the selection",
  place: "Place as layer",
  edges: "Edges",
  ink: "Scribble",
  bright: "Black and white",
  map: "Map",
  none: "Nothing is selected. Select a layer on the canvas.",
  hidden: "The selection is hidden. Show it first.",
  locked: "The selection is locked. Unlock it first.",
  outside: "The selection lies outside its frame. Move it into view.",
  empty: "Nothing of the selection is visible.",
  working: "Working …",
  placed: "Placed above the selection.",
  slow: "no answer in {n} s",
  other: "something else answered",
};

/** The words of one language. */
export type Words = typeof english;

const korean: Words = {
  title: "패널에 연결할 수 없음",
  why: "{host}에서 응답이 없습니다({reason}). 네트워크를 확인하거나 관리자에게 이 주소가 허용되는지 문의하세요.",
  here: "그림을 그리려면 패널이 필요합니다. 맵은 이 컴퓨터에서 바로 만들 수 있습니다.",
  again: "다시 시도",
  read: "선택 영역 읽기",
  place: "레이어로 배치",
  edges: "윤곽선",
  ink: "스크리블",
  bright: "흑백",
  map: "맵",
  none: "선택한 항목이 없습니다. 캔버스에서 레이어를 선택하세요.",
  hidden: "선택한 레이어가 숨겨져 있습니다. 먼저 표시하세요.",
  locked: "선택한 레이어가 잠겨 있습니다. 먼저 잠금을 푸세요.",
  outside: "선택한 레이어가 프레임 밖에 있습니다. 보이는 곳으로 옮기세요.",
  empty: "선택한 레이어에 보이는 내용이 없습니다.",
  working: "작업 중…",
  placed: "선택 영역 위에 배치했습니다.",
  slow: "{n}초 동안 응답 없음",
  other: "다른 페이지가 응답함",
};

/** The words for a BCP 47 tag: Korean for "ko…", else English. */
export function wordsFor(language: string): Words {
  return /^ko\b/i.test(language) ? korean : english;
}
