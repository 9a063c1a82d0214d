"""Makes the references of poses with other people's code and with plain NumPy. Writes shapes.json and nets.json beside itself.

    pip install numpy==2.4.6 opencv-python-headless==4.14.0.*
    python make.py

shapes.json: limbs as the pose annotators draw them with OpenCV's ellipse2Poly and fillConvexPoly, on small canvases that
cut most of them; each is told by the SHA-256 of its mask.
nets.json: what is decoded from the answers of detectors. The answers themselves are noise from a generator that the test
has too (`noise`), with peaks planted in them, so that no tensor need be stored.
"""
import hashlib
import json
import math
import pathlib

import cv2
import numpy as np

HERE = pathlib.Path(__file__).parent


def noise(seed, count):
    """Numbers from 0 to 1 - 2^-24, the same in the test: a linear congruential generator's upper 24 bits."""
    state, out = seed, np.empty(count)
    for i in range(count):
        state = (state * 1664525 + 1013904223) % 2**32
        out[i] = (state >> 8) / 2**24
    return out


def shapes():
    random = np.random.default_rng(20)
    cases = []
    for i in range(600):
        width, height = (int(v) for v in random.integers(1, 140, 2))
        ax, ay, bx, by = (float(v) for v in np.round(random.uniform(-60, 200, 4), 2))
        if i % 3 == 0:
            ax, ay, bx, by = (math.floor(v) + (.5 if i % 2 else 0) for v in (ax, ay, bx, by))
        if i % 7 == 0:
            bx, by = ax + (bx - ax) * 20, ay + (by - ay) * 20
        if i % 31 == 0:
            bx, by = ax, ay
        half = int(random.choice([4, 4, 4, 1, 8, 28]))
        length = ((ax - bx) ** 2 + (ay - by) ** 2) ** .5
        angle = int(math.degrees(math.atan2(ay - by, ax - bx)))
        mask = np.zeros((height, width), np.uint8)
        cv2.fillConvexPoly(mask, cv2.ellipse2Poly((int((ax + bx) / 2), int((ay + by) / 2)), (int(length / 2), half), angle, 0, 360, 1), 255)
        if not mask.any() and i % 20:
            continue
        cases.append({"width": width, "height": height, "from": [ax, ay], "to": [bx, by], "halfWidth": half, "painted": int((mask > 0).sum()),
                      "sha256": hashlib.sha256(mask.tobytes()).hexdigest()})
    return cases


