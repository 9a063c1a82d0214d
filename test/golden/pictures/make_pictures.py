"""Makes the pictures of this folder and expected.json: what their pixels are, RGB or RGBA in base64.

Needs Pillow 13.0.0 with Little CMS, libwebp and libjpeg-turbo, and numpy. PNG files are put together here byte by byte,
so that what they hold is known without reading them back; JPEG, WebP and GIF files and colour conversions are
Pillow's. Run it in this folder: python make_pictures.py
"""
import base64
import io
import json
import pathlib
import struct
import zlib

import numpy as np
from PIL import Image, ImageCms

here = pathlib.Path(__file__).parent
expected: dict[str, dict] = {}
rng = np.random.default_rng(7)


def note(name, data, pixels, tolerance=0):
    """Stores a file and what reading it must give."""
    (here / name).write_bytes(data)
    pixels = np.asarray(pixels, "u1").copy()
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[..., None], 3, 2)
    if pixels.shape[2] == 4:
        pixels[pixels[..., 3] == 0] = 0
        if (pixels[..., 3] == 255).all():
            pixels = pixels[..., :3]
    expected[name] = {"width": pixels.shape[1], "height": pixels.shape[0], "channels": pixels.shape[2],
                      "tolerance": tolerance, "pixels": base64.b64encode(pixels.tobytes()).decode()}


# --- PNG -------------------------------------------------------------------------------------------------------------

SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def rows_of(values, depth):
    """Packs samples (height, width, channels) into filtered rows, taking the five filters in turn."""
    height = values.shape[0]
    flat = values.reshape(height, -1)
    if depth == 16:
        packed = flat.astype(">u2").view("u1").reshape(height, -1)
    elif depth == 8:
        packed = flat.astype("u1")
    else:
        bits = ((flat[..., None] >> np.arange(depth - 1, -1, -1)) & 1).reshape(height, -1).astype("u1")
        packed = np.packbits(bits, axis=1)
    distance = max(1, values.shape[2] * depth // 8)
    out, above = b"", np.zeros(packed.shape[1], int)
    for y, row in enumerate(packed.astype(int)):
        left = np.concatenate([np.zeros(distance, int), row])[: len(row)]
        corner = np.concatenate([np.zeros(distance, int), above])[: len(row)]
        estimate = left + above - corner
        a, b, c = abs(estimate - left), abs(estimate - above), abs(estimate - corner)
        paeth = np.where((a <= b) & (a <= c), left, np.where(b <= c, above, corner))
        guess = [np.zeros_like(row), left, above, (left + above) // 2, paeth][y % 5]
        out += bytes([y % 5]) + ((row - guess) & 255).astype("u1").tobytes()
        above = row
    return out


PASSES = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def packed_data(values, depth, interlaced=False):
    if not interlaced:
        return rows_of(values, depth)
    parts = [values[y::dy, x::dx] for x, y, dx, dy in PASSES]
    return b"".join(rows_of(part, depth) for part in parts if part.size)


def png(values, colour_type, depth, before=(), after=(), interlaced=False, size=None, pieces=1, data=None):
    height, width = size or values.shape[:2]
    head = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, int(interlaced))
    packed = zlib.compress(packed_data(values, depth, interlaced)) if data is None else data
    cut = -(-len(packed) // pieces)
    parts = [packed[i * cut:(i + 1) * cut] for i in range(pieces)]
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + b"".join(chunk(k, d) for k, d in before)
            + b"".join(chunk(b"IDAT", part) for part in parts) + b"".join(chunk(k, d) for k, d in after)
            + chunk(b"IEND", b""))


def eight(values, depth):
    """What is shown of stored samples: scaled to 8 bits, 16-bit ones rounded."""
    return np.round(values / 257) if depth == 16 else values * (255 // (2 ** depth - 1))


def rgba_of(values, colour_type, depth):
    shown = eight(values.astype(int), depth)
    if colour_type in (0, 4):
        shown = np.concatenate([np.repeat(shown[..., :1], 3, 2), shown[..., 1:]], 2)
    return shown


def png_kinds():
    palette = rng.integers(0, 256, (16, 3))
    for colour_type, depths in {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}.items():
        for depth in depths:
            for interlaced in (False, True):
                top = min(2 ** depth, 16) if colour_type == 3 else 2 ** depth
                values = rng.integers(0, top, (11, 13, SAMPLES[colour_type]))
                before = [(b"PLTE", palette[:top].astype("u1").tobytes())] if colour_type == 3 else []
                shown = palette[values[..., 0]] if colour_type == 3 else rgba_of(values, colour_type, depth)
                name = f"kind-{colour_type}-{depth}{'-interlaced' if interlaced else ''}.png"
                note(name, png(values, colour_type, depth, before, interlaced=interlaced, pieces=3), shown)
    # Interlaced pictures so small that passes are empty.
    for width, height in ((1, 1), (2, 3), (5, 1)):
        values = rng.integers(0, 256, (height, width, 3))
        note(f"interlaced-{width}x{height}.png", png(values, 2, 8, interlaced=True), values)


def png_transparency():
    palette = rng.integers(0, 256, (16, 3))
    values = rng.integers(0, 16, (6, 9, 1))
    alphas = np.array([0, 128, 255, 7])
    shown = np.concatenate([palette[values[..., 0]], np.concatenate([alphas, np.full(12, 255)])[values]], 2)
    before = [(b"PLTE", palette.astype("u1").tobytes()), (b"tRNS", alphas.astype("u1").tobytes())]
    note("palette-short-list.png", png(values, 3, 4, before), shown)
    for depth in (1, 2, 4, 8, 16):
        values = rng.integers(0, 2 ** depth, (6, 9, 1))
        key = int(values[2, 3, 0])
        values[0, 0, 0] = key ^ 1
        alpha = np.where(values == key, 0, 255)
        shown = np.concatenate([rgba_of(values, 0, depth), alpha], 2)
        note(f"key-grey-{depth}.png", png(values, 0, depth, [(b"tRNS", struct.pack(">H", key))]), shown)
    for depth in (8, 16):
        values = rng.integers(0, 2 ** depth, (6, 9, 3))
        key = values[2, 3].copy()
        # The nearest neighbour in the file's own depth, and one that shares two channels, are not the key.
        values[0, 0] = key ^ np.array([0, 0, 1])
        values[0, 1] = [key[0], key[1], key[2] ^ 64]
        values[4, 4] = key
        alpha = np.where((values == key).all(2, keepdims=True), 0, 255)
        before = [(b"tRNS", struct.pack(">HHH", *key))]
        shown = np.concatenate([rgba_of(values, 2, depth), alpha], 2)
        note(f"key-colour-{depth}.png", png(values, 2, depth, before), shown)


def strip():
    values = np.tile(np.arange(40_000)[None, :, None] * 7 // 5 % 251, (3, 1, 1))
    values[1] = 250 - values[1]
    (here / "strip.png").write_bytes(png(values, 0, 8))


# --- Colour ----------------------------------------------------------------------------------------------------------

SRGB = [(0.3127, 0.3290), (0.64, 0.33), (0.30, 0.60), (0.15, 0.06)]
P3 = [(0.3127, 0.3290), (0.68, 0.32), (0.265, 0.69), (0.15, 0.06)]
ADOBE = [(0.3127, 0.3290), (0.64, 0.33), (0.21, 0.71), (0.15, 0.06)]
D50 = np.array([0.9642, 1, 0.8249])


def to_xyz(primaries):
    """RGB light to XYZ under D50, after Bradford."""
    columns = np.array([[x / y, 1, (1 - x - y) / y] for x, y in primaries]).T
    matrix = columns[:, 1:] * np.linalg.solve(columns[:, 1:], columns[:, 0])
    cones = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    gain = np.diag(cones @ D50 / (cones @ columns[:, 0]))
    return np.linalg.inv(cones) @ gain @ cones @ matrix


def srgb_light(v):
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


def srgb_sample(light):
    light = np.clip(light, 0, 1)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def converted(samples, primaries, curve):
    """Samples 0..1 of a space to 8-bit sRGB, in floating point."""
    light = curve(samples) @ (np.linalg.inv(to_xyz(SRGB)) @ to_xyz(primaries)).T
    return np.round(srgb_sample(light) * 255)


def fixed(*values):
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def description(text):
    return b"desc\0\0\0\0" + struct.pack(">I", len(text) + 1) + text.encode() + b"\0" + b"\0" * 78


def profile(space, tags, version=2, kind=b"mntr", connection=b"XYZ "):
    tags = {b"desc": description("made for a test"), b"cprt": b"text\0\0\0\0none\0",
            b"wtpt": b"XYZ \0\0\0\0" + fixed(*D50), **tags}
    at, table, body = 132 + 12 * len(tags), b"", b""
    for name, data in tags.items():
        data += b"\0" * (-len(data) % 4)
        table += name + struct.pack(">II", at + len(body), len(data))
        body += data
    head = (struct.pack(">I", at + len(body)) + b"\0\0\0\0" + bytes([version, 0x20 if version == 4 else 0x10, 0, 0])
            + kind + space + connection + struct.pack(">HHHHHH", 2026, 1, 1, 0, 0, 0) + b"acsp" + b"\0" * 28
            + fixed(*D50))
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def matrix_tags(primaries, curve):
    columns = to_xyz(primaries).T
    names = (b"rXYZ", b"gXYZ", b"bXYZ")
    return {**{name: b"XYZ \0\0\0\0" + fixed(*column) for name, column in zip(names, columns)},
            b"rTRC": curve, b"gTRC": curve, b"bTRC": curve}


PARA_SRGB = b"para\0\0\0\0\0\3\0\0" + fixed(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
GAMMA_ADOBE = b"curv\0\0\0\0\0\0\0\1" + struct.pack(">H", 563)
PROFILE_P3 = profile(b"RGB ", matrix_tags(P3, PARA_SRGB), version=4)
PROFILE_ADOBE = profile(b"RGB ", matrix_tags(ADOBE, GAMMA_ADOBE))
PROFILE_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
# Without the hour at which it was made, so that a second run gives the same bytes.
PROFILE_SRGB = PROFILE_SRGB[:24] + struct.pack(">HHHHHH", 2026, 1, 1, 0, 0, 0) + PROFILE_SRGB[36:]


def sampled_curve(values):
    return b"curv\0\0\0\0" + struct.pack(">I", len(values)) + np.round(np.array(values) * 65535).astype(">u2").tobytes()


def lab_of(xyz):
    t = xyz / D50
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t * 841 / 108 + 4 / 29)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1)


def grid_lab(points):
    """Lab of a made-up device with a black that is not quite black, on a grid."""
    axis = np.linspace(0, 1, points)
    rgb = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), -1)
    xyz = (rgb ** 1.9) @ to_xyz(ADOBE).T
    return lab_of(xyz * 0.99 + 0.01 * D50)


