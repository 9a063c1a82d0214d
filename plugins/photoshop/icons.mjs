import { deflateSync } from "node:zlib";

// Underdraw's mark, drawn for the places where Photoshop shows it: a U with a line under it, in a square of 16.

const reach = (x, y, ax, ay, bx, by) => {
  const [dx, dy] = [bx - ax, by - ay];
  const along = Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy)));
  return Math.hypot(x - ax - along * dx, y - ay - along * dy);
};

/** How far a point lies from the mark's line. */
const fromMark = (x, y) =>
  Math.min(
    reach(x, y, 4, 4, 4, 8.5),
    reach(x, y, 12, 4, 12, 8.5),
    y >= 8.5 ? Math.abs(Math.hypot(x - 8, y - 8.5) - 4) : Number.POSITIVE_INFINITY,
    reach(x, y, 4, 13, 12, 13),
  );

/** How far a point lies outside a square of 16 with round corners; negative inside. */
const fromGround = (x, y) => Math.hypot(Math.max(0, Math.abs(x - 8) - 4), Math.max(0, Math.abs(y - 8) - 4)) - 4;

/** Draws the mark in `size` pixels: RGBA rows from the top. `ground` is a colour behind it, or null. */
function drawn(size, ink, ground) {
  const grid = 8; // samples a pixel and side
  const pixels = new Uint8Array(size * size * 4);
  for (let at = 0; at < size * size; at++) {
    let [onMark, onGround] = [0, 0];
    for (let sample = 0; sample < grid * grid; sample++) {
      const x = (((at % size) + ((sample % grid) + 0.5) / grid) * 16) / size;
      const y = ((Math.floor(at / size) + (Math.floor(sample / grid) + 0.5) / grid) * 16) / size;
      if (fromMark(x, y) <= 0.8) onMark++;
      else if (ground && fromGround(x, y) <= 0) onGround++;
    }
    const covered = onMark + onGround;
    for (let c = 0; c < 3; c++) {
      const sum = onMark * ink[c] + onGround * (ground?.[c] ?? 0);
      pixels[at * 4 + c] = covered === 0 ? 0 : Math.round(sum / covered);
    }
    pixels[at * 4 + 3] = Math.round((covered / (grid * grid)) * 255);
  }
  return pixels;
}

const crcs = Array.from({ length: 256 }, (_, n) => {
  let crc = n;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
  return crc >>> 0;
});

/** A PNG file of RGBA pixels. */
function png(size, pixels) {
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
    let crc = 0xffffffff;
    for (const byte of body) crc = crcs[(crc ^ byte) & 255] ^ (crc >>> 8);
    const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    check.writeUInt32BE((crc ^ 0xffffffff) >>> 0);
    return Buffer.concat([length, body, check]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(size, 0);
  head.writeUInt32BE(size, 4);
  head.set([8, 6], 8); // 8 bits, RGBA
  const rows = Buffer.alloc(size * (size * 4 + 1));
  for (let y = 0; y < size; y++) rows.set(pixels.subarray(y * size * 4, (y + 1) * size * 4), y * (size * 4 + 1) + 1);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const parts = [chunk("IHDR", head), chunk("IDAT", deflateSync(rows, { level: 9 })), chunk("IEND", Buffer.alloc(0))];
  return Buffer.concat([signature, ...parts]);
}

const icon = (size, ink, ground = null) => png(size, drawn(size, ink, ground));

/** Every icon that the manifest names, by its path: once for usual screens and once for dense ones. */
export function icons() {
  const files = {};
  for (const scale of [1, 2]) {
    const end = scale === 1 ? ".png" : `@${scale}x.png`;
    files[`icons/panel-dark${end}`] = icon(23 * scale, [230, 230, 230]);
    files[`icons/panel-light${end}`] = icon(23 * scale, [75, 75, 75]);
    files[`icons/plugin${end}`] = icon(48 * scale, [255, 255, 255], [11, 111, 214]);
  }
  return files;
}
