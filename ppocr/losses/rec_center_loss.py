"""Center loss: features of steps that predict the same character should be the same."""

from typing import Optional

import numpy as np
import paddle
from paddle import nn

from ppocr.checkpoint import safe_pickle
from ppocr.errors import DataError
from ppocr.registry import LOSSES
from ppocr.values import Classes, Name, Width

SEED = 0


@LOSSES.register()
class CenterLoss(nn.Layer):
    """Mean squared distance of every step's features from the center of the class that the step predicts.

    Source: A Discriminative Feature Learning Approach for Deep Face Recognition (ECCV 2016), with fixed centers and
    the predicted class in place of the label, as PP-OCRv2 (https://arxiv.org/abs/2109.03144), section 2.2, uses it.

    Args:
        num_classes: of the recogniser, blank included.
        feat_dim: channels of the features.
        center_file_path: a pickled mapping from class to its center ``[feat_dim]``; the others, or without a file all,
            are drawn from a normal distribution, always the same.

    Raises:
        CheckpointError: the file cannot be read.
        DataError: it holds something else.
    """

    reads = ()

    def __init__(self, num_classes: Classes = 6625, feat_dim: Width = 96, center_file_path: Optional[Name] = None):
        super().__init__()
        centers = np.random.default_rng(SEED).normal(size=(num_classes, feat_dim)).astype(np.float32)
        if center_file_path is not None:
            _fill(centers, center_file_path)
        self.register_buffer("centers", paddle.to_tensor(centers))

    def forward(self, preds, batch):
        """Returns ``{"loss_center": ...}``.

        Args:
            preds: features ``[N, T, feat_dim]`` and logits ``[N, T, num_classes]``, as ``return_feats`` gives them.
        """
        features, logits = preds
        told = logits.argmax(axis=-1).flatten()
        nearest = self.centers.gather(told).reshape(features.shape)
        return {"loss_center": ((features.astype("float32") - nearest) ** 2).sum(axis=-1).mean()}


def _fill(centers, path):
    stored = safe_pickle.load(path)
    if not isinstance(stored, dict):
        raise DataError(f"{path}: must hold a mapping from class to center, not {type(stored).__name__}")
    for name, center in stored.items():
        center = np.asarray(center, dtype=np.float32)
        if not 0 <= int(name) < len(centers) or center.shape != centers.shape[1:]:
            raise DataError(f"{path}: the center of class {name} does not fit {centers.shape[0]} x {centers.shape[1]}")
        centers[int(name)] = center
