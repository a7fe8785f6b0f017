"""The builder of necks; each file of this package holds one family."""

from ppocr.modeling.part_builder import part_builder
from ppocr.registry import NECKS

build_neck = part_builder(NECKS)