def table_profiles():
    lab = grid_lab(9)
    numbers = np.concatenate([lab[..., :1] / 100 * 65280, (lab[..., 1:] + 128) * 256], -1)
    clut = np.clip(np.round(numbers), 0, 65535).astype(">u2").tobytes()
    identity = np.linspace(0, 65535, 2).astype(">u2").tobytes()
    mft2 = (b"mft2\0\0\0\0" + bytes([3, 3, 9, 0]) + fixed(1, 0, 0, 0, 1, 0, 0, 0, 1) + struct.pack(">HH", 2, 2)
            + identity * 3 + clut + identity * 3)
    numbers = np.concatenate([lab[..., :1] / 100, (lab[..., 1:] + 128) / 255], -1)
    clut = np.clip(np.round(numbers * 65535), 0, 65535).astype(">u2").tobytes()
    line = b"curv\0\0\0\0\0\0\0\0"
    bend = b"para\0\0\0\0\0\0\0\0" + fixed(1.2)
    table = bytes([9, 9, 9]) + b"\0" * 13 + bytes([2, 0, 0, 0]) + clut + b"\0" * (-len(clut) % 4)
    offset = 32 + 3 * len(line)
    mab = (b"mAB \0\0\0\0" + bytes([3, 3, 0, 0]) + struct.pack(">IIIII", 32, 0, 0, offset, offset + len(table))
           + line * 3 + table + bend * 3)
    return {"table-16": profile(b"RGB ", {b"A2B0": mft2}, kind=b"scnr", connection=b"Lab "),
            "table-modern": profile(b"RGB ", {b"A2B0": mab}, version=4, kind=b"scnr", connection=b"Lab ")}


