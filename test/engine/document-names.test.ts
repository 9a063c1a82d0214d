import { describe, expect, test } from "vitest";
import { ade20k } from "../../engine/src/scene/ade20k.ts";
import { classify } from "../../engine/src/scene/class-names.ts";
import { coco } from "../../engine/src/scene/coco.ts";

// Names as people and editors write them. The right answers were written down before the rule was run on them.

/** A name, its class of ADE20K and its class of COCO; null where it must be none. */
type Case = readonly [name: string, ade20k: string | null, coco: string | null];

const english: readonly Case[] = [
  ["seagull", "animal", "bird"],
  ["giraffe 2", "animal", "giraffe"],
  ["grandma", "person", "person"],
  ["sky", "sky", "sky-other-merged"],
  ["Sky", "sky", "sky-other-merged"],
  ["SKY copy 2", "sky", "sky-other-merged"],
  ["bg_sky_01", "sky", "sky-other-merged"],
  ["background/sky", "sky", "sky-other-merged"],
  ["skyBackground", "sky", "sky-other-merged"],
  ["Clouds", "sky", "sky-other-merged"],
  ["tree", "tree", "tree-merged"],
  ["Trees", "tree", "tree-merged"],
  ["tree-left", "tree", "tree-merged"],
  ["BigTree", "tree", "tree-merged"],
  ["tree A", "tree", "tree-merged"],
  ["old oak tree (right)", "tree", "tree-merged"],
  ["bushes", "plant", "tree-merged"],
  ["palm tree", "palm", "tree-merged"],
  ["PalmTrees 3", "palm", "tree-merged"],
  ["mountain", "mountain", "mountain-merged"],
  ["Mountains far", "mountain", "mountain-merged"],
  ["far mountains", "mountain", "mountain-merged"],
  ["moutain", "mountain", "mountain-merged"],
  ["mountian", "mountain", "mountain-merged"],
  ["hill 2", "hill", "mountain-merged"],
  ["building", "building", "building-other-merged"],
  ["Bulding", "building", "building-other-merged"],
  ["BUILDINGS_group", "building", "building-other-merged"],
  ["skyscraper", "skyscraper", "building-other-merged"],
  ["skyscrapper", "skyscraper", "building-other-merged"],
  ["house", "house", "house"],
  ["Houses", "house", "house"],
  ["tree house", "house", "house"],
  ["roof", null, "roof"],
  ["window", "windowpane", "window-other"],
  ["Windows", "windowpane", "window-other"],
  ["window_blind", "blind", "window-blind"],
  ["front door", "door", "door-stuff"],
  ["screen door", "screen door", "door-stuff"],
  ["person", "person", "person"],
  ["People", "person", "person"],
  ["woman", "person", "person"],
  ["Children", "person", "person"],
  ["girl with umbrella", null, "umbrella"],
  ["StreetLamp", "streetlight", "light"],
  ["street lights", "streetlight", "light"],
  ["traffic light", "traffic light", "traffic light"],
  ["trafic light", "traffic light", "traffic light"],
  ["lamp", "lamp", "light"],
  ["road", "road", "road"],
  ["Street", "road", "road"],
  ["sidewalk", "sidewalk", "pavement-merged"],
  ["river", "river", "river"],
  ["sea", "sea", "sea"],
  ["Ocean waves", null, null],
  ["the ocean", "sea", "sea"],
  ["water", "water", "water-other"],
  ["waterfall", "waterfall", "water-other"],
  ["grass", "grass", "grass-merged"],
  ["Lawn", "grass", "grass-merged"],
  ["flowers", "flower", "flower"],
  ["flower pot", "pot", "potted plant"],
  ["FlowerPots", "pot", "potted plant"],
  ["potted plant", "plant", "potted plant"],
  ["rock", "rock", "rock-merged"],
  ["Stones", "rock", "rock-merged"],
  ["brick wall", "wall", "wall-brick"],
  ["wall", "wall", "wall-other-merged"],
  ["wooden floor", "floor", "floor-wood"],
  ["floor", "floor", "floor-other-merged"],
  ["sofa", "sofa", "couch"],
  ["Couch", "sofa", "couch"],
  ["arm chair", "armchair", "chair"],
  ["dining table", "table", "dining table"],
  ["coffee-table", "coffee table", "table-merged"],
  ["shelves", "shelf", "shelf"],
  ["book shelf", "bookcase", "shelf"],
  ["books", "book", "book"],
  ["TV", "television receiver", "tv"],
  ["Tv Set", "television receiver", "tv"],
  ["fridge", "refrigerator", "refrigerator"],
  ["refridgerator", "refrigerator", "refrigerator"],
  ["bicycle", "bicycle", "bicycle"],
  ["bikes", "bicycle", "bicycle"],
  ["car", "car", "car"],
  ["red car 2", "car", "car"],
  ["bus", "bus", "bus"],
  ["airplane", "airplane", "airplane"],
  ["Plane", "airplane", "airplane"],
  ["boat", "boat", "boat"],
  ["ships", "ship", "boat"],
  ["bridge", "bridge", "bridge"],
  ["stairs", "stairs", "stairs"],
  ["ceiling", "ceiling", "ceiling-merged"],
  ["celing", "ceiling", "ceiling-merged"],
  ["dog", "animal", "dog"],
  ["horse", "animal", "horse"],
  ["cat_02", "animal", "cat"],
  ["teddy bear", "plaything", "teddy bear"],
  ["mirror", "mirror", "mirror-stuff"],
  ["Ｓｋｙ", "sky", "sky-other-merged"],
];

