"""Makes the golden maps: every expected result comes from somebody else's code. See README.md.

    python make_references.py                    write sources/, inputs/, expected/ and references.json
    python make_references.py --check            make everything again and compare with what is stored
    python make_references.py --check --only canny
"""
import argparse
import json
import math
import sys
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

import sources

HERE = Path(__file__).parent
EXACT = {"level": 0, "share": 0, "mean": 0}
WITHIN_1 = {"level": 1, "share": 0, "mean": .5}


def kind_of(array):
    return "png" if array.dtype == np.uint8 and (array.ndim == 2 or array.shape[-1] in (3, 4)) else "npy"


class Book:
    """Collects references: writes them, or compares them with what is stored."""

    def __init__(self, root, check, only):
        self.root, self.check, self.only, self.entries, self.unequal = root, check, only, [], []
        self.pictures, self.inputs, self.used = {}, {}, set()
        for part in ("sources", "expected", "inputs"):
            (root / part).mkdir(exist_ok=True)

    def source(self, name, pixels):
        self.pictures[name] = pixels

    def save(self, file, value):
        path = self.root / file
        if file.endswith(".json"):
            write = lambda: path.write_text(json.dumps(value, indent=1) + "\n")
            same = lambda: json.loads(path.read_text()) == json.loads(json.dumps(value))
        elif file.endswith(".npy"):
            write = lambda: np.save(path, np.ascontiguousarray(value))
            same = lambda: np.array_equal(np.load(path), value, equal_nan=True)
        else:
            write = lambda: Image.fromarray(value).save(path, optimize=True)
            same = lambda: np.array_equal(np.array(Image.open(path)), value)
        if not self.check:
            write()
        elif not same():
            self.unequal.append(file)
            if not file.endswith(".json"):
                stored = np.load(path) if file.endswith(".npy") else np.array(Image.open(path))
                apart = np.abs(stored.astype(np.float64) - value) if stored.shape == np.shape(value) else np.array([math.inf])
                print(f"{file}: {np.mean(apart > 0):.3%} of the values differ, by up to {apart.max():g}, mean {apart.mean():.2g}")
        return file

    def input(self, name, value):
        """One file for each different array."""
        key = value.tobytes() + str(value.shape).encode()
        if key not in self.inputs:
            self.inputs[key] = self.save(f"inputs/{name}.{kind_of(value)}", value)
        return self.inputs[key]

    def add(self, name, variant, result, by, source=None, options=None, tolerance=EXACT, inputs=None, kind="condition", note=None):
        ident = f"{name}-{source}-{variant}" if source and variant else f"{name}-{source or variant}"
        if self.only and not ident.startswith(self.only):
            return
        if source and source not in self.used:
            self.used.add(source)
            self.save(f"sources/{source}.png", self.pictures[source])
        file = f"expected/{ident}." + (kind_of(result) if isinstance(result, np.ndarray) else "json")
        stored = {key: self.input(f"{ident}-{key}", value) if isinstance(value, np.ndarray) else value for key, value in (inputs or {}).items()}
        self.entries.append({key: value for key, value in {
            "id": ident, "kind": kind, "name": name, "source": source and f"sources/{source}.png", "inputs": stored,
            "options": options or {}, "expected": self.save(file, result), "by": by, "tolerance": tolerance, "note": note}.items()
            if value is not None and value != {} or key == "options"})


def over(pixels, matte):
    """RGB of a picture with transparency on a plain ground, by Pillow (rounds; the annotators' HWC3 cuts off)."""
    if pixels.shape[2] == 3:
        return pixels
    ground = Image.new("RGBA", pixels.shape[1::-1], {"white": (255,) * 4, "black": (0, 0, 0, 255)}[matte])
    return np.ascontiguousarray(np.array(Image.alpha_composite(ground, Image.fromarray(pixels)))[..., :3])