def yolox(seed, plants, width, height):
    """Decodes boxes of class 0 as the description of YOLOX has it: grids, strides, NMS at .45 among scores above .1, those above .3."""
    cells = sum((640 // s) ** 2 for s in (8, 16, 32))
    answer = noise(seed, cells * 85).reshape(cells, 85) * .3
    for cell, values in plants:
        answer[cell, :6] = values
    answer = answer.astype(np.float32).astype(np.float64)
    grid = np.concatenate([np.stack(np.meshgrid(np.arange(640 // s), np.arange(640 // s)), -1).reshape(-1, 2) for s in (8, 16, 32)])
    stride = np.concatenate([np.full((640 // s) ** 2, s) for s in (8, 16, 32)])[:, None]
    centre, size = (answer[:, :2] + grid) * stride, np.exp(answer[:, 2:4]) * stride
    scale = min(640 / width, 640 / height)
    boxes = np.concatenate([centre - size / 2, centre + size / 2], 1) / scale
    score = answer[:, 4] * answer[:, 5]
    order = [i for i in np.argsort(-score, kind="stable") if score[i] > .1]
    if not order:
        return []
    kept = []
    for i in order:
        def overlap(j):
            wide = np.maximum(0, np.minimum(boxes[i, 2:], boxes[j, 2:]) - np.maximum(boxes[i, :2], boxes[j, :2]) + 1)
            area = lambda k: np.prod(boxes[k, 2:] - boxes[k, :2] + 1)
            return wide.prod() / (area(i) + area(j) - wide.prod())
        if all(overlap(j) <= .45 for j in kept):
            kept.append(i)
    found = [[*map(float, boxes[i]), float(score[i])] for i in kept if score[i] > .3]
    return found or [[0, 0, width, height, None]]


def simcc(seed, peaks, box):
    """Crops, decodes and sorts the joints as the description of DW pose has it."""
    across, down = (noise(seed + k, 133 * n).reshape(133, n) * .2 for k, n in enumerate((576, 768)))
    for joint, column, row, one, other in peaks:
        across[joint, column], down[joint, row] = one, other
    across, down = across.astype(np.float32).astype(np.float64), down.astype(np.float32).astype(np.float64)
    left, top, right, bottom = box
    centre, size = np.array([(left + right) / 2, (top + bottom) / 2]), np.array([right - left, bottom - top]) * 1.25
    size = np.array([size[0], size[0] * 4 / 3]) if size[0] > size[1] * .75 else np.array([size[1] * .75, size[1]])
    place = np.stack([across.argmax(1), down.argmax(1)], 1) / 2
    score = np.minimum(across.max(1), down.max(1))
    place = place / (288, 384) * size + centre - size / 2
    points = [[float(x), float(y), float(s)] for (x, y), s in zip(place, score)]
    neck = [*((np.array(points[5][:2]) + points[6][:2]) / 2).tolist(), 1.0 if min(points[5][2], points[6][2]) > .3 else 0.0]
    sheet = points[:17] + [neck] + points[17:]
    body = sheet[:18]
    for to, source in zip([1, 2, 3, 4, 6, 7, 8, 9, 10, 12, 13, 14, 15, 16, 17], [17, 6, 8, 10, 7, 9, 12, 14, 16, 13, 15, 2, 1, 4, 3]):
        body[to] = sheet[source]
    seen = lambda part: [None if p[2] < .3 else [p[0], p[1], min(p[2], 1)] for p in part]
    return {"look": [*(centre - size / 2).tolist(), *size.tolist()], "points": points, "body": seen(body),
            "face": seen(sheet[24:92]) + seen([body[14], body[15]]), "leftHand": seen(sheet[92:113]), "rightHand": seen(sheet[113:134])}


def crop(look):
    """The same crop by cv2.warpAffine of a drawn picture, in places: [row, column, channel, value]."""
    rows, columns = np.mgrid[0:90, 0:120]
    picture = np.stack([(rows * 5 + columns * 2) % 256, (columns * 7) % 256, (rows * columns) % 256], -1).astype(np.uint8)
    x, y, width, height = look
    matrix = np.array([[288 / width, 0, -x * 288 / width], [0, 384 / height, -y * 384 / height]])
    warped = cv2.warpAffine(picture, matrix, (288, 384), flags=cv2.INTER_LINEAR)
    normal = (warped.astype(np.float64) - (123.675, 116.28, 103.53)) / (58.395, 57.12, 57.375)
    return [[r, c, k, float(normal[r, c, k])] for r in range(3, 384, 29) for c in range(2, 288, 23) for k in range(3)]


def nets():
    # Two people, a second box of the first one, one that no score is high enough for, one that lies partly outside.
    plants = [(80 * 20 + 30, [.5, .5, 3.2, 3.9, .95, .9]), (80 * 20 + 31, [-.4, .6, 3.1, 3.95, .9, .8]), (6400 + 40 * 10 + 33, [.2, .7, 2.1, 2.6, .8, .7]),
              (6400 + 1600 + 20 * 15 + 2, [.1, .2, 1.2, 1.5, .5, .4]), (8399, [.9, .9, 1.5, 1.1, .75, .75])]
    unsure = [(80 * 20 + 30, [.5, .5, 3.2, 3.9, .5, .5])]
    random = np.random.default_rng(21)
    peaks = [[j, int(random.integers(576)), int(random.integers(768)), round(float(random.uniform(.25, 1.1)), 3), round(float(random.uniform(.25, 1.1)), 3)]
             for j in range(133)]
    low = [[*p[:3], .29 if p[0] in (5, 9, 100) else p[3], p[4]] for p in peaks]
    looks = [[20.5, 10.25, 60, 80], [-10, -20, 150, 200], [5, 5, 300, 400]]
    return {
        "yolox": [{"seed": 7, "plants": p, "width": w, "height": h, "boxes": yolox(7, p, w, h)}
                  for p, w, h in ((plants, 1280, 960), (plants, 333, 501), (unsure, 512, 512), ([], 512, 512))],
        "simcc": [{"seed": 40 + i, "peaks": p, "box": b, **simcc(40 + i, p, b)} for i, (p, b) in
                  enumerate(((peaks, [100, 50, 300, 550]), (low, [-20.5, 10, 400.25, 90]), (peaks[:60], [0, 0, 512, 512])))],
        "crop": [{"look": look, "places": crop(look)} for look in looks],
    }


if __name__ == "__main__":
    (HERE / "shapes.json").write_text("[\n" + ",\n".join(json.dumps(c) for c in shapes()) + "\n]\n")
    (HERE / "nets.json").write_text(json.dumps(nets(), separators=(",", ":")) + "\n")
