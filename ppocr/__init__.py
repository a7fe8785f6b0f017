"""Config-driven training of text detectors, recognisers, classifiers and table models on PaddlePaddle."""

__version__ = "0.1.0"
