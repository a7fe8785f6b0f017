"""ClsLoss and the builder's errors."""

import numpy as np
import paddle
import pytest

from ppocr.errors import ConfigError
from ppocr.losses import build_loss


def test_mean_cross_entropy():
    logits = np.array([[0.0, 0.0], [1.0, 3.0]], "float32")
    loss = build_loss({"name": "ClsLoss"})(paddle.to_tensor(logits), [paddle.zeros([2]), paddle.to_tensor([0, 0])])
    assert float(loss["loss"]) == pytest.approx((np.log(2) + np.log(1 + np.exp(2))) / 2, rel=1e-5)


def test_unknown_loss_is_one_line_with_a_hint():
    with pytest.raises(ConfigError, match="unknown loss 'CTCLos' .did you mean 'CTCLoss'") as error:
        build_loss({"name": "CTCLos"})
    assert "\n" not in str(error.value)
