"""The chain of transform, backbone, neck and head that makes up most models."""

from dataclasses import dataclass
from typing import Annotated, Optional

from paddle import nn

from ppocr.data.batch import IMAGE, field_names, find_name, pick
from ppocr.errors import ConfigError
from ppocr.modeling.backbones import build_backbone
from ppocr.modeling.heads import build_head
from ppocr.modeling.necks import build_neck
from ppocr.modeling.transforms import build_transform
from ppocr.registry import ARCHITECTURES, BACKBONES, HEADS, NECKS, TASKS, TRANSFORMS, Nested
from ppocr.values import Range

# Registry of each part, and what it gets from the parts before it or from the dictionary.
PARTS = {
    "Transform": (TRANSFORMS, ("in_channels",)),
    "Backbone": (BACKBONES, ("in_channels",)),
    "Neck": (NECKS, ("in_channels",)),
    "Head": (HEADS, ("in_channels", "out_channels", "model_type")),
}
ImageChannels = Annotated[int, Range(1, 64)]
PUBLISHED_TYPES = ("det", "rec", "cls", "table", "kie", "e2e", "sr")


def _known_types() -> list:
    own = [TASKS.get(name)(name).model_type for name in TASKS.names()]
    return list(dict.fromkeys((*PUBLISHED_TYPES, *own)))


@dataclass(frozen=True)
class KnownTask:
    """Names of published kinds of models, and of tasks that are registered."""

    def fits(self, value) -> bool:
        """Tells whether there is such a task."""
        return value in _known_types()

    def __str__(self):
        return f"that names a task ({', '.join(_known_types())})"


ModelType = Annotated[str, KnownTask()]


@ARCHITECTURES.register()
@dataclass(eq=False, repr=False)
class BaseModel(nn.Layer):
    """Up to four parts in a row, each fed with what the one before gives.

    A part may declare ``feed``, names of fields of a batch: it is called with these, in this order, as its second
    argument (None for fields that are missing, such as the label in inference). It may declare ``model_average``,
    ``fixed_size`` (it takes images of one size only; both False by default), ``export_obstacle`` (why it cannot be
    exported) and ``static_obstacle`` (why it cannot train through a static graph). The model declares the feeds of all
    parts, and the others if one of them does. The first part may declare ``inputs``, the fields that it reads, by
    default ``("image",)``; it gets a list if there are several. With ``reads_grey`` it takes images of one channel,
    too. Every part but the last has ``out_channels``.

    Args:
        model_type: scope in which the parts are looked up, and name of the task.
        Transform, Backbone, Neck, Head: sections of the parts; null leaves a part out.
        algorithm: a label for readers.
        in_channels: channels of the image.
        return_all_feats: give the outputs of all parts as ``{"backbone_out": ..., "neck_out": ..., "head_out": ...}``
            in training (a part's dict is merged instead), and the last one alone, as a dict, in evaluation.

    Raises:
        ConfigError: one of the parts cannot be built.
    """

    model_type: ModelType
    Transform: Optional[dict] = None
    Backbone: Optional[dict] = None
    Neck: Optional[dict] = None
    Head: Optional[dict] = None
    algorithm: Optional[str] = None
    in_channels: ImageChannels = 3
    return_all_feats: bool = False

    def __post_init__(self):
        super().__init__()
        plan = (
            ("transform", build_transform, self.Transform),
            ("backbone", build_backbone, self.Backbone),
            ("neck", build_neck, self.Neck),
            ("head", build_head, self.Head),
        )
        channels = self.in_channels
        for name, build, config in plan:
            part = build(config, self.model_type, in_channels=channels) if config is not None else None
            setattr(self, name, part)
            channels = getattr(part, "out_channels", channels)
        self._present = [name for name, _, config in plan if config is not None]
        parts = [getattr(self, name) for name in self._present]
        self.inputs = _names(parts[0], "inputs") or IMAGE
        self.feed = tuple(dict.fromkeys(name for part in parts for name in _names(part, "feed")))
        self.feed_in_use = tuple(dict.fromkeys(name for part in parts for name in _names(part, "feed_in_use")))
        self.model_average = any(getattr(part, "model_average", False) for part in parts)
        self.export_obstacle, self.static_obstacle = (
            _first(parts, f"{what}_obstacle") for what in ("export", "static")
        )
        self._image_channels = {self.in_channels, *((1,) if getattr(parts[0], "reads_grey", False) else ())}
        self.fixed_size = any(getattr(part, "fixed_size", False) for part in parts)

    @staticmethod
    def check_arguments(Transform, Backbone, Neck, Head):
        """Yields a problem if there is no part at all."""
        if all(part is None for part in (Transform, Backbone, Neck, Head)):
            yield "", "Architecture has none of Transform, Backbone, Neck, Head: name at least one"

    @staticmethod
    def nested_components(arguments):
        """Yields the parts."""
        for part, (registry, supplied) in PARTS.items():
            if arguments.get(part) is not None:
                yield Nested(registry, (part,), arguments[part], supplied, arguments.get("model_type"))

    def forward(self, x, data=None):
        """Runs the parts in order.

        Args:
            x: images ``[N, C, H, W]``, or other fields that ``inputs`` names; a list if there are several.  Where there
                is one, a list is a batch as a call of PaddleOCR has it: the images and what ``feed`` names.
            data: mapping of what ``feed`` names, for the parts that are fed with it; or a plain list of these.

        Returns:
            What the last part gives; see ``return_all_feats``.

        Raises:
            ConfigError: the images have another number of channels than the model was built for.
        """
        if isinstance(x, (list, tuple)) and len(self.inputs) == 1:
            x, *data = x
        self._check_channels(x)
        outputs = {}
        for name in self._present:
            part = getattr(self, name)
            x = part(x, _targets(part, data)) if _names(part, "feed") else part(x)
            outputs.update(_named_outputs(name, x))
        if not self.return_all_feats:
            return x
        if self.training:
            return outputs
        return x if isinstance(x, dict) else {f"{name}_out": x}

    def _check_channels(self, images):
        """Compares images with ``in_channels``; a number that is not known while a graph is traced is -1."""
        if isinstance(images, list) or len(images.shape) != 4 or images.shape[1] in (*self._image_channels, -1):
            return
        raise ConfigError(
            f"Architecture.in_channels: the model reads images of {self.in_channels} channels, the data gives "
            f"{images.shape[1]}: set in_channels to that, or prepare the images differently (for text lines "
            "GrayRecResizeImg gives one grey channel, most others give three)"
        )


def _first(parts, what):
    """Returns the first value that a part declares; None without any."""
    return next((value for part in parts if (value := getattr(part, what, None))), None)


def _names(part, what):
    return field_names(getattr(part, what, ()), f"{type(part).__name__}.{what}")


def _targets(part, data):
    """Returns what a part is fed, in the order in which it names the fields; None where there is no data."""
    if data is None:
        return None
    feed = _names(part, "feed")
    data = data if isinstance(data, dict) else pick(data, feed, inputs=())
    return tuple([data.get(find_name(name, data)) for name in feed])


def _named_outputs(name, output):
    if name == "transform":
        return {}
    if not isinstance(output, dict):
        return {f"{name}_out": output}
    if "ctc_neck" in output:  # a head of several branches brings a neck of its own, which distillation compares
        return {"neck_out": output["ctc_neck"], f"{name}_out": output}
    return output
