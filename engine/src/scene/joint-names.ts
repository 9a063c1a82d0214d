/** The joints of a body in OpenPose's order, in English and Korean; those on a side without it. */
const joints: readonly (readonly [side: "" | "right" | "left", ...names: string[]])[] = [
  ["", "nose", "코"],
  ["", "neck", "목"],
  ["right", "shoulder", "어깨"],
  ["right", "elbow", "팔꿈치"],
  ["right", "wrist", "손목"],
  ["left", "shoulder", "어깨"],
  ["left", "elbow", "팔꿈치"],
  ["left", "wrist", "손목"],
  ["right", "hip", "골반", "엉덩이", "고관절"],
  ["right", "knee", "무릎"],
  ["right", "ankle", "발목"],
  ["left", "hip", "골반", "엉덩이", "고관절"],
  ["left", "knee", "무릎"],
  ["left", "ankle", "발목"],
  ["right", "eye", "눈"],
  ["left", "eye", "눈"],
  ["right", "ear", "귀"],
  ["left", "ear", "귀"],
];

const sides = {
  right: ["right", "r", "오른쪽", "오른", "우측", "우"],
  left: ["left", "l", "왼쪽", "왼", "좌측", "좌"],
} as const;

const named = new Map<string, number>(
  joints.flatMap(([side, ...names], joint) =>
    names.flatMap((name) =>
      side === ""
        ? [[name, joint] as const]
        : sides[side].flatMap((word) => [[word + name, joint] as const, [name + word, joint] as const]),
    ),
  ),
);

/** The joint that a name says, by its place in OpenPose's order: "right shoulder", "LKnee", "왼쪽 무릎". Null for none. */
export function jointNamed(name: string): number | null {
  const letters = name
    .slice(0, 60)
    .normalize("NFKC")
    .toLowerCase()
    .replace(/(copy|복사본?|사본)[\s\d]*$/u, "")
    .replace(/[^\p{L}]/gu, "");
  return named.get(letters) ?? null;
}
