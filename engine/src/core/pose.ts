// Where the joints of people and animals are, in the order of OpenPose. "Right" is the person's right. Plain data.

/** A joint, in pixels of the pose's frame; may lie outside of it. */
export interface Joint {
  readonly x: number;
  readonly y: number;
  /** How sure a detector was, above 0 and up to 1; 1 without it. */
  readonly confidence?: number;
}

/** Joints in a fixed order; null for one that is missing. */
export type Joints = readonly (Joint | null)[];

/** One person. */
export interface PosePerson {
  /**
   * 18: nose, neck, right shoulder, elbow, wrist, left shoulder, elbow, wrist, right hip, knee, ankle, left hip, knee,
   * ankle, right eye, left eye, right ear, left ear.
   */
  readonly body: Joints;
  /** 21: the wrist, then four for each finger from the thumb. */
  readonly leftHand?: Joints;
  readonly rightHand?: Joints;
  /** 70: OpenPose's. */
  readonly face?: Joints;
}

/** One animal: 17 joints of AP-10K. */
export interface PoseAnimal {
  readonly joints: Joints;
}

/** The people and animals of a picture. */
export interface Pose {
  /** The frame, in pixels: the size of the map. */
  readonly width: number;
  readonly height: number;
  readonly people: readonly PosePerson[];
  readonly animals?: readonly PoseAnimal[];
}
