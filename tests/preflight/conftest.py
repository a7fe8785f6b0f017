"""A recogniser, a detector and a classifier with tiny data on disk, in which nothing is wrong."""

import json

import cv2
import numpy as np
import pytest

from ppocr import preflight
from ppocr.config import load, override
from ppocr.errors import ConfigError

REC = """\
Global:
  epoch_num: 2
  eval_batch_epoch: 1
  save_model_dir: {folder}/output
  character_dict_path: {folder}/dict.txt
  max_text_length: 6
Architecture:
  model_type: rec
  Backbone: {{name: VGG}}
  Neck: {{name: SequenceEncoder, encoder_type: reshape}}
  Head: {{name: CTCHead}}
Loss:
  name: CTCLoss
Optimizer:
  name: Adam
  lr: {{learning_rate: 0.001}}
PostProcess:
  name: CTCLabelDecode
Metric:
  name: RecMetric
Train:
  dataset:
    name: SimpleDataSet
    data_dir: {folder}
    label_file_list: [{folder}/train.txt]
    transforms:
      - DecodeImage: {{img_mode: BGR}}
      - CTCLabelEncode:
      - RecResizeImg: {{image_shape: [3, 32, 32]}}
      - KeepKeys: {{keep_keys: [image, label, length]}}
  loader:
    batch_size_per_card: 2
Eval:
  dataset:
    name: SimpleDataSet
    data_dir: {folder}
    label_file_list: [{folder}/eval.txt]
    transforms:
      - DecodeImage: {{img_mode: BGR}}
      - CTCLabelEncode:
      - RecResizeImg: {{image_shape: [3, 32, 32]}}
      - KeepKeys: {{keep_keys: [image, label, length]}}
  loader:
    batch_size_per_card: 2
"""

CLS_PARTS = {
    "  character_dict_path: {folder}/dict.txt\n": '  label_list: ["0", "180"]\n',
    "model_type: rec": "model_type: cls",
    "  Neck: {{name: SequenceEncoder, encoder_type: reshape}}\n": "",
    "{{name: CTCHead}}": "{{name: ClsHead, class_dim: 2}}",
    "CTCLoss": "ClsLoss",
    "CTCLabelDecode": "ClsPostProcess",
    "RecMetric": "ClsMetric",
    "CTCLabelEncode": "ClsLabelEncode",
    "RecResizeImg": "ClsResizeImg",
    "[image, label, length]": "[image, label]",
}

DET = """\
Global:
  epoch_num: 2
  eval_batch_epoch: 1
  save_model_dir: {folder}/output
Architecture:
  model_type: det
  Backbone: {{name: MobileNetV3, scale: 0.35, model_name: small}}
  Neck: {{name: DBFPN, out_channels: 16}}
  Head: {{name: DBHead}}
Loss:
  name: DBLoss
Optimizer:
  name: Adam
  lr: {{learning_rate: 0.001}}
PostProcess:
  name: DBPostProcess
Metric:
  name: DetMetric
Train:
  dataset:
    name: SimpleDataSet
    data_dir: {folder}
    label_file_list: [{folder}/train.txt]
    transforms:
      - DecodeImage: {{img_mode: BGR}}
      - DetLabelEncode:
      - EastRandomCropData: {{size: [64, 64]}}
      - MakeBorderMap:
      - MakeShrinkMap:
      - NormalizeImage: {{scale: 1./255., mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5], order: hwc}}
      - ToCHWImage:
      - KeepKeys: {{keep_keys: [image, threshold_map, threshold_mask, shrink_map, shrink_mask]}}
  loader:
    batch_size_per_card: 2
Eval:
  dataset:
    name: SimpleDataSet
    data_dir: {folder}
    label_file_list: [{folder}/eval.txt]
    transforms:
      - DecodeImage: {{img_mode: BGR}}
      - DetLabelEncode:
      - DetResizeForTest: {{image_shape: [64, 64]}}
      - NormalizeImage: {{scale: 1./255., mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5], order: hwc}}
      - ToCHWImage:
      - KeepKeys: {{keep_keys: [image, shape, polys, ignore_tags]}}
  loader:
    batch_size_per_card: 1
"""
WORDS = ("ab", "cd", "abc", "da", "bcd", "cab")
BOX = [[8, 8], [40, 8], [40, 30], [8, 30]]


