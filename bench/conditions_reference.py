"""What bench/conditions.ts compares with: the same work by OpenCV and NumPy, as the annotators do it.

Reads one line of JSON after the other from standard input and answers each with one. The first names the picture: its raw RGB bytes, width and
height. Then {"case": ..., "options": ...} runs a case once and gives its time in milliseconds.
"""
import json
import math
import sys
import time

import cv2
import numpy as np


def smooth(picture, sigma):
    return cv2.GaussianBlur(picture.astype(np.float32), (0, 0), sigma)


def three(gray):
    return np.repeat(gray[..., None], 3, 2)


def scribble_xdog(picture, threshold):
    apart = np.min(smooth(picture, 5.0) - smooth(picture, .5), axis=2).clip(0, 255)
    return three(np.where(2 * np.ceil(apart) > threshold, 255, 0).astype(np.uint8))


def lineart_standard(picture, sigma, threshold):
    x = picture.astype(np.float32)
    depth = np.min(cv2.GaussianBlur(x, (0, 0), sigma) - x, axis=2).clip(0, 255)
    depth /= max(16, np.median(depth[depth > threshold])) if (depth > threshold).any() else 16
    return three((depth * 127).clip(0, 255).astype(np.uint8))


def scribble_softedge(picture):
    x = smooth(picture.mean(2).astype(np.uint8), 3.0)
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
    return three(((gray.astype(np.float32) / 255) ** gamma * 255).clip(0, 255).astype(np.uint8))


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
    return three(cv2.threshold(picture.min(2), level, 255, kind)[1])


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
}


def main():
    cv2.setNumThreads(1)
    first = json.loads(sys.stdin.readline())
    picture = np.fromfile(first["file"], np.uint8).reshape(first["height"], first["width"], 3)
    answer = {"about": f"Python {sys.version.split()[0]}, OpenCV {cv2.__version__}, NumPy {np.__version__}, one thread", "cases": list(CASES)}
    print(json.dumps(answer), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        begun = time.perf_counter()
        CASES[asked["case"]](picture, **asked["options"])
        print(json.dumps({"ms": (time.perf_counter() - begun) * 1e3}), flush=True)


if __name__ == "__main__":
    main()
