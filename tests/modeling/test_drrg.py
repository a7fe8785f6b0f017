"""The neck and the head of DRRG, against NumPy and pages on which the answer can be told."""

import numpy as np
import paddle
import pytest

from ppocr.geometry.local_graphs import local_graphs
from ppocr.geometry.text_components import Components
from ppocr.losses.det_drrg_loss import DRRGLoss
from ppocr.modeling.architectures import build_model
from ppocr.modeling.heads import build_head
from ppocr.modeling.heads.det_drrg_head import LinkNetwork, embedded
from ppocr.modeling.necks import build_neck

POINTS = np.array([[10.0, 20], [16, 20], [24, 22], [60, 20]])


def head(**settings):
    return build_head({"name": "DRRGHead", **settings}, "det", in_channels=4)


def attributes(*components, places=8):
    """The list of an image, of components (x, y, number of the text) of 12 x 4 pixels that stand upright."""
    listed = np.zeros((1, places, 8), np.float32)
    for row, (x, y, text) in zip(listed[0], components):
        row[:] = [len(components), x, y, 12, 4, 0, -1, text]
    return paddle.to_tensor(listed)


def test_channels_of_the_pyramid_double_up_to_256():
    neck = build_neck({"name": "FPN_UNet", "out_channels": 64}, "det", in_channels=[1, 1, 1, 1])
    shapes = {name: value.shape for name, value in neck.state_dict().items() if name.endswith("deconv.weight")}
    widths = {f"up_block{i}.deconv.weight": [width, width, 4, 4] for i, width in enumerate((64, 64, 128, 256))}
    assert shapes == widths and neck.up4.weight.shape == [1, 256, 4, 4]


def test_waves_of_an_embedding():
    values = np.array([[1.0, -2.0], [50.0, 0.5]])
    found = embedded(values, 4)
    slow = 1000**0.5
    expected = [np.sin(values), np.cos(values), np.sin(values / slow), np.cos(values / slow)]
    np.testing.assert_allclose(found, np.concatenate(expected, axis=1), rtol=1e-5)


def graph_convolution(layer, x, adjacency):
    both = np.concatenate([x, adjacency @ x], axis=-1)
    return np.maximum(both @ layer.weight.numpy() + layer.bias.numpy(), 0)


def test_links_are_told_from_what_differs_from_the_pivot():
    paddle.seed(1)
    network = LinkNetwork(6)
    network.eval()
    network.bn0._mean.set_value(paddle.rand([6]))
    features = np.random.default_rng(0).normal(0, 1, (4, 6)).astype("float32")
    graphs = local_graphs(POINTS, (2, 1), 1)
    found = network(paddle.to_tensor(features), graphs).numpy()
    assert found.shape == (8, 2)
    mean = network.bn0._mean.numpy()
    row = 0
    for nodes, adjacency in zip(graphs.nodes, graphs.adjacency()):
        nodes = nodes[nodes >= 0]
        x = (features[nodes] - features[nodes[0]] - mean) / np.sqrt(1 + 1e-5)
        for layer in (network.conv1, network.conv2, network.conv3, network.conv4):
            x = graph_convolution(layer, x, adjacency[: len(nodes), : len(nodes)])
        expected = network.classifier(paddle.to_tensor(x[1:3].astype("float32"))).numpy()
        np.testing.assert_allclose(found[row : row + 2], expected, rtol=1e-3, atol=1e-5)
        row += 2


def test_pairs_of_one_text_are_links_and_images_do_not_see_each_other():
    net = head(k_at_hops=[1, 1], local_graph_thr=1.0)
    lists = [
        attributes((10, 16, 1), (14, 16, 1), (40, 16, 2)),
        attributes((10, 16, 0), (14, 16, 0), (30, 16, 3), (33, 16, 3)),
    ]
    output = net(paddle.rand([2, 4, 32, 48]), [paddle.concat(lists)])
    # the nearest of 0, 1, 2 and of 0, 1, 2, 3
    assert output["link_labels"].tolist() == [1, 1, 0] + [0, 0, 1, 1]
    assert output["links"].shape == [7, 2]


def test_neighbours_that_see_the_same_are_left_out_in_training():
    net = head(local_graph_thr=0.3)
    listed = attributes((10, 16, 1), (14, 16, 1), (18, 16, 1), (22, 16, 1))
    output = net(paddle.rand([1, 4, 32, 48]), [listed])
    assert output["link_labels"].tolist() == [1, 1, 1]  # of one pivot


