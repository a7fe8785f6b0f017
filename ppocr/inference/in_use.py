"""What is otherwise in use than in the evaluation that chose the model, which has two accuracies then: both are said.

An evaluation narrows a line that is wider than ``image_shape``; inference and exported models make their input wider
instead, as PaddleOCR's tools do.  And a model may be guided by the labels of an evaluation; see :func:`guided_layers`.
"""

import contextlib

import numpy as np

from ppocr.data.batch import find_name
from ppocr.data.imaug import name_and_settings
from ppocr.engine.forward import inputs_of
from ppocr.inference.description import input_shapes, lines_grow
from ppocr.inference.preprocessing import as_in_use, has_infer_mode
from ppocr.tasks import task_for

ADVICE = (
    "eval_mode: true in RecResizeImg of Eval evaluates them as they are read in use, infer_mode: false reads them as "
    "they are evaluated"
)


def grows_in_use(config, model) -> bool:
    """Tells whether lines make a model's input wider in use: it has a dictionary, and takes images of any width.

    Args:
        config: a resolved configuration.
        model: of one or several ``networks``.
    """
    networks = (getattr(model, "networks", None) or {"": model}).values()
    shapes = [_shape_of_images(network, task_for(config)) for network in networks]
    return all(shape is not None and lines_grow(shape, config["Global"]) for shape in shapes)


def _shape_of_images(network, task):
    """Returns the shape of a network's images, of which only what is free is told; None where it reads none."""
    name = find_name("image", inputs_of(network))
    return name and input_shapes(network, task, {name: np.empty([1, 3, 1, 1])})[name]


def differs_in_use(config, model) -> bool:
    """Tells whether images may be prepared in use otherwise than in the evaluation of a configuration."""
    return grows_in_use(config, model) and leaves_width_open(config)


def leaves_width_open(config) -> bool:
    """Tells whether the ``Eval`` section leaves it to inference whether lines make the input wider."""
    transforms = config["Eval"]["dataset"].get("transforms") or []
    named = [name_and_settings(entry, place) for place, entry in enumerate(transforms)]
    return not config["Global"].get("infer_mode") and any(has_infer_mode(*one) for one in named)


def section_in_use(config, growing: bool = True) -> dict:
    """Returns the ``Eval`` section of a configuration with its images prepared as in use.

    Where a collate function is named, batches have one image: it may pad several to one size, which is not done in use.

    Args:
        config: a resolved configuration.
        growing: whether lines make the input wider.
    """
    section = config["Eval"]
    transforms = []
    for place, entry in enumerate(section["dataset"]["transforms"]):
        name, settings = name_and_settings(entry, place)
        transforms.append({name: as_in_use(name, settings, growing)})
    dataset, loader = {**section["dataset"], "transforms": transforms}, dict(section["loader"])
    if loader.get("collate_fn"):
        loader["batch_size_per_card"] = 1
        dataset.update({key: 1 for key in dataset if key == "batch_size_per_pair"})
    return {**section, "dataset": dataset, "loader": loader}


def remark(wider: int, samples: int) -> str:
    """Returns what to say beside the values of an evaluation with images that are wider in use."""
    return (
        f"{wider} of {samples} images are wider than image_shape; in use they are read wider than in this evaluation "
        f"({ADVICE})"
    )


def guided_layers(model) -> list:
    """Returns the layers that labels guide in an evaluation, too: those whose ``guided`` is true.

    Each has a ``guided_remark``, too: what is to be said of such an evaluation.
    """
    return [layer for layer in model.sublayers(include_self=True) if getattr(layer, "guided", False)]


@contextlib.contextmanager
def without_guide(model):
    """Has an evaluation leave each layer alone that labels guide otherwise."""
    layers = guided_layers(model)
    for layer in layers:
        layer.guided = False
    try:
        yield
    finally:
        for layer in layers:
            layer.guided = True


def differences(config, model, evaluator) -> list:
    """Returns what to say beside the values of an evaluation that are others in use, a sentence for each reason.

    Args:
        config: the resolved configuration.
        model: the model.
        evaluator: :class:`ppocr.engine.evaluator.Evaluator` that has judged it.
    """
    wider = evaluator.wider and differs_in_use(config, model)
    return [
        *([remark(evaluator.wider, evaluator.samples)] if wider else []),
        *dict.fromkeys(layer.guided_remark for layer in guided_layers(model)),
    ]