def canny(book, cases):
    for source, low, high, extra in cases:
        pixels = book.pictures[source]
        options = {"low": low, "high": high, **extra}
        soft = pixels.shape[2] == 4 and len(np.unique(pixels[..., 3])) > 2
        share = .005 if source == "feather" else .001
        rgb = over(pixels, extra.get("matte", "black"))
        result = cv2.Canny(rgb, low, high, apertureSize=extra.get("aperture", 3), L2gradient=extra.get("l2", False))
        variant = "-".join([f"{low:g}-{high:g}", *(f"{k}" if v is True else f"{k}{v}" if k == "aperture" else f"{v}" for k, v in extra.items())])
        book.add("canny", variant, result, "cv2.Canny(rgb, low, high, apertureSize, L2gradient)", source, options,
                 {"level": 0, "share": share, "mean": 255 * share} if soft else EXACT,
                 note="soft alpha: rounding when compositing moves single pixels" if soft else None)


CANNY = [("chelsea", 100, 200, {}), ("chelsea", 80, 200, {}), ("chelsea", 50, 150, {}), ("chelsea", 200, 100, {}), ("chelsea", 1, 255, {}),
         ("chelsea", 99.6, 200.4, {}), ("astronaut", 100, 200, {}), ("astronaut", 30, 90, {}), ("camera", 100, 200, {}),
         ("camera", 255, 255, {}), ("rocket", 100, 200, {}), ("rocket", 20, 60, {}), ("brick", 100, 200, {}), ("corner-text", 60, 120, {}),
         ("lettering", 100, 200, {}), ("ink", 100, 200, {}), ("shapes", 100, 200, {}), ("gradients", 10, 20, {}), ("gradients", 1, 1, {}),
         ("noise", 100, 200, {}), ("noise", 0, 0, {}), ("noise", 600, 1200, {}), ("noise", 2039, 2040, {}),
         ("badge", 100, 200, {"matte": "black"}), ("badge", 100, 200, {"matte": "white"}), ("icon", 100, 200, {"matte": "black"}),
         ("icon", 100, 200, {"matte": "white"}), ("feather", 100, 200, {"matte": "black"}), ("feather", 100, 200, {"matte": "white"}),
         ("flat", 100, 200, {}), ("flat", 0, 0, {}), ("pixel", 100, 200, {}), ("row", 100, 200, {}), ("column", 100, 200, {}),
         ("two", 100, 200, {}), ("stair", 100, 200, {}),
         ("chelsea", 100, 200, {"l2": True}), ("noise", 100, 200, {"l2": True}), ("chelsea", 99.6, 200.4, {"l2": True}),
         ("chelsea", 400, 900, {"aperture": 5}), ("noise", 2000, 4000, {"aperture": 5}), ("camera", 6000, 12000, {"aperture": 7}),
         ("gradients", 900, 1800, {"aperture": 7}), ("camera", 6000, 12000, {"aperture": 7, "l2": True})]


def annotator(book, outside):
    """Canny by controlnet_aux."""
    for source, low, high in (("chelsea", 100, 200), ("astronaut", 50, 100)):
        result = outside.auxiliary("canny").CannyDetector()(book.pictures[source], low, high, detect_resolution=256, image_resolution=256)
        book.add("canny", f"{low}-{high}-annotator", result, "controlnet_aux CannyDetector, resolution 256 (no resize)", source, {"low": low, "high": high})


