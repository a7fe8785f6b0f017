"""Config-driven training of text detectors, recognisers, classifiers and table models on PaddlePaddle.

``train``, ``evaluate`` and ``export`` are the commands as functions; see :mod:`ppocr.api`.
"""

__version__ = "0.1.0"
__all__ = ["evaluate", "export", "train"]


def __getattr__(name):
    # Looked up when asked for: importing a part of the package should not import Paddle and all the rest.
    if name in __all__:
        from ppocr.packages import missing_packages

        missing = missing_packages()
        if missing:
            raise ImportError(missing)
        from ppocr import api

        return getattr(api, name)
    raise AttributeError(f"module 'ppocr' has no attribute '{name}'")
