"""``inference.yml``: what stands before and behind an exported network, as PaddleOCR's exported models say it."""

import copy
import inspect
from pathlib import Path

import numpy as np
import yaml

from ppocr.config import freeze
from ppocr.data.batch import IMAGE, find_name
from ppocr.data.collate_fn import collate_field
from ppocr.data.imaug.decode import DecodeImage
from ppocr.errors import ConfigError
from ppocr.inference.preprocessing import Preprocessing, image_transforms
from ppocr.registry import OPERATORS, POST_PROCESSES, parameters_of
from ppocr.text.dictionary import character_list

BLANK_SIZE = (64, 256, 3)
_OF_USE = ("infer_mode", "character_dict_path")  # how a line is read in use has been settled otherwise


def describe(config, model_name: str, shapes: dict, output) -> dict:
    """Returns the content of ``inference.yml``.

    Args:
        config: a resolved configuration with an ``Eval`` section.
        model_name: name of the exported model.
        shapes: of the network's inputs, see :func:`input_shapes`.
        output: how the outputs are arranged; see :func:`ppocr.inference.outputs.filled`.

    Returns:
        ``Global.model_name``, ``PreProcess.transform_ops`` (the operators of the ``Eval`` section that need no label),
        ``PostProcess`` with the dictionary in ``character_dict``, and ``Network`` with ``output`` and ``input``, the
        shape of the images, or ``inputs``, the shape of each input of a network that takes something else.
    """
    of_images = shapes.get(find_name("image", shapes), (0,))
    growing = lines_grow(of_images, config["Global"])
    needs = POST_PROCESSES.get(config["PostProcess"]["name"], config["Global"].get("model_type")).needs
    wanted = tuple(dict.fromkeys((*shapes, *needs)))
    inputs = {"input": of_images} if tuple(shapes) == IMAGE else {"inputs": shapes}
    return {
        "Global": {"model_name": model_name},
        "PreProcess": {"transform_ops": image_operators(eval_transforms(config), growing, wanted, config["Global"])},
        "PostProcess": post_process_section(config["PostProcess"], config["Global"]),
        "Network": {**inputs, "output": output},
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


def image_operators(transforms, growing: bool, wanted=IMAGE, global_config=None) -> list:
    """Returns the operators of a ``transforms`` list that an image file without a label passes, ready for the network.

    A list for images that were drawn rather than read gets a ``DecodeImage``; what operators take from ``Global``
    becomes theirs.

    Args:
        transforms: list of ``{Name: {key: value} or None}``.
        growing: whether the width of a text line grows with the image.
        wanted: names of what the network and the post-processing read.
        global_config: the ``Global`` section.
    """
    operators, kept = image_transforms(transforms, growing)
    wanted = [find_name(name, kept or ()) or name for name in wanted]  # images have several names
    named = [(OPERATORS.get(name), name, settings) for entry in operators for name, settings in entry.items()]
    operators = [{name: _with_shared(kind, settings, global_config or {})} for kind, name, settings in named]
    if DecodeImage not in [kind for kind, _, _ in named]:
        operators.insert(0, {"DecodeImage": {"img_mode": "BGR", "channel_first": False}})
    shaped = "shape" not in wanted and any("shape" in kind.writes for kind, _, _ in named)
    return [*operators, {"KeepKeys": {"keep_keys": [*wanted, *["shape"] * shaped]}}]


def _with_shared(kind, settings, global_config):
    """Returns the settings of an operator with those that it takes from ``Global``; a file without them reads alike."""
    shared = {
        key: global_config[key]
        for key in parameters_of(kind)
        if key not in _OF_USE and key not in (settings or {}) and global_config.get(key) is not None
    }
    return {**(settings or {}), **shared} if shared else settings


def lines_grow(shape, global_config) -> bool:
    """Tells whether lines make a network's input wider in use: it has a dictionary, and takes images of any width.

    Args:
        shape: of its images, see :func:`input_shapes`.
        global_config: the ``Global`` section.
    """
    return shape[-1] is None and global_config.get("character_dict_path") is not None


def input_sample(transforms, global_config, inputs=IMAGE) -> dict:
    """Returns what a network reads of an image of usual proportions, ``{name: a batch of one}``.

    Args:
        transforms: see :func:`image_operators`.
        global_config: the ``Global`` section, for operators.
        inputs: names of what the network reads.

    Raises:
        ConfigError: the operators do not give it.
    """
    sample = Preprocessing(transforms, global_config, inputs=inputs)(np.full(BLANK_SIZE, 127, np.uint8))
    missing = [name for name in inputs if name not in sample]
    if missing:
        needed = ", ".join(missing)
        raise ConfigError(
            f"Eval.dataset.transforms: the model reads {needed}, which they do not make of an image alone"
        )
    fields = {name: collate_field([sample[name]]) for name in inputs}
    image = find_name("image", inputs)
    if image and fields[image].ndim != 4:
        shape = fields[image].shape[1:]
        raise ConfigError(f"Eval.dataset.transforms: give images of shape {shape}, not channels, height, width")
    return fields


def input_shapes(network, task, sample: dict) -> dict:
    """Returns the shape of each input of a network, None for what may differ from call to call.

    Args:
        network: says with ``fixed_size`` that it takes images of one size only.
        task: :class:`ppocr.tasks.base.Task`, which says which axes are free.
        sample: see :func:`input_sample`.
    """
    shapes = {name: value.shape for name, value in sample.items()}
    if getattr(network, "fixed_size", False):
        return {name: [None, *shape[1:]] for name, shape in shapes.items()}
    return {name: task.input_shape(name, shape) for name, shape in shapes.items()}


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
    if kind.of_each is not None:
        name, taken = POST_PROCESSES.name_of(kind.of_each), parameters_of(kind.of_each)
        values = {key: value for key, value in values.items() if key in taken}
    return name, values
