"""The metric of an exported model on a whole evaluation set, with its images prepared as in use."""

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional

import paddle

from ppocr.data import build_dataloader
from ppocr.engine.build import build_evaluator
from ppocr.errors import DataError
from ppocr.inference.exported import ExportedModel
from ppocr.inference.in_use import ADVICE, leaves_width_open, section_in_use
from ppocr.postprocess.base import to_numpy
from ppocr.wording import counted, counted_are

logger = logging.getLogger("ppocr")


@dataclass
class Measured:
    """What an exported model reaches.

    Attributes:
        folder: where it lies.
        samples: how many samples were judged.
        metrics: values of the metric with images prepared as in use.
        wider: how many images are wider in use than in the evaluation.
        evaluated: values with images prepared as in the evaluation; the same ones where none is wider.
    """

    folder: str
    samples: int
    metrics: dict
    wider: int = 0
    evaluated: dict = field(default_factory=dict)

    def __str__(self):
        text = f"{self.folder}: {_listed(self.metrics)} on {counted(self.samples, 'sample')}, prepared as in use"
        if not self.wider:
            return text
        return (
            f"{text}; {_listed(self.evaluated)} prepared as in the evaluation that chooses the model, since "
            f"{counted_are(self.wider, 'image')} wider than image_shape ({ADVICE})"
        )


def measure(exported: ExportedModel, config, data: Optional[str] = None) -> Optional[Measured]:
    """Evaluates an exported model.

    Args:
        exported: of one network.
        config: the resolved configuration that it was exported with.
        data: a label file in place of the ``Eval`` section's; a folder of images has no labels.

    Returns:
        None where there is nothing to compare with: no ``Metric``, or no labels; labels of which none can be used are
        said.
    """
    if not config.get("Metric") or (data and Path(data).is_dir()):
        return None
    try:
        return _measure(exported, config, data)
    except DataError as error:
        logger.warning("%s: no metric can be given: %s", exported.folder, error)
        return None


def _measure(exported, config, data):
    network, chosen = _Network(exported), {**config, "Eval": _with_labels(config["Eval"], data)}
    growing = _grows(exported)
    evaluator = _evaluator(exported, chosen, section_in_use(chosen, growing))
    metrics = _without_speed(evaluator(network))
    measured = Measured(str(exported.folder), evaluator.samples, metrics, evaluated=metrics)
    if evaluator.wider and growing and leaves_width_open(chosen):
        measured.wider = evaluator.wider
        measured.evaluated = _without_speed(_evaluator(exported, chosen, chosen["Eval"])(network))
    return measured


def _grows(exported):
    """Tells whether ``inference.yml`` has lines make the input wider."""
    operators = exported.config["PreProcess"]["transform_ops"]
    return any((settings or {}).get("infer_mode", False) for entry in operators for settings in entry.values())


def _with_labels(section, data):
    if data is None:
        return section
    dataset = section["dataset"]
    given = {"label_file_list": [data], "data_dir": dataset.get("data_dir") or str(Path(data).parent)}
    return {**section, "dataset": {**dataset, **given}}


def _evaluator(exported, config, section):
    loader = {**section["loader"], "num_workers": 0}
    only = {"Global": config["Global"], "Eval": {**section, "loader": loader}}
    dataloader = build_dataloader(only, "Eval", "cpu", None)
    return build_evaluator(config, dataloader, post_process=exported.build_post_process(), single=True)


class _Network(paddle.nn.Layer):
    """An exported network in the place of a model."""

    def __init__(self, exported):
        super().__init__()
        self._exported, self.inputs = exported, tuple(exported.inputs)

    def forward(self, x):
        fields = x if isinstance(x, list) else [x]
        return _to_tensors(self._exported.run(*(field.numpy() for field in fields)))


def _to_tensors(outputs):
    if isinstance(outputs, dict):
        return {key: _to_tensors(value) for key, value in outputs.items()}
    if isinstance(outputs, (list, tuple)):
        return [_to_tensors(value) for value in outputs]
    return paddle.to_tensor(to_numpy(outputs))


def _without_speed(values):
    return {name: value for name, value in values.items() if name != "fps"}


def _listed(values):
    return ", ".join(f"{name} {value:.4f}" for name, value in values.items())