class Site:
    """The files of a run, and its configuration as text; both may be changed before it is checked."""

    box = BOX

    def __init__(self, folder, task, monkeypatch):
        self.folder, self.monkeypatch, self.overrides = folder, monkeypatch, []
        self.config = folder / "config.yml"
        template = DET if task == "det" else REC
        for old, new in CLS_PARTS.items() if task == "cls" else ():
            template = template.replace(old, new)
        self.config.write_text(template.format(folder=folder), encoding="utf-8")
        self.write("dict.txt", "a\nb\nc\nd\n")
        labels = {"rec": WORDS, "cls": ("0", "180") * 3, "det": [self.boxes_label()] * 6}[task]
        size = (64, 64) if task == "det" else (16, 16)
        for name, chosen in (("train", labels[:4]), ("eval", labels[4:])):
            for i in range(len(chosen)):
                self.image(f"{name}{i}.png", size)
            self.write(f"{name}.txt", "".join(f"{name}{i}.png\t{label}\n" for i, label in enumerate(chosen)))

    @staticmethod
    def boxes_label(points=BOX, text="ab"):
        """Returns the label of one box."""
        return json.dumps([{"transcription": text, "points": points}])

    def path(self, name):
        return str(self.folder / name)

    def write(self, name, content):
        kind = "wb" if isinstance(content, bytes) else "w"
        with open(self.path(name), kind, **({} if kind == "wb" else {"encoding": "utf-8", "newline": ""})) as file:
            file.write(content)

    def image(self, name, size):
        cv2.imwrite(self.path(name), np.random.default_rng(1).integers(0, 255, (*size, 3), np.uint8))

    def line_of(self, text, nth=1):
        """Returns the line of the configuration on which a text stands for the nth time."""
        lines = self.config.read_text(encoding="utf-8").split("\n")
        return [number for number, line in enumerate(lines, start=1) if text in line][nth - 1]

    def append(self, name, line):
        """Adds a line to a file and returns its number."""
        with open(self.path(name), "ab") as file:
            file.write(line if isinstance(line, bytes) else line.encode())
        with open(self.path(name), "rb") as file:
            return len(file.readlines())

    def replace(self, old, new, name="config.yml", times=1):
        """Replaces text, which must be there, from its first place on; returns the line of that place."""
        with open(self.path(name), encoding="utf-8") as file:
            text = file.read()
        assert old in text
        self.write(name, text.replace(old, new, times))
        return text[: text.index(old)].count("\n") + 1

    def check(self, **options):
        """Returns what the checks find."""
        try:
            config = override(load(self.config), self.overrides)
        except ConfigError as error:
            return [preflight.from_message(str(error), str(self.config))]
        return preflight.run(preflight.Context(config, str(self.config), **options))


@pytest.fixture
def make_site(tmp_path, monkeypatch):
    """``make_site("rec" | "cls" | "det")`` -> :class:`Site`."""
    return lambda task: Site(tmp_path, task, monkeypatch)


@pytest.fixture
def serious():
    """Gives the errors and warnings among findings."""
    return lambda findings: [finding for finding in findings if finding.severity != "note"]


@pytest.fixture
def find_planted(make_site, serious):
    """``find_planted(task, plant)`` plants a fault and looks for it.

    Returns severity, file and line as they should be; those of the findings with the fault's words; all findings.
    """

    def find(task, plant):
        site = make_site(task)
        severity, file, line, words = plant(site)
        file = file if file.startswith("-o") else site.path(file)
        findings = serious(site.check())
        found = [(finding.severity, finding.file, finding.line) for finding in findings if words in finding.what]
        return (severity, file, line), found, list(map(str, findings))

    return find
