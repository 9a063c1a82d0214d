"""Key points of people and animals for the drawing references, in the JSON that OpenPose writes, with the frame beside it."""
import math

import numpy as np

# A standing figure in a 400 px box: Krita's default joints.
STANDING = np.array([(153, 107), (152, 146), (128, 146), (116, 193), (100, 238), (176, 146), (188, 193), (204, 238), (131, 227),
                     (129, 311), (128, 394), (174, 227), (176, 311), (178, 394), (143, 100), (162, 100), (132, 105), (174, 105)]) / 400


def moved(points, x, y, scale, degrees=0, mirror=False):
    """Turns about the figure's middle, scales, shifts."""
    centred = (points - (.38, .62)) * ((-1 if mirror else 1), 1) * scale
    a = math.radians(degrees)
    return centred @ np.array([[math.cos(a), math.sin(a)], [-math.sin(a), math.cos(a)]]) + (x, y)


def hand(wrist, size, degrees):
    """Five fans of four points from the wrist."""
    points = [(0, 0)] + [(size * (.35 + .2 * j) * math.cos(a), size * (.35 + .2 * j) * math.sin(a))
                         for a in (math.radians(degrees - 50 + 25 * f) for f in range(5)) for j in range(1, 5)]
    return np.array(points) + wrist


def face(centre, size):
    """70 points: jaw, brows, nose, eyes, mouth, pupils."""
    arc = [(math.cos(a), math.sin(a)) for a in np.linspace(math.pi, 0, 17)]
    brows = [(-.75 + .12 * i, -.45 - .05 * (i % 3)) for i in range(5)] + [(.27 + .12 * i, -.45 - .05 * (i % 3)) for i in range(5)]
    nose = [(0, -.3 + .12 * i) for i in range(4)] + [(-.16 + .08 * i, .16) for i in range(5)]
    eyes = [(s * .42 + .15 * math.cos(a), -.25 + .07 * math.sin(a)) for s in (-1, 1) for a in np.arange(6) * math.pi / 3]
    mouth = [(.35 * math.cos(a), .5 + .15 * math.sin(a)) for a in np.arange(12) * math.pi / 6]
    inner = [(.22 * math.cos(a), .5 + .05 * math.sin(a)) for a in np.arange(8) * math.pi / 4]
    return np.array(arc + brows + nose + eyes + mouth + inner + [(-.42, -.25), (.42, -.25)]) * size + centre


def flat(points, missing=(), digits=5):
    """[x, y, confidence, ...]; a missing point is three zeros."""
    return [v for i, (x, y) in enumerate(points)
            for v in ((0, 0, 0) if i in missing else (round(float(x), digits), round(float(y), digits), 1))]


def person(body, missing=(), left=None, right=None, head=None, digits=5):
    return {"pose_keypoints_2d": flat(body, missing, digits),
            **({"hand_left_keypoints_2d": flat(*left, digits=digits)} if left else {}),
            **({"hand_right_keypoints_2d": flat(*right, digits=digits)} if right else {}),
            **({"face_keypoints_2d": flat(head, (), digits)} if head is not None else {})}


def sheet(width, height, *people):
    return {"canvas_width": width, "canvas_height": height, "people": list(people)}


def shared():
    """name -> pose JSON"""
    tall = moved(STANDING, .5, .52, .9)
    crouched = moved(STANDING * (1, .8), .5, .6, 1.1, 12)
    edge = moved(STANDING, .5, .5, 1.3, -30) * (333, 201)
    edge[4], edge[7], edge[10] = (-14.5, 60.5), (345.5, 20.5), (120.5, 215.5)         # outside the canvas
    edge[3] = edge[2]                                                                 # a limb without length
    return {
        "one": sheet(512, 512, person(tall)),
        "missing": sheet(512, 512, person(tall, (4, 5, 6, 13, 15, 17)), person(moved(STANDING, .2, .4, .4), range(1, 18))),
        "crowd": sheet(640, 384, person(moved(STANDING, .3, .5, .95)), person(moved(STANDING, .4, .55, .8, 25, True)),
                       person(moved(STANDING, .72, .5, .6, -75), (16,))),
        "hands-and-face": sheet(512, 768, person(crouched, (), (hand(crouched[7], .07, 60),), (hand(crouched[4], .07, 140),),
                                                 face(crouched[0], .09))),
        "one-hand": sheet(384, 384, person(tall, (5, 6, 7), None, (hand(tall[4], .2, 100), (0, 7, 8, 19)))),
        "far": sheet(256, 256, person(moved(STANDING, .3, .4, .08)), person(moved(STANDING, .6, .6, .15, 180))),
        "border-pixels": sheet(333, 201, person(np.floor(edge) + .5, (16, 17), digits=1)),
        "nobody": sheet(64, 48),
    }


def animals():
    """name -> JSON with 17 AP-10K points per animal, in pixels."""
    dog = np.array([(70, 60), (90, 60), (80, 78), (110, 90), (230, 100), (115, 130), (112, 165), (108, 200), (135, 130), (138, 166),
                    (140, 204), (215, 135), (225, 170), (218, 205), (240, 132), (252, 168), (250, 203)], float)
    return {"dogs": {"canvas_width": 320, "canvas_height": 256, "people": [], "animals": [flat(dog, (), 1), flat(dog * .5 + (150, 10), (6, 7, 0), 1)]}}
