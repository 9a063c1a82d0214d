// What a pose is made of: the joints of OpenPose's body and hands and of AP-10K's animals, how they hang together, and the
// colours that nets were trained on. The room of poses knows joints, files of them and how they are drawn; it knows no
// condition, no runtime and no picture but what it draws. Detectors' arithmetic lies here too: tensors in, joints out.

/** The 18 joints of a body, in order. "right" is the person's right. */
export const bodyJoints = [
  "nose",
  "neck",
  "right shoulder",
  "right elbow",
  "right wrist",
  "left shoulder",
  "left elbow",
  "left wrist",
  "right hip",
  "right knee",
  "right ankle",
  "left hip",
  "left knee",
  "left ankle",
  "right eye",
  "left eye",
  "right ear",
  "left ear",
] as const;

/** The name of a body's joint. */
export type BodyJoint = (typeof bodyJoints)[number];

/** How many joints each part has. */
export const jointCounts = { body: 18, leftHand: 21, rightHand: 21, face: 70, animal: 17 } as const;

/** A line between two joints, by their places in the list. */
export type Bone = readonly [from: number, to: number];

/** The 17 limbs of a body, in the order in which OpenPose draws them. */
export const bodyLimbs: readonly Bone[] = [
  [1, 2],
  [1, 5],
  [2, 3],
  [3, 4],
  [5, 6],
  [6, 7],
  [1, 8],
  [8, 9],
  [9, 10],
  [1, 11],
  [11, 12],
  [12, 13],
  [1, 0],
  [0, 14],
  [14, 16],
  [0, 15],
  [15, 17],
];

/** The colour of joint i, and of limb i before it is darkened. */
export const bodyColours: readonly number[] = [
  0xff0000, 0xff5500, 0xffaa00, 0xffff00, 0xaaff00, 0x55ff00, 0x00ff00, 0x00ff55, 0x00ffaa, 0x00ffff, 0x00aaff,
  0x0055ff, 0x0000ff, 0x5500ff, 0xaa00ff, 0xff00ff, 0xff00aa, 0xff0055,
];

/** The bones of a hand: from the wrist along each finger. */
export const handBones: readonly Bone[] = [0, 1, 2, 3, 4].flatMap((finger) =>
  [0, 1, 2, 3].map((bone): Bone => [bone === 0 ? 0 : 4 * finger + bone, 4 * finger + bone + 1]),
);

/** The colour of bone i of a hand: the wheel of hues in twenty steps. */
export const handColours: readonly number[] = [
  0xff0000, 0xff4d00, 0xff9900, 0xffe500, 0xccff00, 0x80ff00, 0x33ff00, 0x00ff19, 0x00ff66, 0x00ffb3, 0x00ffff,
  0x00b2ff, 0x0066ff, 0x0019ff, 0x3300ff, 0x8000ff, 0xcc00ff, 0xff00e6, 0xff0099, 0xff004d,
];

/** The bones of an animal of AP-10K with their colours, in the order in which WebUI draws them. */
export const animalBones: readonly (readonly [from: number, to: number, colour: number])[] = [
  [0, 1, 0xffffff],
  [1, 2, 0x64ff64],
  [0, 2, 0x96ffff],
  [2, 3, 0x6432ff],
  [3, 8, 0x3296c8],
  [8, 9, 0x00ffff],
  [9, 10, 0x009600],
  [3, 5, 0x0000ff],
  [5, 6, 0x000096],
  [6, 7, 0xff32ff],
  [3, 4, 0xff00ff],
  [4, 14, 0xff0000],
  [14, 15, 0x960000],
  [15, 16, 0xffff64],
  [4, 11, 0x009600],
  [11, 12, 0xffff00],
  [12, 13, 0x969696],
];

/** The joint that each joint of a body hangs on; -1 for the neck, which everything hangs on. */
export const bodyParents: readonly number[] = bodyJoints.map(
  (_, joint) => bodyLimbs.find(([, to]) => to === joint)?.[0] ?? -1,
);

/** Where the joints of a standing person are in a box of 400 pixels: Krita's default figure. */
export const standing: readonly (readonly [x: number, y: number])[] = [
  [153, 107],
  [152, 146],
  [128, 146],
  [116, 193],
  [100, 238],
  [176, 146],
  [188, 193],
  [204, 238],
  [131, 227],
  [129, 311],
  [128, 394],
  [174, 227],
  [176, 311],
  [178, 394],
  [143, 100],
  [162, 100],
  [132, 105],
  [174, 105],
];
