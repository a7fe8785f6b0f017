"""Super-resolution of images of text."""

from typing import Optional

import cv2
import numpy as np

from ppocr.errors import ConfigError
from ppocr.metrics.sr_metric import psnr, ssim
from ppocr.registry import TASKS
from ppocr.tasks.base import Task
from ppocr.tasks.compared import TextSample
from ppocr.tasks.results import Image


def to_pixels(image) -> np.ndarray:
    """Returns float RGB ``(3, H, W)``, 0 to 1, as uint8 BGR ``(H, W, 3)``; values beyond are cut off."""
    return np.rint(255 * np.clip(image, 0, 1)).astype(np.uint8).transpose(1, 2, 0)[:, :, ::-1]


@TASKS.register(name="sr")
class Enlarging(Task):
    """Makes images of text larger and sharper."""

    draws_pages = True

    def result(self, raw):
        """See :class:`Task`."""
        if not isinstance(raw, dict) or "sr_img" not in raw:
            raise ConfigError("this model enlarges no images")
        return Image(to_pixels(raw["sr_img"]))

    def row(self, result):
        """See :class:`Task`: the size; the image itself is written as a file."""
        height, width = result.pixels.shape[:2]
        return [f"{width}x{height}"], {"width": width, "height": height}

    def draw(self, image, result):
        """See :class:`Task`: the enlarged image itself."""
        return result.pixels

    def draw_samples(self, samples, metric) -> Optional[np.ndarray]:
        """See :class:`Task`: below each other, and in each row the small image, the result and the true image."""
        rows = [_row(image, result["sr_img"][0], *metric.truth(batch)) for image, result, batch in samples]
        return np.concatenate(rows) if rows else None

    def compare(self, result, batch, metric, keys, post_process):
        """See :class:`Task`; how far a result is from the truth is what its structural similarity lacks to 1."""
        (large,) = metric.truth(batch)
        pairs = zip(keys, np.asarray(result["sr_img"]).clip(0, 1), np.asarray(large))
        return [_compared(key, found, true) for key, found, true in pairs]


def _row(small, made, large):
    large = to_pixels(np.asarray(large)[0])
    height, width = large.shape[:2]
    enlarged = cv2.resize(to_pixels(small), (width, height), interpolation=cv2.INTER_CUBIC)
    return np.concatenate([enlarged, to_pixels(made), large], axis=1)


def _compared(key, found, true):
    alike = ssim(found, true)
    return TextSample(
        key, "", f"PSNR {psnr(found, true):.2f} dB, SSIM {alike:.3f}", None, min(max(1 - alike, 0.0), 1.0)
    )
