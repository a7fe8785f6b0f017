"""The README's commands, as a new user runs them: each a process of its own, nothing shortened (minutes)."""

import importlib.util
import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

ROOT = Path(__file__).resolve().parents[2]
RUN = Path("output/quickstart_rec")
NEEDED = ("paddle2onnx", "onnxruntime")


def commands(name):
    """The words of the ``tools`` commands between two marks of the README."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    block = re.search(rf"<!-- {name} -->\n```\n(.*?)```\n<!-- end -->", text, re.DOTALL)[1]
    lines = block.replace("\\\n", " ").splitlines()
    found = [re.search(r"\bpython (tools/.*)", line)[1] for line in lines]
    assert found
    return [shlex.split(line) for line in found]


@pytest.fixture
def checkout(tmp_path):
    """What a checkout holds besides tests and documentation."""
    for name in ("ppocr", "tools", "configs"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


@pytest.mark.slow
@pytest.mark.skipif(not all(map(importlib.util.find_spec, NEEDED)), reason=f"needs {' and '.join(NEEDED)}")
def test_the_quickstart_from_training_to_reading(checkout):
    said = {}
    for words in [*commands("quickstart"), *commands("after training")]:
        done = subprocess.run([sys.executable, *words], cwd=checkout, capture_output=True, text=True)
        assert done.returncode == 0, f"{shlex.join(words)}\n{done.stderr[-2000:]}"
        said[Path(words[0]).stem] = done.stdout + done.stderr
    rows = [json.loads(line) for line in (checkout / RUN / "metrics.jsonl").read_text().splitlines()]
    best = max(row["acc"] for row in rows if row["split"] == "eval")
    assert best > 0.95 and f"acc: {best}" in said["eval"]
    for image in ("curves.png", "examples.png"):
        assert cv2.imread(str(checkout / RUN / image)).std() > 10
    page = (checkout / RUN / "report.html").read_text(encoding="utf-8")
    assert "<h2>Worst samples</h2>" in page and "What is missing" not in page
    assert re.findall(r"(paddle|onnx) .* 20 of 20$", said["export_model"], re.MULTILINE) == ["paddle", "onnx"]
    labels = dict(line.split("\t") for line in (checkout / "words/labels.txt").read_text().splitlines())
    read = dict(line.split("\t")[:2] for line in (checkout / "output/rec/predicts_rec.txt").read_text().splitlines())
    assert len(labels) == 20
    assert sum(read[f"words/{name}"] == text for name, text in labels.items()) >= 18