@pytest.mark.parametrize("count", [0, 1])
def test_images_without_pairs_train(count):
    net = head()
    output = net(paddle.rand([1, 4, 32, 32]), [attributes(*[(10, 16, 1)] * count)])
    assert output["links"].shape == [0, 2] and output["link_labels"].shape == [0]
    DRRGLoss()(output, [None, *paddle.ones([7, 1, 32, 32])])["loss"].backward()
    assert all(parameter.grad is not None for parameter in net.parameters() if not parameter.stop_gradient)
    assert not any(parameter.grad.any() for parameter in net.gcn.parameters() if not parameter.stop_gradient)


def test_an_image_without_components_is_no_harm_to_the_others():
    net = head()
    listed = paddle.concat([attributes(), attributes((10, 16, 1), (14, 16, 1)), attributes((10, 16, 1))])
    output = net(paddle.rand([3, 4, 32, 32]), [listed])
    assert output["link_labels"].tolist() == [1, 1]


def drawn_maps(net):
    """Features on which the last convolution draws one text, from (8, 8) to (87, 31), and its centre region."""
    x = np.zeros((1, 4, 40, 96), np.float32)
    x[:, 0, 8:32, 8:88] = x[:, 1, 16:24, 8:88] = 1
    x[:, 2] = np.arange(40)[:, None]
    weight = np.zeros((6, 4, 1, 1), np.float32)
    weight[0, 0], weight[1, 1], weight[4, 2], weight[5, 2] = 8, 8, 1, -1
    net.out_conv.weight.set_value(paddle.to_tensor(weight))
    net.out_conv.bias.set_value(paddle.to_tensor([-4.0, -4.0, -1.0, 0.0, -8.0, 31.0]))
    return paddle.to_tensor(x)


def test_components_and_links_of_a_page():
    net = head()
    net.eval()
    (page,) = net(drawn_maps(net))
    components, pairs, scores = (page[name].numpy() for name in ("components", "pairs", "scores"))
    quads = components[:, :8].reshape(-1, 4, 2)
    assert components.dtype == np.float32 and len(components) >= 8
    np.testing.assert_allclose(quads[:, :2, 1], 8, atol=0.7)
    np.testing.assert_allclose(quads[:, 2:, 1], 31, atol=0.7)
    np.testing.assert_allclose(components[:, 8], 1 / (1 + np.exp(-4)), rtol=1e-5)
    assert len(pairs) == len(scores) == len(components) * min(8, len(components) - 1)
    assert (0 <= scores).all() and (scores <= 1).all() and (pairs[:, 0] != pairs[:, 1]).all()


def test_a_page_without_text_has_no_components():
    net = head()
    net.eval()
    (page,) = net(0 * drawn_maps(net))
    assert {name: value.shape for name, value in page.items()} == {"components": [0, 9], "pairs": [0, 2], "scores": [0]}


def test_a_page_gives_the_same_whatever_it_is_batched_with():
    net = head()
    net.eval()
    x = drawn_maps(net)
    (alone,), (beside, _) = net(x), net(paddle.concat([x, 0 * x]))
    for name, value in alone.items():
        np.testing.assert_allclose(value.numpy(), beside[name].numpy(), rtol=1e-4, atol=1e-5)


def test_what_a_component_shows_does_not_depend_on_how_the_text_lies():
    net = head()
    level = np.random.default_rng(0).random((4, 33, 33)).astype("float32")
    turned = np.rot90(level, -1, axes=(1, 2)).copy()  # a quarter, clockwise: from (x, y) to (33 - y, x)
    boxes = [[12, 20, 12, 4, 0, -1], [13, 12, 12, 4, 1, 0]]
    found = []
    for image, box in zip((level, turned), boxes):
        x = paddle.to_tensor(image)
        maps = net.out_conv(x.unsqueeze(0))[0]
        found.append(net._features(x, maps, Components.of(np.array([box], np.float32))).numpy())
    np.testing.assert_allclose(found[0][:, :-120], found[1][:, :-120], rtol=1e-4, atol=1e-5)


def test_a_model_says_what_it_cannot_do():
    model = build_model({"model_type": "det", "Head": {"name": "DRRGHead", "in_channels": 4}})
    assert "found on the host" in model.export_obstacle and "made on the host" in model.static_obstacle
    assert model.feed == ("gt_comp_attribs",) and not model.feed_in_use