def by_cms(rgb, icc, mode="RGB"):
    source = Image.fromarray(np.asarray(rgb, "u1"), mode)
    srgb = ImageCms.createProfile("sRGB")
    # Without the shortcuts of Little CMS (flag 0x100), which resample tables and cost it up to three levels.
    own = ImageCms.ImageCmsProfile(io.BytesIO(icc))
    done = ImageCms.profileToProfile(source, own, srgb, outputMode="RGB", flags=0x100)
    return np.asarray(done)


def iccp(icc):
    return (b"iCCP", b"made\0\0" + zlib.compress(icc))


def colours():
    rgb = np.concatenate([rng.integers(0, 256, (6, 16, 3)), np.repeat(np.arange(0, 256, 16)[None, :, None], 3, 2)])
    note("profile-p3.png", png(rgb, 2, 8, [iccp(PROFILE_P3)]), by_cms(rgb, PROFILE_P3), 1)
    note("profile-adobe.png", png(rgb, 2, 8, [iccp(PROFILE_ADOBE)]), by_cms(rgb, PROFILE_ADOBE), 1)
    note("profile-srgb.png", png(rgb, 2, 8, [iccp(PROFILE_SRGB)]), rgb, 1)
    for name, icc in table_profiles().items():
        note(f"profile-{name}.png", png(rgb, 2, 8, [iccp(icc)]), by_cms(rgb, icc), 1)
    grey = np.arange(0, 256, 2)[None, :, None]
    curve = sampled_curve(np.linspace(0, 1, 64) ** 1.8)
    icc = profile(b"GRAY", {b"kTRC": curve})
    shown = by_cms(grey[..., 0], icc, "L")
    note("profile-grey.png", png(grey, 0, 8, [iccp(icc)]), shown, 1)
    note("profile-grey-misplaced.png", png(rgb, 2, 8, [iccp(icc)]), rgb)
    # A profile outranks what else is said; the sRGB chunk outranks gAMA and cHRM.
    linear = (b"gAMA", struct.pack(">I", 100000))
    primaries = (b"cHRM", struct.pack(">8I", *[round(v * 100000) for pair in P3 for v in pair]))
    note("profile-over-gamma.png", png(rgb, 2, 8, [linear, iccp(PROFILE_P3)]), by_cms(rgb, PROFILE_P3), 1)
    note("srgb-over-gamma.png", png(rgb, 2, 8, [linear, (b"sRGB", b"\0")]), rgb)
    note("gamma-srgb.png", png(rgb, 2, 8, [(b"gAMA", struct.pack(">I", 45455))]), rgb)
    own = (b"cHRM", struct.pack(">8I", *[round(v * 100000) for pair in SRGB for v in pair]))
    note("gamma-srgb-primaries.png", png(rgb, 2, 8, [(b"gAMA", struct.pack(">I", 45455)), own]), rgb)
    note("gamma-linear.png", png(rgb, 2, 8, [linear]), np.round(srgb_sample(rgb / 255) * 255), 1)
    p3 = converted(rgb / 255, P3, srgb_light)
    note("primaries-p3.png", png(rgb, 2, 8, [primaries]), p3, 1)
    note("coded-p3.png", png(rgb, 2, 8, [(b"cICP", bytes([12, 13, 0, 1]))]), p3, 1)
    # Light in 16 bits: cut to 8 before the conversion, the darks would fall into steps.
    deep = rng.integers(0, 3000, (4, 16, 4))
    shown = np.concatenate([np.round(srgb_sample(deep[..., :3] / 65535) * 255), np.round(deep[..., 3:] / 257)], 2)
    note("gamma-linear-16.png", png(deep, 6, 16, [linear]), shown)
    note("profile-broken.png", png(rgb, 2, 8, [iccp(PROFILE_P3[:300])]), rgb)


