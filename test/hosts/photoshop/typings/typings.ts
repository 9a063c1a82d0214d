// biome-ignore lint/correctness/noUndeclaredDependencies: a module of Photoshop itself, which its typings declare
import type * as theirs from "photoshop";
import type { actionModule } from "../action.ts";
import type { appModule, coreModule } from "../app-dom.ts";
import type { constants } from "../constants.ts";
import type { Document } from "../document-dom.ts";
import type { PhotoshopImageData } from "../image-data.ts";
import type { imagingModule } from "../imaging.ts";
import type { Layer } from "../layer-dom.ts";
import type { Selection } from "../selection-dom.ts";

// Holds the simulator to Photoshop's typings: a member of one of its objects that they do not have, or that takes or gives
// something else there, is named below with the reason, or else this file does not compile. Types only; nothing runs.

/** The simulator's classes beside the typings' own, each compared once and not wherever it turns up. */
type Twins =
  | [Document, theirs.Document]
  | [Layer, theirs.Layer]
  | [Selection, theirs.Selection]
  | [PhotoshopImageData, theirs.PhotoshopImageData];

/**
 * True where a value of the simulator's fits what the typings promise: as it is, as the text of an enumeration, or part by
 * part. Where Photoshop has nothing to give, the simulator says null, which the typings often leave out.
 */
type Fits<Ours, Theirs> = [Ours] extends [null | undefined]
  ? true
  : [Ours] extends [Text<Theirs>]
    ? true
    : [undefined] extends [Ours]
      ? false
      : [NonNullable<Ours>, NonNullable<Theirs>] extends Twins
        ? true
        : Part<NonNullable<Ours>, NonNullable<Theirs>>;

/** The texts of an enumeration; any text where the simulator only says that it is one. */
type Text<Theirs> = Theirs extends string ? `${Theirs}` : Theirs;

type Part<Ours, Theirs> = string extends Ours
  ? Theirs extends string
    ? true
    : false
  : [Ours, Theirs] extends [(...given: infer Takes) => infer Gives, (...given: infer Given) => infer Expected]
    ? Given extends Takes
      ? Fits<Gives, Expected>
      : false
    : [Ours, Theirs] extends [Promise<infer Gives>, Promise<infer Expected>]
      ? Fits<Gives, Expected>
      : [Ours, Theirs] extends [readonly (infer Gives)[], Iterable<infer Expected>]
        ? Fits<Gives, Expected>
        : [Ours] extends [object]
          ? [Absent<Ours, Theirs> | Other<Ours, Theirs>] extends [never]
            ? true
            : false
          : false;

/** The members that the typings do not have. */
type Absent<Ours, Theirs> = Exclude<keyof Ours, keyof Theirs>;

/** The members that are something else in the typings. */
type Other<Ours, Theirs> = {
  [Key in keyof Ours & keyof Theirs]: [Fits<Ours[Key], Theirs[Key]>] extends [true] ? never : Key;
}[keyof Ours & keyof Theirs];

type Is<Found, Known> = [Found, Known] extends [Known, Found] ? true : { readonly found: Found; readonly known: Known };

/** Two trues where a class or module differs from the typings in nothing but what is named. */
type Differs<Ours, Theirs, Missing, Changed> = [Is<Absent<Ours, Theirs>, Missing>, Is<Other<Ours, Theirs>, Changed>];

/** Refuses to compile where its parameter is anything but two trues. */
type Held<_Comparison extends readonly [true, true]> = true;

/** An image tells `isChunky`, and is let go of at once: so it is in Adobe's reference. */
type Images = Differs<PhotoshopImageData, theirs.PhotoshopImageData, "isChunky", "dispose">;

type ImagingModule = Differs<ReturnType<typeof imagingModule>, typeof theirs.imaging, never, never>;

/**
 * `zoom` is in Adobe's reference; `_id` is the same number as `id`. Those that differ take layers of the simulator's own
 * class, or hand out a context without a type.
 */
type Documents = Differs<
  Document,
  theirs.Document,
  "_id" | "zoom",
  "createLayer" | "createLayerGroup" | "groupLayers" | "duplicateLayers" | "suspendHistory"
>;

type Layers = Differs<Layer, theirs.Layer, "_id", never>;

type Selections = Differs<Selection, theirs.Selection, never, never>;

/** "topLeft", where the typings say "top-left". */
type Constants = Differs<typeof constants, typeof theirs.constants, never, "AnchorPosition">;

/** The first two take only what the simulator knows how to make or find; the last gives whatever its commands give. */
type App = Differs<ReturnType<typeof appModule>, typeof theirs.app, never, "createDocument" | "open" | "batchPlay">;

/** What the typings lack is in Adobe's reference. Listeners hear a descriptor that need not say what it is. */
type Core = Differs<
  ReturnType<typeof coreModule>,
  typeof theirs.core,
  | "historySuspended"
  | "getLayerTree"
  | "createTemporaryDocument"
  | "deleteTemporaryDocument"
  | "removeNotificationListener",
  "addNotificationListener"
>;

/** As above. */
type Action = Differs<
  ReturnType<typeof actionModule>,
  typeof theirs.action,
  never,
  "addNotificationListener" | "removeNotificationListener"
>;

export type Everything = [
  Held<Images>,
  Held<ImagingModule>,
  Held<Documents>,
  Held<Layers>,
  Held<Selections>,
  Held<Constants>,
  Held<App>,
  Held<Core>,
  Held<Action>,
];