const korean: readonly Case[] = [
  ["하늘", "sky", "sky-other-merged"],
  ["하늘1", "sky", "sky-other-merged"],
  ["하늘 복사 2", "sky", "sky-other-merged"],
  ["배경_하늘", "sky", "sky-other-merged"],
  ["하늘은", "sky", "sky-other-merged"],
  ["하늘".normalize("NFD"), "sky", "sky-other-merged"],
  ["구름", "sky", "sky-other-merged"],
  ["밤하늘", "sky", "sky-other-merged"],
  ["고층빌딩", "skyscraper", "building-other-merged"],
  ["여자아이 2", "person", "person"],
  ["할머니", "person", "person"],
  ["강물", "river", "river"],
  ["바닷물", "sea", "sea"],
  ["돌멩이들", "rock", "rock-merged"],
  ["갈매기", "animal", "bird"],
  ["코끼리", "animal", "elephant"],
  ["기린", "animal", "giraffe"],
  ["나무", "tree", "tree-merged"],
  ["나무들", "tree", "tree-merged"],
  ["나무들의", "tree", "tree-merged"],
  ["큰 나무", "tree", "tree-merged"],
  ["산", "mountain", "mountain-merged"],
  ["먼 산", "mountain", "mountain-merged"],
  ["산맥", "mountain", "mountain-merged"],
  ["언덕", "hill", "mountain-merged"],
  ["건물", "building", "building-other-merged"],
  ["빌딩", "building", "building-other-merged"],
  ["집", "house", "house"],
  ["우리 집", "house", "house"],
  ["지붕", null, "roof"],
  ["창문", "windowpane", "window-other"],
  ["창", "windowpane", "window-other"],
  ["현관문", "door", "door-stuff"],
  ["사람", "person", "person"],
  ["사람들이", "person", "person"],
  ["인물", "person", "person"],
  ["여자", "person", "person"],
  ["강", "river", "river"],
  ["바다", "sea", "sea"],
  ["호수", "lake", "water-other"],
  ["길", "road", "road"],
  ["도로 그룹", "road", "road"],
  ["자동차", "car", "car"],
  ["자전거", "bicycle", "bicycle"],
  ["잔디", "grass", "grass-merged"],
  ["꽃", "flower", "flower"],
  ["꽃병", "vase", "vase"],
  ["소파", "sofa", "couch"],
  ["책장", "bookcase", "shelf"],
  ["가로등", "streetlight", "light"],
  ["신호등", "traffic light", "traffic light"],
  ["냉장고", "refrigerator", "refrigerator"],
  ["텔레비전", "television receiver", "tv"],
  ["강아지", "animal", "dog"],
  ["벽돌 벽", "wall", "wall-brick"],
  ["모래사장", "sand", "sand"],
];

const nothing: readonly string[] = [
  ...["", "   ", "12", "🌲", "...", "Card", "barn", "scar", "Rectangle 12", "Vector", "Frame 3", "Group", "Layer 7"],
  ...["Ellipse 2 copy", "image 4", "path", "skyline", "Skyfall", "careful", "carpetbagger", "treetop", "roadmap"],
  ...[
    "stars",
    "beach ball game",
    "horseradish",
    "chain",
    "paint",
    "print",
    "state",
    "tablet",
    "trunk",
    "small",
    "click",
  ],
  ...["sun", "moon", "shadow", "highlights", "logo", "Button / Primary", "button", "Hero Title", "header", "nav-bar"],
  ...["sky blue", "tree of life", "ground", "sign", "cover", "rail", "box", "screen", "base", "case", "hood", "Cards"],
  ...["산책로", "카드", "버튼", "문의", "길이", "차이", "강의", "레이어 3", "사각형 5", "창고", "문어", "차고", "꽃잎"],
  ...["배경", "그룹 2", "그림자", "파란하늘", "산들바람", "강가", "다리", "태양", "제목", "ㅎㅎ", "桌子", "дерево"],
];

