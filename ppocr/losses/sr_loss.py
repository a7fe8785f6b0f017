"""Losses of super-resolution: of pixels, and of where a recogniser looks for characters or strokes."""

import logging
import os
from typing import Optional

import numpy as np
import paddle
import paddle.nn.functional as F
from paddle import nn

from ppocr.checkpoint import safe_pickle
from ppocr.data.batch import fields_of
from ppocr.errors import DataError
from ppocr.registry import LOSSES
from ppocr.text.strokes import LETTERS
from ppocr.values import Name

STROKE_WEIGHT, STROKE_SCALE = 50, 100
LOOK_WEIGHT, READ_WEIGHT = 10, 0.0005
KINDS = 62  # digits, capital and small letters
DIGITS, ALPHABET = 10, 26
logger = logging.getLogger("ppocr")


def _compared(preds, batch, reads):
    """Returns the mean squared error of pixels, and how far apart the recogniser looks, None without one."""
    (large,) = fields_of(batch, reads)
    pixels = F.mse_loss(preds["sr_img"], large)
    if "word_attention_map_pred" not in preds:
        return pixels, None
    return pixels, F.l1_loss(preds["word_attention_map_pred"], preds["word_attention_map_gt"].detach())


@LOSSES.register()
class StrokeFocusLoss(nn.Layer):
    """Squared error of the pixels, and distance of where a recogniser looks for strokes on both images.

    Source: Text Gestalt (https://arxiv.org/abs/2112.08171), equation 5; all of it times 100, as published.

    Args:
        character_dict_path: published configurations repeat here what :class:`SRLabelEncode` reads; it is not opened.
    """

    reads = ("img_hr",)

    def __init__(self, character_dict_path: Optional[Name] = None):
        super().__init__()

    def forward(self, preds, batch):
        """Returns ``loss``, ``mse_loss`` and, where the network has a recogniser, ``attention_loss``.

        Args:
            preds: ``sr_img`` ``[N, C, H, W]``, and ``word_attention_map_pred`` and ``word_attention_map_gt``
                ``[N, 16, T, S]``.
            batch: has ``img_hr`` ``[N, C, H, W]``.
        """
        pixels, looked = _compared(preds, batch, self.reads)
        if looked is None:
            return {"loss": STROKE_SCALE * pixels, "mse_loss": pixels}
        loss = STROKE_SCALE * (pixels + STROKE_WEIGHT * looked)
        return {"loss": loss, "mse_loss": pixels, "attention_loss": looked}


@LOSSES.register()
class TelescopeLoss(nn.Layer):
    """Squared error of the pixels, where a recogniser looks for characters on both images, and what it reads.

    Source: Scene Text Telescope (CVPR 2021), equations 5 to 9.

    Args:
        confuse_dict_path: a pickled 62 x 62 array: how often each digit, capital and small letter is taken for which
            digit, small letter and capital; letters that are taken for each other weigh more.  Where the file is not
            there, all weigh the same, and a warning is logged.

    Raises:
        CheckpointError, DataError: the file is there, but cannot be used.
    """

    reads = ("img_hr",)

    def __init__(self, confuse_dict_path: Optional[Name] = None):
        super().__init__()
        weights = np.ones([len(LETTERS)] * 2, np.float32)
        if confuse_dict_path is not None and os.path.exists(confuse_dict_path):
            weights = confusion_weights(confuse_dict_path)
        elif confuse_dict_path is not None:
            logger.warning("TelescopeLoss: %s is not there: all characters weigh the same", confuse_dict_path)
        self.register_buffer("_log_weights", paddle.to_tensor(np.log(weights)), persistable=False)

    def forward(self, preds, batch):
        """Returns ``loss``, ``mse_loss`` and, where the network has a recogniser, ``attention_loss``.

        Args:
            preds: as for :class:`StrokeFocusLoss`, and ``sr_pred`` ``[characters, 37]`` with ``text_gt``
                ``[characters]``.
            batch: has ``img_hr`` ``[N, C, H, W]``.
        """
        pixels, looked = _compared(preds, batch, self.reads)
        if looked is None:
            return {"loss": pixels, "mse_loss": pixels}
        true = preds["text_gt"]
        read = F.cross_entropy(preds["sr_pred"] + self._log_weights.gather(true), true)
        loss = pixels + LOOK_WEIGHT * looked + READ_WEIGHT * read
        return {"loss": loss, "mse_loss": pixels, "attention_loss": looked}


def confusion_weights(path: str) -> np.ndarray:
    """Returns weights of one character taken for another, float32 ``(37, 37)``; see :class:`TelescopeLoss`.

    Raises:
        CheckpointError: the file cannot be read.
        DataError: it holds something else.
    """
    counts = np.asarray(safe_pickle.load(path))
    if counts.shape != (KINDS, KINDS) or counts.dtype.kind not in "iuf":
        raise DataError(f"confuse_dict_path {path}: must hold a {KINDS} x {KINDS} array of counts")
    capital, small = slice(DIGITS, DIGITS + ALPHABET), slice(DIGITS + ALPHABET, None)
    rows = np.concatenate([counts[:DIGITS], counts[small], counts[capital]])  # in the order of the columns
    weights = np.ones([KINDS + 1] * 2)
    np.divide(1.0, rows, out=weights[1:, 1:], where=rows != 0)
    size = len(LETTERS)
    letters = slice(1 + DIGITS, size)
    merged = weights[:size, :size].copy()
    merged[:, letters] = np.maximum(merged[:, letters], weights[:size, size:])  # a letter of either size
    np.fill_diagonal(merged, np.diag(weights)[:size])
    return merged.astype(np.float32)
