"""PFHeadLocal and the further maps of DBHead."""

import numpy as np
import paddle
import pytest

from ppocr.errors import ConfigError
from ppocr.modeling.heads import build_head


def build(name, **config):
    return build_head({"name": name, **config}, "det", in_channels=8)


def sigmoid(x):
    return 1 / (1 + np.exp(-x.astype("float64")))


def steady(head):
    """Normalises with the running statistics, which are 0 and 1, in training too."""
    for layer in head.sublayers():
        if hasattr(layer, "_use_global_stats"):
            layer._use_global_stats = True
    return head


@pytest.mark.parametrize("mode, width", [("large", 2), ("small", 1)])
def test_refinement_is_averaged_with_the_map_in_evaluation(mode, width):
    head, x = build("PFHeadLocal", mode=mode), paddle.randn([1, 8, 2, 3])
    assert head.cbn_layer.last_3.conv.weight.shape == [width, 3, 3, 3]
    head.eval()
    head.cbn_layer.last_1.weight.set_value(paddle.zeros([1, width, 1, 1]))
    head.cbn_layer.last_1.bias.set_value(paddle.to_tensor([2.0]))
    out = head(x)["maps"].numpy()
    assert out.shape == (1, 1, 8, 12)
    np.testing.assert_allclose(out, 0.5 * (head.binarize(x).numpy() + sigmoid(np.array(2.0))), rtol=1e-5)


def test_refinement_sees_the_map_first_and_the_features_at_its_size():
    head, x = build("PFHeadLocal", mode="large"), paddle.randn([1, 8, 2, 2])
    head.eval()
    kernel = np.zeros([2, 3, 3, 3], "float32")
    kernel[0, 0, 1, 1], kernel[1, 2, 1, 1] = 1.0, 1.0  # the map; the second channel of the features
    head.cbn_layer.last_3.conv.weight.set_value(kernel)
    head.cbn_layer.last_3.bn._epsilon = 0.0
    head.cbn_layer.last_1.weight.set_value(paddle.to_tensor([[[[3.0]], [[-2.0]]]]))
    head.cbn_layer.last_1.bias.set_value(paddle.zeros([1]))
    probability, features = head.binarize(x).numpy(), head.binarize.features(x).numpy()
    enlarged = features[:, 1:].repeat(2, axis=2).repeat(2, axis=3)
    expected = 0.5 * (probability + sigmoid(3 * probability - 2 * enlarged))
    np.testing.assert_allclose(head(x)["maps"].numpy(), expected, rtol=1e-4)


def test_refined_map_is_trained_and_the_unrefined_one_is_cut():
    head, x = steady(build("PFHeadLocal", k=20)), paddle.randn([1, 8, 2, 2])
    head.cbn_layer.last_1.weight.set_value(paddle.zeros([1, 1, 1, 1]))
    head.cbn_layer.last_1.bias.set_value(paddle.to_tensor([-1.0]))
    preds = {name: value.numpy() for name, value in head(x).items()}
    probability, threshold = head.binarize(x).numpy(), head.thresh(x).numpy()
    binary = sigmoid(20 * (probability - threshold))
    np.testing.assert_allclose(preds["maps"][:, 0], np.full([1, 8, 8], sigmoid(np.array(-1.0))), rtol=1e-5)
    np.testing.assert_allclose(preds["maps"][:, 1:2], threshold, rtol=1e-5)
    np.testing.assert_allclose(preds["maps"][:, 2:], binary, rtol=1e-3, atol=1e-6)
    np.testing.assert_array_equal(preds["cbn_maps"], preds["maps"][:, 2:])