# --- Moving pictures -------------------------------------------------------------------------------------------------

def control(sequence, width, height, x, y):
    return b"fcTL", struct.pack(">IIIIIHHBB", sequence, width, height, x, y, 1, 10, 0, 0)


def moving():
    still, small = rng.integers(0, 256, (8, 10, 4)), rng.integers(0, 256, (3, 4, 4))
    later = (b"fdAT", struct.pack(">I", 2) + zlib.compress(packed_data(small, 8)))
    shown = np.zeros((8, 10, 4))
    shown[4:7, 5:9] = small
    # The still picture is not part of the animation: the first frame lies at 5, 4.
    data = png(still, 6, 8, [(b"acTL", struct.pack(">II", 1, 0))], [control(0, 4, 3, 5, 4), later])
    note("moving-offset.png", data, shown)
    data = png(still, 6, 8, [(b"acTL", struct.pack(">II", 2, 0)), control(0, 10, 8, 0, 0)], [control(1, 4, 3, 5, 4), later])
    note("moving-still-first.png", data, still)
    colours = [(200, 30, 10, 255), (10, 90, 220, 255), (20, 200, 60, 130)]
    frames = [Image.new("RGBA", (16, 12), (0, 0, 0, 0)) for _ in colours]
    for frame, colour in zip(frames, colours):
        frame.paste(colour, (4, 2, 11, 9))
    out = io.BytesIO()
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:], lossless=True, minimize_size=True)
    note("moving.webp", out.getvalue(), np.asarray(frames[0]))
    out = io.BytesIO()
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:], lossless=False, quality=90)
    note("moving-lossy.webp", out.getvalue(), np.asarray(Image.open(io.BytesIO(out.getvalue())).convert("RGBA")))


def gif(size, frames, palette, transparent=None):
    """A GIF whose frames may lie anywhere; the codes come from Pillow's encoder."""
    out = b"GIF89a" + struct.pack("<HHBBB", *size, 0xf7, 0, 0) + palette.astype("u1").tobytes()
    for x, y, indices, interlaced in frames:
        image = Image.fromarray(indices.astype("u1"), "P")
        image.putpalette(palette.astype("u1").ravel().tolist())
        packed = io.BytesIO()
        image.save(packed, "GIF", interlace=interlaced, optimize=False)
        raw = packed.getvalue()
        start = raw.rindex(b",\0\0\0\0" + struct.pack("<HH", *image.size))
        flags = raw[start + 9]
        local = raw[start + 10:start + 10 + (3 << (flags & 7) + 1 if flags & 128 else 0)]
        if transparent is not None:
            out += b"!\xf9\4" + bytes([1, 10, 0, transparent, 0])
        out += b"," + struct.pack("<HHHHB", x, y, *image.size, flags) + local + raw[start + 10 + len(local):-1]
    return out + b";"


def gifs():
    palette = rng.integers(0, 256, (256, 3))
    indices = rng.integers(0, 256, (20, 30))
    shown = np.concatenate([palette[indices], np.where(indices == 9, 0, 255)[..., None]], 2)
    canvas = np.zeros((28, 40, 4))
    canvas[5:25, 7:37] = shown
    second = (0, 0, np.full((28, 40), 3), 0)
    note("moving-offset.gif", gif((40, 28), [(7, 5, indices, 0), second], palette, 9), canvas)
    note("interlaced.gif", gif((30, 20), [(0, 0, indices, 1)], palette), palette[indices])
    # Enough different codes to fill the table of 4096 and begin again; the test knows the formula.
    x, y = np.arange(90)[None, :], np.arange(70)[:, None]
    formula = (x * x * 7 + y * y * 13 + x * y * 5) % 256
    ramp = np.arange(256)
    palette = np.stack([ramp, 255 - ramp, ramp * 7 % 256], 1)
    (here / "formula.gif").write_bytes(gif((90, 70), [(0, 0, formula, 0)], palette))