function read(name: string, found: ReturnType<typeof classify>): string | null {
  if ("class" in found) return found.class;
  if (found.suggestions.length > 3) throw new Error(`${name} has ${found.suggestions.length} suggestions.`);
  return null;
}

describe.each([
  ["English", english],
  ["Korean", korean],
])("a layer's name in %s", (_, cases) => {
  test.each(cases)("%j is %j in ADE20K and %j in COCO", (name, ade, co) => {
    expect([read(name, classify(name, ade20k)), read(name, classify(name, coco))]).toEqual([ade, co]);
  });
});

test.each(nothing)("%j names no class of ADE20K", (name) => {
  expect(read(name, classify(name, ade20k))).toBeNull();
});

describe.each([ade20k, coco])("the palette $id", (palette) => {
  test("knows each class by its own name, unless the name is a word of interfaces", () => {
    palette.classes.forEach(({ name, words, colour }, index) => {
      const spoken = words[0] ?? "";
      expect(classify(spoken, palette, { screenDesign: false })).toEqual({ class: name, index, colour, sure: true });
    });
  });

  test("knows each of its words as that class alone", () => {
    const wrong = palette.classes.flatMap(({ name, words }) =>
      words.filter((word) => read(word, classify(word, palette, { screenDesign: false })) !== name),
    );
    expect(wrong).toEqual([]);
  });

  test("has two words of Korean or more for nearly every class, and one for each", () => {
    const counts = palette.classes.map(({ words }) => words.filter((word) => /\p{Script=Hangul}/u.test(word)).length);
    expect(Math.min(...counts)).toBeGreaterThan(0);
    expect(counts.filter((count) => count < 2).length / counts.length).toBeLessThan(0.15);
  });
});

test("ADE20K has 150 classes and one colour twice: road and skyscraper", () => {
  expect(ade20k.classes).toHaveLength(150);
  const colours = ade20k.classes.map(({ colour }) => colour.join());
  expect(colours.filter((colour, at) => colours.indexOf(colour) !== at)).toEqual(["140,140,140"]);
});

test("COCO has 133 classes of as many colours", () => {
  expect(coco.classes).toHaveLength(133);
  expect(new Set(coco.classes.map(({ colour }) => colour.join())).size).toBe(133);
});

describe("a word of interfaces", () => {
  test.each(["card", "bar", "box", "case", "plate", "stage", "screen", "hood", "tray", "base"])(
    "%j is only suggested in a design of screens",
    (word) => {
      const found = classify(word, ade20k);
      expect("suggestions" in found && found.suggestions[0]).toBe(word === "card" ? "poster" : word);
    },
  );

  test("names its class where the document is no design of screens", () => {
    expect(classify("box", ade20k, { screenDesign: false })).toMatchObject({ class: "box", sure: true });
    expect(classify("card", ade20k, { screenDesign: false })).not.toHaveProperty("class");
  });
});

describe("suggestions", () => {
  test.each([
    ["ground", ["earth", "land"]],
    ["skyline", ["sky"]],
    ["산책로", ["mountain"]],
    ["sun", ["sky"]],
    ["chain", ["chair"]],
    ["sign", ["signboard"]],
  ])("for %j begin with what it comes near", (name, first) => {
    const found = classify(name, ade20k);
    if ("class" in found) throw new Error(`${name} is ${found.class}`);
    expect(found.suggestions).toHaveLength(3);
    expect(found.suggestions).toEqual(expect.arrayContaining(first));
  });

  test.each(["", "Rectangle 12", "12", "🌲", "桌子"])("for %j are none: it has no word to go by", (name) => {
    expect(classify(name, ade20k)).toEqual({ suggestions: [] });
  });
});

test("a misspelled word is its class, and not surely", () => {
  expect(classify("moutain", ade20k)).toMatchObject({ class: "mountain", sure: false });
  expect(classify("mountain", ade20k)).toMatchObject({ class: "mountain", sure: true });
});

test("an endless name is read by its end", () => {
  const start = performance.now();
  expect(classify(`${"xyzzy ".repeat(500_000)}tree`, ade20k)).toMatchObject({ class: "tree" });
  expect(classify("q".repeat(5_000_000), ade20k)).not.toHaveProperty("class");
  expect(performance.now() - start).toBeLessThan(1000);
});
