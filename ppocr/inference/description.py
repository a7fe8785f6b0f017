"""``inference.yml``: what stands before and behind an exported network, as PaddleOCR's exported models say it."""

import copy
import inspect
from pathlib import Path

import numpy as np
import yaml

from ppocr.config import freeze
from ppocr.data.imaug.decode import DecodeImage
from ppocr.errors import ConfigError
from ppocr.inference.preprocessing import Preprocessing, image_transforms
from ppocr.registry import OPERATORS, POST_PROCESSES, parameters_of
from ppocr.tasks import task_of
from ppocr.text.dictionary import character_list

BLANK_SIZE = (64, 256, 3)
DISTILLATION = "Distillation"


def describe(config, model_name: str, shape, output) -> dict:
    """Returns the content of ``inference.yml``.

    Args:
        config: a resolved configuration with an ``Eval`` section.
        model_name: name of the exported model.
        shape: of the network's input; None for what may differ.
        output: how the outputs are arranged; see :func:`ppocr.inference.outputs.filled`.

    Returns:
        ``Global.model_name``, ``PreProcess.transform_ops`` (the operators of the ``Eval`` section that need no label),
        ``PostProcess`` with the dictionary in ``character_dict``, and ``Network`` with ``input`` and ``output``.
    """
    growing = shape[-1] is None and config["Global"].get("character_dict_path") is not None
    return {
        "Global": {"model_name": model_name},
        "PreProcess": {"transform_ops": image_operators(eval_transforms(config), growing)},
        "PostProcess": post_process_section(config["PostProcess"], config["Global"]),
        "Network": {"input": list(shape), "output": output},
    }


class _Dumper(yaml.SafeDumper):
    """Escapes U+0085, which a dictionary may hold and YAML would otherwise take for the end of a line."""

    def represent_str(self, data):
        return self.represent_scalar("tag:yaml.org,2002:str", data, style='"' if "\x85" in data else None)


_Dumper.add_representer(str, _Dumper.represent_str)


def write(description: dict, path):
    """Writes the content of ``inference.yml``; characters of the dictionary come back as they are."""
    plain = copy.deepcopy(freeze(description))
    text = yaml.dump(plain, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=None, width=120)
    Path(path).write_bytes(text.encode("utf-8"))


def eval_transforms(config) -> list:
    """Returns the ``transforms`` of the ``Eval`` section.

    Raises:
        ConfigError: there is none.
    """
    transforms = ((config.get("Eval") or {}).get("dataset") or {}).get("transforms")
    if not transforms:
        raise ConfigError("Eval.dataset.transforms is missing, which says how images are prepared for the model")
    return transforms


def image_operators(transforms, growing: bool) -> list:
    """Returns the operators of a ``transforms`` list that an image file without a label passes, ready for the network.

    A list for images that were drawn rather than read gets a ``DecodeImage``; ``KeepKeys`` keeps the image and
    what a post-processing reads.

    Args:
        transforms: list of ``{Name: {key: value} or None}``.
        growing: whether the width of a text line grows with the image.
    """
    operators, _ = image_transforms(transforms, growing)
    kinds = [OPERATORS.get(name) for entry in operators for name in entry]
    if DecodeImage not in kinds:
        operators.insert(0, {"DecodeImage": {"img_mode": "BGR", "channel_first": False}})
    shaped = any("shape" in kind.writes for kind in kinds)
    return [*operators, {"KeepKeys": {"keep_keys": ["image", "shape"] if shaped else ["image"]}}]


def image_shape(transforms, global_config) -> list:
    """Returns the shape, ``[C, H, W]``, in which a network gets a text line of usual proportions.

    Raises:
        ConfigError: the operators give no such array.
    """
    image = Preprocessing(transforms, global_config)(np.full(BLANK_SIZE, 127, np.uint8))["image"]
    if image.ndim != 3:
        raise ConfigError(f"Eval.dataset.transforms: give images of shape {image.shape}, not channels, height, width")
    return list(image.shape)


def input_shape(network, model_type: str, image: list) -> list:
    """Returns the shape of a network's input, None for what may differ from call to call.

    Args:
        network: says with ``fixed_size`` that it takes images of one size only.
        model_type: name of the task, which says which axes are free.
        image: shape of an image, ``[C, H, W]``.
    """
    free = () if getattr(network, "fixed_size", False) else task_of(model_type).free_axes
    return [None if axis in (0, *free) else size for axis, size in enumerate([1, *image])]


def post_process_section(section, global_config) -> dict:
    """Returns a ``PostProcess`` section that needs nothing besides: with values from ``Global`` and the dictionary.

    The dictionary's entries become ``character_dict``, in their order; ``use_space_char`` says, as with a file, whether
    the space comes after them, and ``character_dict_path`` is the name of the file that they are from.
    """
    name, values = of_one_network(section, global_config)
    if "character_dict_path" in values:
        path = values.pop("character_dict_path")
        values["use_space_char"] = bool(path) and values.get("use_space_char", False)
        values["character_dict_path"] = Path(path).name if path else None
        values["character_dict"] = character_list(path)
    return {"name": name, **{key: value for key, value in values.items() if value is not None}}


def of_one_network(section, inherited):
    """Returns the name of a ``PostProcess`` section and the value of each of its keys.

    Those of several networks that were trained together become those for a single network.

    Args:
        section: see :func:`ppocr.postprocess.build_post_process`.
        inherited: values of keys that the section leaves out.
    """
    name = section["name"]
    kind = POST_PROCESSES.get(name)
    values = {key: p.default for key, p in parameters_of(kind).items() if p.default is not inspect.Parameter.empty}
    values.update(POST_PROCESSES.bind(section, inherited=inherited).arguments)
    if name.startswith(DISTILLATION):
        name = name[len(DISTILLATION) :]
        taken = parameters_of(POST_PROCESSES.get(name))
        values = {key: value for key, value in values.items() if key in taken}
    return name, values
