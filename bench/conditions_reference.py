"""What bench/conditions.ts compares with: the same work by OpenCV and NumPy, in two ways.

As the annotators write it, line by line; and, with "quick", with the quickest calls that we know for the same work, since
NumPy's smallest of three channels, for one, takes thirty times as long along the last axis as between three views.
The mean of three channels is no annotator's step, and quick in both.

Reads one line of JSON after the other from standard input and answers each with one. The first names the picture: its raw RGB bytes, width and
height. Then {"case": ..., "options": ..., "quick": ...} runs a case once and gives its time in milliseconds.
"""
import json
import math
import sys
import time

import cv2
import numpy as np


quick = False


def smooth(picture, sigma):
    return cv2.GaussianBlur(picture.astype(np.float32), (0, 0), sigma)


def three(gray):
    # The annotators' HWC3.
    return cv2.merge((gray, gray, gray)) if quick else np.concatenate([gray[..., None]] * 3, axis=2)


def lowest(picture):
    if not quick:
        return np.min(picture, axis=2)
    first, second, third = cv2.split(picture)
    return cv2.min(cv2.min(first, second), third)


def mean(picture):
    return cv2.transform(picture, np.full((1, 3), 1 / 3, np.float32))


def whole(picture):
    """0 to 255 in 8 bits, cut off."""
    return picture.clip(0, 255).astype(np.uint8)


