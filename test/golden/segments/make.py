"""Makes the goldens of straight lines with OpenCV: how lines are drawn, and which segments its detector finds.

    pip install opencv-python-headless==4.14.0.* numpy
    python make.py

lines.json     lines of many thicknesses on canvases that often cut them, and the CRC-32 of the canvas (a byte a pixel, 0 or 255)
segments.json  the segments of cv2.createLineSegmentDetector, in two of its refinements, at least 15 pixels long
house.png      a drawn house on a ground with noise, the one picture that lies here; the others are those of ../conditions
"""
import json
import zlib
from pathlib import Path

import cv2
import numpy as np

HERE = Path(__file__).parent


def lines():
    random = np.random.default_rng(11)
    cases = []
    for thickness in [1] * 400 + [2] * 300 + [5] * 300 + [3, 4, 7, 12, 30] * 40:
        width, height = (int(v) for v in random.integers(1, 90, 2))
        reach = int(random.choice([8, 100, 2000]))
        line = [int(v) for v in random.integers(-reach, width + reach, 4)]
        if random.random() < .1:
            line[2] = line[0]
        if random.random() < .1:
            line[3] = line[1]
        canvas = np.zeros((height, width), np.uint8)
        cv2.line(canvas, line[:2], line[2:], 255, thickness)
        cases.append([width, height, thickness, line, zlib.crc32(canvas.tobytes())])
    return cases


def house():
    """Strokes of 3 pixels, as a person draws a house."""
    side, ink = 384, 30
    picture = np.full((side, side), 245, np.uint8)

    def stroke(*points):
        cv2.polylines(picture, [np.array(points, np.int32)], False, ink, 3, cv2.LINE_AA)

    stroke((75, 180), (192, 75), (309, 180))
    stroke((60, 180), (324, 180))
    stroke((82, 180), (82, 322))
    stroke((302, 180), (302, 322))
    stroke((38, 322), (346, 322))
    stroke((170, 322), (170, 232), (216, 232), (216, 322))
    stroke((105, 210), (150, 210), (150, 255), (105, 255), (105, 210))
    stroke((127, 210), (127, 255))
    stroke((105, 232), (150, 232))
    cv2.rectangle(picture, (234, 210), (279, 255), 120, -1)
    stroke((240, 117), (240, 82), (262, 82), (262, 137))
    noise = np.random.default_rng(1).normal(0, 4, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def segments():
    cv2.imwrite(str(HERE / "house.png"), house())
    found = []
    for name in ("segments/house.png", *(f"conditions/sources/{name}.png" for name in ("astronaut", "rocket", "camera", "brick", "shapes"))):
        gray = cv2.cvtColor(cv2.imread(str(HERE.parent / name)), cv2.COLOR_BGR2GRAY)
        for refine, mode in (("standard", cv2.LSD_REFINE_STD), ("advanced", cv2.LSD_REFINE_ADV)):
            ends = cv2.createLineSegmentDetector(mode).detect(gray)[0].reshape(-1, 4)
            long = ends[np.hypot(ends[:, 2] - ends[:, 0], ends[:, 3] - ends[:, 1]) >= 15]
            found.append({"picture": name, "refine": refine, "segments": [[round(float(v), 2) for v in line] for line in long]})
    return found


def write(name, rows):
    (HERE / name).write_text("[\n" + ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows) + "\n]\n")


write("lines.json", lines())
write("segments.json", segments())
