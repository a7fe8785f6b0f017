"""Packaging; the dependencies are those of requirements.txt."""

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
VERSION = re.search(r'__version__ = "(.+)"', (HERE / "ppocr" / "__init__.py").read_text(encoding="utf-8"))[1]
CPU = (HERE / "requirements.txt").read_text(encoding="utf-8").split()
# Each has a second wheel that owns the same files: naming one here would put it over the other that is installed.
WITH_TWO_WHEELS = ("paddlepaddle", "opencv-python-headless")
TWO_WHEELS = [line for line in CPU if re.match(r"[\w-]+", line)[0] in WITH_TWO_WHEELS]
ONNX = ["paddle2onnx>=2.1,<3", "onnxruntime>=1.17,<2"]
TESTS = ["pytest>=8", "pytest-xdist>=3.6,<4", "hypothesis>=6", "ruff>=0.9", "codespell>=2.3", "import-linter>=2"]

setup(
    name="ppocr-train",
    version=VERSION,
    description="Config-driven training of OCR models on PaddlePaddle",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    python_requires=">=3.9",
    packages=[*find_packages(include=["ppocr", "ppocr.*"]), "ppocr.configs"],
    package_dir={"ppocr.configs": "configs"},
    package_data={"ppocr": ["**/*.txt", "report/template/*"], "ppocr.configs": ["**/*.yml", "**/*.yaml", "**/*.json"]},
    install_requires=[line for line in CPU if line not in TWO_WHEELS],
    entry_points={"console_scripts": ["ppocr = ppocr.commands:main"]},
    extras_require={
        "cpu": TWO_WHEELS,
        "gpu": [re.sub(r"^paddlepaddle\b", "paddlepaddle-gpu", line) for line in TWO_WHEELS],
        "onnx": ONNX,
        # the converter has no wheel for Python 3.13, where the tests that need it are skipped
        "test": [*TESTS, *(f'{package}; python_version < "3.13"' for package in ONNX)],
    },
)
