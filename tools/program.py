"""The family's import path of :mod:`ppocr.program`, where the training loop is."""

from ppocr.program import ArgsParser, eval, load_config, merge_config, preprocess, run, to_float32, train

__all__ = ["ArgsParser", "eval", "load_config", "merge_config", "preprocess", "run", "to_float32", "train"]
