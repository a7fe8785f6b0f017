"""Packaging; the dependencies are those of requirements.txt."""

from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
REQUIREMENTS = (HERE / "requirements.txt").read_text(encoding="utf-8").split()
ONNX = ["paddle2onnx>=2.1,<3", "onnxruntime>=1.17,<2"]
TESTS = ["pytest>=8", "hypothesis>=6", "ruff>=0.9", "codespell>=2.3"]

setup(
    name="ppocr-train",
    version="0.1.0",
    description="Config-driven training of OCR models on PaddlePaddle",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    python_requires=">=3.9",
    packages=find_packages(include=["ppocr", "ppocr.*"]),
    package_data={"ppocr": ["**/*.txt", "report/template/*"]},
    install_requires=REQUIREMENTS,
    entry_points={"console_scripts": ["ppocr = ppocr.commands:main"]},
    extras_require={
        "onnx": ONNX,
        # the converter has no wheel for Python 3.13, where the tests that need it are skipped
        "test": [*TESTS, *(f'{package}; python_version < "3.13"' for package in ONNX)],
    },
)
