// `require("photoshop").constants`: the names and values of Adobe's typings, as far as this Photoshop uses them.

/** Photoshop's enumerations by name. */
export const constants = {
  AnchorPosition: { TOPLEFT: "topLeft", MIDDLECENTER: "middleCenter" },
  BitsPerChannelType: { ONE: "bitDepth1", EIGHT: "bitDepth8", SIXTEEN: "bitDepth16", THIRTYTWO: "bitDepth32" },
  BlendMode: { NORMAL: "normal", MULTIPLY: "multiply", SCREEN: "screen", PASSTHROUGH: "passThrough" },
  ChangeMode: {
    BITMAP: "bitmapMode",
    CMYK: "CMYKColorMode",
    GRAYSCALE: "grayscaleMode",
    INDEXEDCOLOR: "indexedColorMode",
    LAB: "labColorMode",
    MULTICHANNEL: "multichannelMode",
    RGB: "RGBColorMode",
  },
  ColorProfileType: { CUSTOM: "customEnum", NONE: "none", WORKING: "workingSpaceCode" },
  DocumentFill: { WHITE: "white", BLACK: "black", TRANSPARENT: "transparent" },
  DocumentMode: {
    BITMAP: "bitmapMode",
    CMYK: "CMYKColorMode",
    DUOTONE: "duotoneMode",
    GRAYSCALE: "grayscaleMode",
    INDEXEDCOLOR: "indexedColorMode",
    LAB: "labColorMode",
    MULTICHANNEL: "multichannelMode",
    RGB: "RGBColorMode",
  },
  ElementPlacement: {
    PLACEBEFORE: "placeBefore",
    PLACEATBEGINNING: "placeAtBeginning",
    PLACEATEND: "placeAtEnd",
    PLACEAFTER: "placeAfter",
    PLACEINSIDE: "placeInside",
  },
  // There is no PIXEL: a pixel layer is NORMAL.
  LayerKind: {
    NORMAL: "pixel",
    GROUP: "group",
    TEXT: "text",
    SMARTOBJECT: "smartObject",
    SOLIDFILL: "solidColor",
    GRADIENTFILL: "gradientFill",
    CURVES: "curves",
  },
  NewDocumentMode: {
    BITMAP: "bitmapMode",
    GRAYSCALE: "grayscaleMode",
    RGB: "RGBColorMode",
    CMYK: "CMYKColorMode",
    LAB: "labColorMode",
  },
  SaveOptions: { DONOTSAVECHANGES: 0, PROMPTTOSAVECHANGES: 1, SAVECHANGES: 2 },
  SelectionType: { REPLACE: "set", EXTEND: "addTo", DIMINISH: "subtractFrom", INTERSECT: "intersectWith" },
} as const;
