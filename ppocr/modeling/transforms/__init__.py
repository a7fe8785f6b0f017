"""The builder of transforms; each file of this package holds one family."""

from ppocr.modeling.part_builder import part_builder
from ppocr.registry import TRANSFORMS

build_transform = part_builder(TRANSFORMS)