# --- JPEG and WebP ---------------------------------------------------------------------------------------------------

def photograph(width, height):
    y, x = np.mgrid[0:height, 0:width]
    waves = [128 + 100 * np.sin(x / a + y / b) for a, b in ((5, 9), (7, 4), (3, 11))]
    return np.clip(np.stack(waves, -1) + rng.normal(0, 6, (height, width, 3)), 0, 255).astype("u1")


def saved(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def opened(data, mode="RGB"):
    return np.asarray(Image.open(io.BytesIO(data)).convert(mode))


def jpegs():
    rgb = photograph(29, 21)
    image = Image.fromarray(rgb)
    for name, options in {"baseline": {"subsampling": 0}, "subsampled": {"subsampling": 2},
                          "progressive": {"progressive": True}, "restarts": {"restart_marker_rows": 1}}.items():
        data = saved(image, "JPEG", quality=85, **options)
        note(f"{name}.jpg", data, opened(data))
    data = saved(image.convert("L"), "JPEG", quality=85)
    note("grey.jpg", data, opened(data))
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        data = saved(image, "JPEG", quality=85, exif=exif)
        stored = opened(data)
        turned = {1: stored, 2: stored[:, ::-1], 3: stored[::-1, ::-1], 4: stored[::-1],
                  5: stored.transpose(1, 0, 2), 6: np.rot90(stored, -1), 7: stored[::-1, ::-1].transpose(1, 0, 2),
                  8: np.rot90(stored)}[orientation]
        note(f"orientation-{orientation}.jpg", data, turned)
    exif = Image.Exif()
    exif[0x0112] = 6
    note("orientation-6.png", png(rgb.astype(int), 2, 8, [(b"eXIf", exif.tobytes()[6:])]), np.rot90(rgb, -1))
    data = saved(image, "WEBP", lossless=True, exif=exif)
    note("orientation-6.webp", data, np.rot90(rgb, -1))
    # Long enough for two parts of a profile.
    padded = profile(b"RGB ", {**matrix_tags(P3, PARA_SRGB), b"pad ": b"data\0\0\0\0" + rng.bytes(65_000)}, version=4)
    for name, icc in (("profile-p3", PROFILE_P3), ("profile-two-parts", padded)):
        data = saved(image, "JPEG", quality=90, icc_profile=icc)
        note(f"{name}.jpg", data, by_cms(opened(data), PROFILE_P3), 1)
    (here / "inks.jpg").write_bytes(saved(image.convert("CMYK"), "JPEG", quality=85))


def webps():
    rgb = photograph(23, 17)
    alpha = np.clip(np.arange(23)[None, :] * 14 - 20 + np.arange(17)[:, None], 0, 255).astype("u1")
    clear = Image.fromarray(np.dstack([rgb, alpha]))
    data = saved(clear, "WEBP", lossless=True)
    note("lossless.webp", data, np.dstack([rgb, alpha]))
    for name, image in (("lossy", Image.fromarray(rgb)), ("lossy-alpha", clear)):
        data = saved(image, "WEBP", quality=80)
        note(f"{name}.webp", data, opened(data, "RGBA"))
    data = saved(Image.fromarray(rgb), "WEBP", lossless=True, icc_profile=PROFILE_P3)
    note("profile-p3.webp", data, by_cms(rgb, PROFILE_P3), 1)


for make in (png_kinds, png_transparency, strip, colours, moving, gifs, jpegs, webps):
    make()
lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in sorted(expected.items()))
(here / "expected.json").write_text("{\n" + lines + "\n}\n")
