/** A font of plain figures: for each letter from space to ~ a block with a corner cut off, as wide as its code asks for. */
export async function blockFont(familyName: string, styleName = "Regular"): Promise<Uint8Array> {
  // The package brings no types.
  const name: string = "opentype.js";
  const loaded = await import(/* @vite-ignore */ name);
  const { Font, Glyph, Path } = loaded.Font ? loaded : loaded.default;
  const glyphs = [new Glyph({ name: ".notdef", unicode: 0, advanceWidth: 500, path: new Path() })];
  for (let unicode = 32; unicode < 127; unicode++) {
    const width = 300 + (unicode % 7) * 60;
    const path = new Path();
    if (unicode > 32) {
      const top = unicode >= 97 ? 500 : 700;
      path.moveTo(50, 0);
      path.lineTo(50, top);
      path.quadTo(width - 50, top, width - 50, top / 2);
      path.lineTo(width - 50, 0);
      path.close();
    }
    glyphs.push(new Glyph({ name: `u${unicode}`, unicode, advanceWidth: width, path }));
  }
  const font = new Font({ familyName, styleName, unitsPerEm: 1000, ascender: 800, descender: -200, glyphs });
  return new Uint8Array(font.toArrayBuffer());
}