def web_ui(book, ui):
    """Resized and thinned maps by the functions of sd-webui-controlnet."""
    by = "sd-webui-controlnet 56cec5b "
    maps = {"canny": cv2.Canny(book.pictures["chelsea"], 100, 200), "scribble": book.pictures["shapes"][..., 0],
            "depth": np.clip(sources.relief(192, 128, 5) * 22, 0, 255).astype(np.uint8),
            "classes": np.array([[6, 230, 230], [4, 200, 3], [140, 140, 140], [150, 5, 61]], np.uint8)[sources.classes(160, 120, [0, 1, 2, 3])]}
    for name, pixels in maps.items():
        pixels = pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, 2)
        height, width = pixels.shape[:2]
        for new in ((width * 3 // 2, height * 3 // 2), (width // 2, height // 2), (width + 37, height - 21), (width, height)):
            result = ui.high_quality_resize(pixels.copy(), new)
            book.add("resize-map", f"{name}-{new[0]}x{new[1]}", result, by + "high_quality_resize(map, (width, height))",
                     options={"width": new[0], "height": new[1]}, inputs={"map": np.ascontiguousarray(pixels)},
                     tolerance={"canny": {"level": 0, "share": .002, "mean": .5}, "scribble": {"level": 0, "share": .001, "mean": .26},
                                "depth": WITHIN_1, "classes": EXACT}[name] if new != (width, height) else EXACT, kind="operation")
    for name in ("canny", "scribble"):
        binary = maps[name]
        for prune in (False, True):
            book.add("thin", f"{name}{'-pruned' if prune else ''}", ui.lvmin_thin(binary.copy(), prunings=prune), by + "lvmin_thin(map, prunings)",
                     options={"prune": prune}, inputs={"map": binary}, kind="operation")


def operations(book):
    """The arithmetic below the conditions."""
    def add(name, variant, result, by, source, options=None, tolerance=EXACT, note=None):
        book.add(name, variant, result, by, source, options, tolerance, None, "operation", note)

    for source in ("chelsea", "ink", "row"):
        book.add("invert", "", cv2.bitwise_not(book.pictures[source]), "cv2.bitwise_not(rgb)", source)
    filters = {"nearest": (cv2.INTER_NEAREST, EXACT), "linear": (cv2.INTER_LINEAR, WITHIN_1), "cubic": (cv2.INTER_CUBIC, WITHIN_1),
               "area": (cv2.INTER_AREA, WITHIN_1)}
    for name, (flag, tolerance) in filters.items():
        for source, width, height in (("noise", 64, 40), ("noise", 131, 90), ("noise", 33, 61), ("noise", 49, 31), ("brick", 128, 128),
                                      ("stair", 9, 15), ("row", 20, 1), ("pixel", 3, 3)):
            before = book.pictures[source].shape
            if name == "area" and (width > before[1] or height > before[0]):
                continue                                                               # enlarging by area is another filter
            add(f"resize-{name}", f"{width}x{height}", cv2.resize(book.pictures[source], (width, height), interpolation=flag),
                f"cv2.resize(rgb, (width, height), INTER_{name.upper()})", source, {"width": width, "height": height}, tolerance)

    for source in ("chelsea", "ink", "gradients"):
        gray = book.pictures[source][..., 1]
        level, binary = cv2.threshold(gray, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
        add("otsu", "", binary, "cv2.threshold(green channel, THRESH_BINARY + THRESH_OTSU)", source, {"found": level})
    for source in ("icon", "badge", "feather"):
        for matte in ("white", "black"):
            add("matte", matte, over(book.pictures[source], matte), "PIL.Image.alpha_composite over opaque " + matte, source, {"matte": matte},
                EXACT if source == "badge" else WITHIN_1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    parser.add_argument("--only", default="", help="only references whose id starts so")
    parser.add_argument("--webui", help="a checkout of Mikubill/sd-webui-controlnet at 56cec5b")
    parser.add_argument("--opencv-only", action="store_true", help="leave out what needs torch, controlnet_aux and --webui")
    options = parser.parse_args()
    book = Book(HERE, options.check, options.only)
    told = {}
    for name, (pixels, what) in sources.shared().items():
        book.source(name, pixels)
        told[name] = what
    canny(book, CANNY)
    operations(book)
    if not options.opencv_only:
        import outside
        annotator(book, outside)
        if not options.webui:
            sys.exit("Nothing is stored without --webui: some references come from that code.")
        web_ui(book, outside.WebUI(options.webui))
    if not options.check and not options.only and not options.opencv_only:
        book.save("references.json", {"version": 1, "opencv": cv2.__version__, "sources": {name: what for name, what in told.items() if name in book.used}, "references": book.entries})
    print(f"OpenCV {cv2.__version__}: {len(book.entries)} references, {len(book.unequal)} files unequal")
    return 1 if book.unequal else 0


if __name__ == "__main__":
    sys.exit(main())
