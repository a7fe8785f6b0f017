"""Linear layers by how their weights are initialised."""

import numpy as np
import paddle

from ppocr.modeling.layers.linear import uniform_fan_in


def test_uniform_fan_in_stays_within_its_bound():
    weight = paddle.nn.Linear(25, 40, weight_attr=uniform_fan_in(25)).weight.numpy()
    assert np.abs(weight).max() <= 0.2 < np.abs(weight).max() * 1.1
