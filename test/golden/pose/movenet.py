"""The joints that MoveNet sees in a photo, by onnxruntime and OpenCV's area filter: writes movenet.json beside itself.

    pip install numpy==2.4.6 opencv-python-headless==5.0.0.93 onnxruntime==1.32.0
    python movenet.py ../../../models/pose/pack/movenet-lightning.onnx

The photo is ../conditions/sources/astronaut.png: laid into the middle of a black square of its longer side, scaled to 192.
"""
import json
import pathlib
import sys

import cv2
import numpy as np
import onnxruntime

HERE = pathlib.Path(__file__).parent
photo = cv2.cvtColor(cv2.imread(str(HERE / "../conditions/sources/astronaut.png")), cv2.COLOR_BGR2RGB)
height, width = photo.shape[:2]
size = max(width, height)
square = np.zeros((size, size, 3), np.uint8)
left, top = (size - width) // 2, (size - height) // 2
square[top:top + height, left:left + width] = photo
seen = cv2.resize(square, (192, 192), interpolation=cv2.INTER_AREA)
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(sys.argv[1], options)
answer = session.run(["joints"], {"input": seen[None].astype(np.int32)})[0].reshape(17, 3)
joints = [[float(x * size - left), float(y * size - top), float(score)] for y, x, score in answer]
(HERE / "movenet.json").write_text(json.dumps({"by": f"onnxruntime {onnxruntime.__version__}, OpenCV {cv2.__version__}", "joints": joints}, indent=1) + "\n")
print(json.dumps(joints))
