"""PaddleOCR's import path of :mod:`ppocr.program`."""

from ppocr.program import ArgsParser, eval, load_config, merge_config, preprocess, to_float32, train

__all__ = ["ArgsParser", "eval", "load_config", "merge_config", "preprocess", "to_float32", "train"]