def test_further_maps_have_the_size_of_the_first():
    head = steady(build("DBHead", aux_in_channels=8))
    fused = paddle.randn([1, 8, 4, 8])
    levels = [paddle.randn([1, 8, 4 // 2**i, 8 // 2**i]) for i in range(3)]
    preds = head((fused, levels))
    assert set(preds) == {"maps", "aux_maps_p2", "aux_maps_p3", "aux_maps_p4"}
    assert all(value.shape == [1, 3, 16, 32] for value in preds.values())
    np.testing.assert_array_equal(preds["aux_maps_p2"][:, :1].numpy(), head.aux_binarize_p2(levels[0]).numpy())
    np.testing.assert_array_equal(preds["maps"][:, 1:2].numpy(), head.thresh(fused).numpy())


def test_further_maps_are_enlarged_evenly():
    head = steady(build("DBHead", aux_in_channels=8))
    level = paddle.to_tensor(np.array([[1.0, 3.0]], "float32").repeat(8, axis=0).reshape(1, 8, 1, 2))
    between = np.array([1.0, 1.5, 2.5, 3.0], "float32").reshape(1, 1, 1, 4)  # linear, ends held
    enlarged = paddle.to_tensor(np.broadcast_to(between, [1, 8, 2, 4]).copy())
    preds = head((paddle.randn([1, 8, 2, 4]), [enlarged, level, level]))
    expected = head.aux_thresh_p3(enlarged).numpy()
    np.testing.assert_allclose(preds["aux_maps_p3"][:, 1:2].numpy(), expected, rtol=1e-4)


def test_further_maps_are_for_training_only():
    head, x = build("DBHead", aux_in_channels=8), paddle.randn([1, 8, 2, 2])
    assert head.state_dict()["aux_thresh_p4.conv1.weight"].shape == [2, 8, 3, 3]
    with pytest.raises(ConfigError, match="RepLKFPN or RepLKPAN") as error:
        head(x)
    assert "\n" not in str(error.value)
    head.eval()
    np.testing.assert_array_equal(head(x)["maps"].numpy(), head.binarize(x).numpy())


def test_further_maps_are_as_wide_as_the_features():
    with pytest.raises(ConfigError, match="'aux_in_channels' must be 8, as the neck has, not 4"):
        build("DBHead", aux_in_channels=4)


def test_a_head_without_them_takes_a_neck_that_gives_them():
    head, x = steady(build("DBHead")), paddle.randn([1, 8, 2, 2])
    preds = head((x, [x, x, x]))
    assert list(preds) == ["maps"]
    np.testing.assert_array_equal(preds["maps"][:, :1].numpy(), head.binarize(x).numpy())


class InHalf(paddle.nn.Layer):
    """Logits that a sigmoid in half precision makes exactly 1 of."""

    def forward(self, *features):
        return paddle.full([1, 1, 8, 8], 12.0, "float16")


def test_probabilities_are_taken_in_float32_where_the_network_is_in_half_precision():
    x = paddle.ones([1, 8, 2, 2])
    plain, refined = build("DBHead"), build("PFHeadLocal")
    plain.binarize.conv3 = plain.thresh.conv3 = refined.cbn_layer = InHalf()
    for head in (plain, refined):
        head.train()
        probability = head(x)["maps"][:, 0]
        assert probability.dtype == paddle.float32 and 0.99 < probability.max().item() < 1
    assert 0.49 < plain(x)["maps"][:, 2].min().item() < 0.51


def test_east_ways_are_at_most_800_pixels_and_a_score_is_a_probability(without_epsilon):
    head = without_epsilon(build("EASTHead", model_name="small"))
    head.eval()
    for conv, value in ((head.score_conv, 2.0), (head.geo_conv, np.log(3.0))):
        conv.conv.weight.set_value(paddle.zeros(conv.conv.weight.shape))
        conv.bn.bias.set_value(paddle.full(conv.bn.bias.shape, value))
    preds = head(paddle.rand([1, 8, 2, 3]))
    np.testing.assert_allclose(preds["f_score"].numpy(), np.full([1, 1, 2, 3], sigmoid(np.array(2.0))), rtol=1e-5)
    np.testing.assert_allclose(preds["f_geo"].numpy(), np.full([1, 8, 2, 3], (0.75 - 0.5) * 1600), rtol=1e-5)
