"""The builder of heads; each file of this package holds one family."""

from ppocr.modeling.part_builder import part_builder
from ppocr.registry import HEADS

build_head = part_builder(HEADS, passes_scope=True)
