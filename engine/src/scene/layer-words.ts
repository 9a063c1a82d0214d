import { withoutDepthTag } from "./depth-tag.ts";

/** What editors and people add to a layer's name that says nothing of what it shows: copies, places, kinds of shapes. */
const editor = new Set(
  (
    "copy copies duplicate layer layers group groups folder bg background fg foreground left right front back far near " +
    "top bottom middle center centre upper lower small big large vector rectangle rect ellipse circle polygon path " +
    "frame image img object obj shape mask clip fill stroke outline component instance variant artboard curve compound " +
    "union svg png jpg jpeg psd final " +
    "레이어 그룹 폴더 복사 복사본 사본 복제 배경 전경 근경 원경 중경 왼쪽 오른쪽 앞 뒤 앞쪽 뒤쪽 위 아래 위쪽 아래쪽 중앙 가운데 벡터 " +
    "사각형 직사각형 타원 원형 다각형 패스 프레임 이미지 개체 오브젝트 모양 도형 마스크 클립 칠 획 외곽선 윤곽선 구성요소 컴포넌트 " +
    "아트보드 대지 최종"
  ).split(" "),
);

/** "New", which in a name that an editor gave belongs to the word after it; alone it is a bird in Korean. */
const fresh = new Set(["new", "새"]);

/** Words of interfaces: in a design of screens they name its parts, so that they name a class only when it is none. */
const ofInterfaces = new Set(
  (
    "card base bar box case plate stage screen hood tray button banner step steps counter net platform " +
    "카드 베이스 바 박스 케이스 스테이지 화면 스크린 트레이 버튼 배너 카운터 플랫폼 네트"
  ).split(" "),
);

/** Words that end like a class's word with a particle, and are words of their own. */
const notParticles = new Set(
  "길이 강의 차이 문의 창의 등의 차가 배가 강가 길가 물가 창가 집가 소의 개의 의의 새가 풀이 병이".split(" "),
);

/** Words that look like plurals of a class's word and are others: what is worn on the nose. */
const notPlurals = new Set(["glasses"]);

/** The particles of Korean that stand at names: plural, topic, subject, genitive. */
const particles = ["들", "은", "는", "이", "가", "의"];

const hangul = /^\p{Script=Hangul}+$/u;

/** How much of a name is looked at: its end, which is where its noun stands. */
const longest = 200;

/** The words of a layer's name, all of them and those that editors do not add, in small letters. */
export interface LayerWords {
  readonly all: readonly string[];
  readonly telling: readonly string[];
}

/** Splits a layer's name into words: at everything that is no letter, at capitals, and between two scripts. */
export function layerWords(name: string): LayerWords {
  const parts = withoutDepthTag(name.slice(-longest))
    .normalize("NFKC")
    // Counters of Korean: "3개" says three, not dog.
    .replace(/\p{N}+\p{Script=Hangul}(?!\p{L})/gu, " ")
    .replace(/(\p{Ll})(\p{Lu})/gu, "$1 $2")
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, "$1 $2")
    .replace(/(\p{Script=Hangul})(\p{Script=Latin})/gu, "$1 $2")
    .replace(/(\p{Script=Latin})(\p{Script=Hangul})/gu, "$1 $2")
    .toLowerCase()
    .split(/[^\p{L}\p{M}]+/u)
    // A single letter of Latin counts or says nothing: "tree A", "a tree".
    .filter((word) => word !== "" && !/^\p{Script=Latin}$/u.test(word));
  const all = parts.filter((word, at) => !(fresh.has(word) && editor.has(parts[at + 1] ?? "")));
  return { all, telling: all.filter((word) => !editor.has(word)) };
}

/** True for a word that names a part of an interface. */
export function isInterfaceWord(word: string): boolean {
  return ofInterfaces.has(word);
}

/** True for a word in Hangul alone. */
export function isHangul(word: string): boolean {
  return hangul.test(word);
}

/** A word and what it may be a form of, the likeliest first: without plural endings, or without Korean particles. */
export function stems(word: string): readonly string[] {
  if (hangul.test(word)) {
    const found = [word];
    for (let stem = word; found.length < 3 && stem.length > 1 && !notParticles.has(stem); ) {
      if (!particles.includes(stem.slice(-1))) break;
      stem = stem.slice(0, -1);
      found.push(stem);
    }
    return found;
  }
  const found = [word];
  if (word.length < 4 || !word.endsWith("s") || word.endsWith("ss") || notPlurals.has(word)) return found;
  found.push(word.slice(0, -1));
  if (word.endsWith("es")) found.push(word.slice(0, -2));
  if (word.endsWith("ies")) found.push(`${word.slice(0, -3)}y`);
  if (word.endsWith("ves")) found.push(`${word.slice(0, -3)}f`, `${word.slice(0, -3)}fe`);
  return found;
}
