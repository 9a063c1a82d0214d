export { formatOf, type ReadFormat, type WriteFormat } from "./format.ts";
export { type Picture, type ReadOptions, readPicture, type WriteOptions, writePicture } from "./picture.ts";
export { maxPixels } from "./raster.ts";
