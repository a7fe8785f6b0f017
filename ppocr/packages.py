"""Packages that an installation leaves to the user: Paddle has two wheels, for CPUs and for GPUs, and so has OpenCV.

Neither is a requirement of this package, since installing it would otherwise put one wheel over the other.
"""

import importlib.util

# module: what to install
_WANTED = {
    "paddle": "Paddle, as paddlepaddle or paddlepaddle-gpu",
    "cv2": "OpenCV, as opencv-python-headless or opencv-python",
}
# Of a checkout: by the name of this package alone, pip would ask an index for it.
_EXTRAS = "In a checkout, pip install '.[cpu]', or '.[gpu]' on a machine with a GPU, installs both"


def missing_packages() -> str:
    """Returns one line that says what is not installed and how to install it; empty where all is there."""
    missing = [what for module, what in _WANTED.items() if importlib.util.find_spec(module) is None]
    return f"not installed: {'; '.join(missing)}. {_EXTRAS}" if missing else ""
