"""The builder of backbones; each file of this package holds one family."""

from ppocr.modeling.part_builder import part_builder
from ppocr.registry import BACKBONES

build_backbone = part_builder(BACKBONES)