def scribble_xdog(picture, threshold):
    apart = lowest(smooth(picture, 5.0) - smooth(picture, .5))
    if quick:
        return three((apart > threshold // 2).view(np.uint8) * np.uint8(255))
    return three(np.where(2 * np.ceil(apart.clip(0, 255)) > threshold, 255, 0).astype(np.uint8))


def lineart_standard(picture, sigma, threshold):
    x = picture.astype(np.float32)
    depth = lowest(cv2.GaussianBlur(x, (0, 0), sigma) - x).clip(0, 255)
    depth /= max(16, np.median(depth[depth > threshold])) if (depth > threshold).any() else 16
    return three(whole(depth * 127))


def scribble_softedge(picture):
    x = smooth(mean(picture), 3.0)
    lines = np.zeros((4, 3, 3), np.uint8)
    lines[0, 1], lines[1, :, 1], lines[2], lines[3] = 1, 1, np.eye(3), np.eye(3)[::-1]
    ridge = np.zeros_like(x)
    for line in lines:
        np.putmask(ridge, cv2.dilate(x, line) == x, x)
    strokes = cv2.GaussianBlur((ridge > 127).astype(np.uint8) * 255, (0, 0), 3.0)
    return three((strokes > 4).astype(np.uint8) * 255)


def tile(picture, rate):
    height, width = picture.shape[:2]
    small = cv2.resize(picture, (int(width / rate), int(height / rate)), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)


def recolour(picture, mode, gamma):
    gray = cv2.cvtColor(picture, cv2.COLOR_RGB2LAB)[..., 0] if mode == "luminance" else cv2.cvtColor(picture, cv2.COLOR_RGB2HSV)[..., 2]
    if quick:
        return three(cv2.LUT(gray, whole((np.arange(256, dtype=np.float32) / 255) ** gamma * 255)))
    return three(whole((gray.astype(np.float32) / 255) ** gamma * 255))


def colour_grid(picture):
    height, width = picture.shape[:2]
    cells = cv2.resize(picture, (width // 64, height // 64), interpolation=cv2.INTER_CUBIC)
    return cv2.resize(cells, (width, height), interpolation=cv2.INTER_NEAREST)


def field(width, height):
    noise = np.random.uniform(0, 1, (math.floor(height / 256) + 2, math.floor(width / 256) + 2, 1))
    noise = cv2.resize(noise, (width + 512, height + 512), interpolation=cv2.INTER_CUBIC)[256:256 + height, 256:256 + width]
    noise -= noise.min()
    return noise / noise.max()


def shuffle(picture):
    height, width = picture.shape[:2]
    x, y = field(width, height) * (width - 1), field(width, height) * (height - 1)
    return cv2.remap(picture, np.stack([x, y], 2).astype(np.float32), None, cv2.INTER_LINEAR)


def threshold(picture, level, kind):
    return three(cv2.threshold(lowest(picture), level, 255, kind)[1])


def straight_lines(picture):
    found = cv2.createLineSegmentDetector().detect(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY))[0]
    drawn = np.zeros(picture.shape, np.uint8)
    for x1, y1, x2, y2 in [] if found is None else np.rint(found[:, 0]).astype(int).tolist():
        cv2.line(drawn, (x1, y1), (x2, y2), (255, 255, 255), 1)
    return drawn


def palette(picture, colours):
    lab = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2LAB).reshape(-1, 3)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 10, 1.0)
    _, labels, centres = cv2.kmeans(lab, colours, None, stop, 1, cv2.KMEANS_PP_CENTERS)
    shown = cv2.cvtColor(centres[None], cv2.COLOR_LAB2RGB)[0]
    return (shown[labels[:, 0]] * 255).clip(0, 255).astype(np.uint8).reshape(picture.shape)


def normal_depth(picture, smooth):
    depth = mean(picture).astype(np.float32) / 255
    if smooth > 0:
        depth = cv2.GaussianBlur(depth, (0, 0), smooth)
    across, down = cv2.Sobel(depth, cv2.CV_32F, 1, 0, ksize=3), cv2.Sobel(depth, cv2.CV_32F, 0, 1, ksize=3)
    if quick:
        scale = 127.5 / np.sqrt(across * across + down * down + np.float32(8 / min(depth.shape)) ** 2)
        return whole(cv2.merge((across * scale, down * scale, np.float32(8 / min(depth.shape)) * scale)) + 127.5)
    normal = np.stack([across, down, np.full_like(depth, 8 / min(depth.shape))], axis=2)
    normal /= np.sum(normal ** 2.0, axis=2, keepdims=True) ** .5
    return whole(normal * 127.5 + 127.5)


CASES = {
    "invert": lambda picture: 255 - picture,
    "threshold": lambda picture, threshold=127: globals()["threshold"](picture, threshold, cv2.THRESH_BINARY),
    "scribble": lambda picture: threshold(picture, 126, cv2.THRESH_BINARY_INV),
    "scribble-xdog": lambda picture, threshold=32: scribble_xdog(picture, threshold),
    "scribble-softedge": scribble_softedge,
    "lineart-standard": lambda picture, sigma=6.0, threshold=8: lineart_standard(picture, sigma, threshold),
    "blur": lambda picture, sigma=9: cv2.GaussianBlur(picture, (0, 0), sigma),
    "tile": lambda picture, rate=1: tile(picture, rate),
    "recolour": lambda picture, mode="luminance", gamma=1: recolour(picture, mode, gamma),
    "shuffle": lambda picture, seed=0: shuffle(picture),
    "colour-grid": lambda picture: colour_grid(picture),
    "straight-lines": straight_lines,
    "palette": palette,
    "normal-depth": normal_depth,
}


def main():
    global quick
    cv2.setNumThreads(1)
    first = json.loads(sys.stdin.readline())
    picture = np.fromfile(first["file"], np.uint8).reshape(first["height"], first["width"], 3)
    answer = {"about": f"Python {sys.version.split()[0]}, OpenCV {cv2.__version__}, NumPy {np.__version__}, one thread", "cases": list(CASES)}
    print(json.dumps(answer), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        quick = asked["quick"]
        begun = time.perf_counter()
        CASES[asked["case"]](picture, **asked["options"])
        print(json.dumps({"ms": (time.perf_counter() - begun) * 1e3}), flush=True)


if __name__ == "__main__":
    main()
