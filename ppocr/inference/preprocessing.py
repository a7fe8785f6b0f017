"""From an image to what a model is fed: the operators of an evaluation set but for those that need a label."""

import numpy as np

from ppocr.data.batch import IMAGE, find_name
from ppocr.data.imaug import create_operators, name_and_settings, run_operators
from ppocr.data.imaug.basic import KeepKeys
from ppocr.data.imaug.decode import DecodeImage
from ppocr.errors import ConfigError
from ppocr.registry import OPERATORS, parameters_of


def fields_in_use(network) -> tuple:
    """Returns the names of what a network reads of a prepared image: its ``inputs`` and its ``feed_in_use``."""
    return (*network.inputs, *getattr(network, "feed_in_use", ()))


def image_transforms(transforms, growing: bool):
    """Takes from a ``transforms`` list what an image without a label can pass.

    An operator is left out if it reads what neither the image nor an operator before it gives, as label encoders do,
    or if it says so itself (``in_use``).

    Args:
        transforms: list of ``{Name: {key: value} or None}``.
        growing: value of ``infer_mode`` for operators that have it and do not give it: the width of a text line grows
            with the image.

    Returns:
        The operators, in the same form, and the keys of ``KeepKeys`` (None without it), which is not among them.

    Raises:
        ConfigError: not such a list, an unknown operator, or one that changes an image after its label.
    """
    known, kept = {"image"}, []
    for position, entry in enumerate(transforms):
        name, settings = name_and_settings(entry, position)
        operator = OPERATORS.get(name)
        if operator is KeepKeys:
            return kept, OPERATORS.build({**(settings or {}), "name": name}).keep_keys
        unknown = set(operator.reads) - known
        if unknown and "image" in operator.writes:
            needs = ", ".join(sorted(unknown))
            raise ConfigError(f"transforms[{position}] {name} needs {needs}, so it cannot be run on an image alone")
        if unknown or not operator.in_use:
            continue
        known.update(operator.writes)
        kept.append({name: as_in_use(name, settings, growing)})
    return kept, None


def as_in_use(name: str, settings, growing: bool):
    """Returns the settings of an operator of an evaluation as inference has them; see :func:`image_transforms`."""
    return {"infer_mode": growing, **(settings or {})} if has_infer_mode(name, settings) else settings


def has_infer_mode(name: str, settings) -> bool:
    """Tells whether an operator works otherwise in inference than in an evaluation, and its settings do not say how."""
    return "infer_mode" in parameters_of(OPERATORS.get(name)) and "infer_mode" not in (settings or {})


class Preprocessing:
    """Turns an image into the fields that a model is fed.

    Args:
        transforms: see :func:`image_transforms`; a first ``DecodeImage`` says how files are read, and is that of
            ``BGR`` where there is none.
        global_config: the ``Global`` section, for operators.
        growing: see :func:`image_transforms`.
        inputs: names of what the model reads.

    Raises:
        ConfigError: see :func:`image_transforms`; or ``KeepKeys`` lacks what the model reads.

    Attributes:
        wider: how many images were made wider than an evaluation makes them.
    """

    def __init__(self, transforms, global_config=None, growing: bool = False, inputs=IMAGE):
        entries, keys = image_transforms(transforms, growing)
        ops = create_operators(entries, global_config)
        has_decode = bool(ops) and isinstance(ops[0], DecodeImage)
        self._decode = ops.pop(0) if has_decode else DecodeImage(img_mode="BGR")
        self._ops, self.wider = ops, 0
        self._keys = tuple(keys or (*inputs, "shape"))
        self._read_as = {find_name(name, self._keys): name for name in inputs}  # images have several names
        missing = [name for name in inputs if find_name(name, self._keys) is None]
        if missing:
            kept, read = ", ".join(self._keys), ", ".join(missing)
            raise ConfigError(f"KeepKeys: {kept} must hold {read}, which the model reads")

    def open(self, content: bytes) -> np.ndarray:
        """Returns the image in a file's bytes, turned upright after its EXIF orientation as ``DecodeImage`` says.

        Returns:
            uint8 BGR ``(H, W, 3)``.

        Raises:
            Dropped, DataError: it is no image.
        """
        return self._decode.decode(content)

    def __call__(self, image) -> dict:
        """Returns the fields of a sample by their names; what the model reads by the name that it has for it.

        Args:
            image: uint8 BGR ``(H, W, 3)``; it is not changed.
        """
        facts = {}
        data = {"image": self._decode.coloured(image), "facts": facts}
        data = run_operators(data, self._ops, np.random.default_rng(0))
        self.wider += facts.get("wider", False)
        return {self._read_as.get(key, key): data[key] for key in self._keys if key in data}
