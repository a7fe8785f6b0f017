"""DBHead, CTCHead and ClsHead."""

import numpy as np
import paddle
import pytest

from ppocr.errors import ConfigError
from ppocr.modeling.heads import build_head


def db_head(**config):
    return build_head({"name": "DBHead", **config}, "det", in_channels=8)


def ctc_head(**config):
    return build_head({"name": "CTCHead", "out_channels": 5, **config}, "rec", in_channels=16)


def softmax(x):
    exps = np.exp(x - x.max(axis=-1, keepdims=True))
    return exps / exps.sum(axis=-1, keepdims=True)


def assert_uniform(parameter, bound):
    values = np.abs(parameter.numpy())
    assert values.max() <= bound * (1 + 1e-6) and values.max() > 0.5 * bound


def test_db_head_cuts_the_probability_with_the_threshold():
    maps = db_head(k=50)(paddle.randn([2, 8, 4, 6]))["maps"].numpy().astype("float64")
    assert maps.shape == (2, 3, 16, 24)
    probability, threshold, binary = maps[:, 0], maps[:, 1], maps[:, 2]
    np.testing.assert_allclose(binary, 1 / (1 + np.exp(-50 * (probability - threshold))), rtol=1e-3, atol=1e-6)
    assert (0 < probability).all() and (probability < 1).all()


def test_db_head_gives_the_probability_alone_in_evaluation():
    head, x = db_head(), paddle.randn([1, 8, 2, 2])
    head.eval()
    np.testing.assert_array_equal(head(x)["maps"].numpy(), head.binarize(x).numpy())
    assert head(x)["maps"].shape == [1, 1, 8, 8]


def test_db_head_starts_as_the_family_does():
    head = build_head({"name": "DBHead"}, "det", in_channels=64)
    state = head.state_dict()
    assert_uniform(state["binarize.conv2.bias"], 0.25)
    assert np.abs(state["thresh.conv3.bias"].numpy()).max() <= 0.25
    np.testing.assert_array_equal(state["binarize.conv_bn1.weight"].numpy(), np.ones(16))
    np.testing.assert_allclose(state["thresh.conv_bn2.bias"].numpy(), np.full(16, 1e-4), rtol=1e-6)


def test_db_head_kernels():
    state = db_head(kernel_list=[7, 2, 2]).state_dict()
    assert state["binarize.conv1.weight"].shape == [2, 8, 7, 7]
    with pytest.raises(ConfigError, match="'kernel_list' must be a list of 3"):
        db_head(kernel_list=[3])


@pytest.mark.parametrize("fix_nan", [True, False])
def test_db_head_can_clear_what_is_not_a_number(fix_nan, monkeypatch):
    monkeypatch.setattr(paddle.nn.functional, "relu", lambda x: x)  # the CPU's own would turn it into 0
    head = db_head(fix_nan=fix_nan)
    for branch in (head.binarize, head.thresh):
        branch.conv1.weight.set_value(paddle.full([2, 8, 3, 3], float("nan")))
    maps = head(paddle.ones([1, 8, 2, 2]))["maps"].numpy()
    assert np.isfinite(maps).all() == fix_nan


def test_ctc_head_gives_logits_in_training_and_probabilities_in_evaluation():
    head, x = ctc_head(), paddle.randn([2, 3, 16])
    logits = head(x).numpy()
    np.testing.assert_allclose(logits, x.numpy() @ head.fc.weight.numpy() + head.fc.bias.numpy(), rtol=1e-4, atol=1e-5)
    head.eval()
    out = head(x).numpy()
    np.testing.assert_allclose(out, softmax(logits), rtol=1e-4)
    np.testing.assert_allclose(out.sum(axis=2), np.ones([2, 3]), rtol=1e-5)


def test_ctc_head_with_a_layer_in_between_and_its_features():
    head, x = ctc_head(mid_channels=4, return_feats=True), paddle.randn([2, 3, 16])
    features, logits = (out.numpy() for out in head(x))
    np.testing.assert_allclose(
        features, x.numpy() @ head.fc1.weight.numpy() + head.fc1.bias.numpy(), rtol=1e-4, atol=1e-5
    )
    expected = features @ head.fc2.weight.numpy() + head.fc2.bias.numpy()
    np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-5)
    head.eval()
    assert head(x).shape == [2, 3, 5]


def test_ctc_head_starts_uniform_and_decays_by_itself():
    head = ctc_head(fc_decay=0.25, out_channels=50)
    before = [parameter.numpy().copy() for parameter in head.parameters()]
    for parameter in head.parameters():
        assert_uniform(parameter, 0.25)
    optimizer = paddle.optimizer.SGD(1.0, parameters=head.parameters(), weight_decay=0.5)
    (head(paddle.rand([1, 2, 16])) * 0.0).sum().backward()
    optimizer.step()
    for old, parameter in zip(before, head.parameters()):
        np.testing.assert_allclose(parameter.numpy(), 0.75 * old, rtol=1e-5)


def test_cls_head_is_a_linear_layer_on_the_mean():
    head = build_head({"name": "ClsHead", "class_dim": 3}, "cls", in_channels=16)
    assert_uniform(head.fc.weight, 0.25)
    x = paddle.randn([2, 16, 2, 5])
    logits = head(x).numpy()
    expected = x.numpy().mean(axis=(2, 3)) @ head.fc.weight.numpy() + head.fc.bias.numpy()
    np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-5)
    head.eval()
    np.testing.assert_allclose(head(x).numpy(), softmax(logits), rtol=1e-4)
