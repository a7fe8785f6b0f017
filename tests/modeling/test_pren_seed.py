"""PREN: representations of a line; SEED: attention, and the beam against all texts there are."""

from itertools import product

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest

from ppocr.errors import ConfigError
from ppocr.modeling.backbones import build_backbone
from ppocr.modeling.heads import build_head
from ppocr.modeling.necks import build_neck

CLASSES, END, LONGEST, STEPS, WIDTH = 5, 2, 3, 3, 6


def seed_head(number, **config):
    paddle.seed(number)
    sizes = {"sDim": 4, "attDim": 5, "max_len_labels": LONGEST, "time_step": STEPS}
    head = build_head({"name": "AsterHead", **sizes, **config}, "rec", in_channels=WIDTH, out_channels=CLASSES)
    head.decoder.decoder.fc.weight.set_value(head.decoder.decoder.fc.weight * 8)  # decided enough
    return head


def every_text():
    for length in range(LONGEST):
        for characters in product([one for one in range(CLASSES) if one != END], repeat=length):
            yield [*characters, *[END] * (LONGEST - length)], length + 1
    for characters in product([one for one in range(CLASSES) if one != END], repeat=LONGEST):
        yield list(characters), LONGEST


@pytest.mark.parametrize("number", range(3))
def test_a_wide_beam_finds_the_likeliest_text(number):
    head, x = seed_head(number, beam_width=25), paddle.rand([1, STEPS, WIDTH])
    texts, lengths = zip(*every_text())
    label = paddle.to_tensor(texts)
    everywhere = x.expand([len(texts), STEPS, WIDTH])
    logits = head(everywhere, [label, paddle.full([len(texts)], LONGEST)])["rec_pred"]
    chances = F.log_softmax(logits).take_along_axis(label.unsqueeze(2), axis=2).squeeze(2).numpy()
    counted = np.arange(LONGEST) < np.array(lengths)[:, None]
    likeliest = texts[(chances * counted).sum(axis=1).argmax()]
    head.eval()
    assert head(x)["rec_pred"].tolist() == [likeliest]


def test_a_beam_of_one_takes_the_likeliest_class_of_each_step():
    head, x = seed_head(4, beam_width=1), paddle.rand([2, STEPS, WIDTH])
    head.eval()
    found = head(x)["rec_pred"]
    head.train()
    best = head(x, [found, paddle.full([2], LONGEST)])["rec_pred"].argmax(axis=-1)
    for text, steps in zip(found.tolist(), best.tolist()):
        count = text.index(END) + 1 if END in text else LONGEST
        assert text[:count] == steps[:count]


def test_lines_of_a_batch_do_not_mix():
    head, x = seed_head(5), paddle.rand([3, STEPS, WIDTH])
    head.eval()
    together = head(x)["rec_pred"].tolist()
    assert together == [head(line.unsqueeze(0))["rec_pred"].tolist()[0] for line in x]


def test_the_word_vector_is_where_a_text_starts_from():
    head, x = seed_head(6), paddle.rand([1, STEPS, WIDTH])
    given = [paddle.to_tensor([[0, END, 3]]), paddle.to_tensor([2])]
    before = head(x, given)
    assert before["rec_pred"].shape == [1, 2, CLASSES]
    head.embedder.eEmbed.bias.set_value(head.embedder.eEmbed.bias + 1)
    after = head(x, given)
    np.testing.assert_allclose((after["embedding_vectors"] - before["embedding_vectors"]).numpy(), 1.0, atol=1e-5)
    assert float((after["rec_pred"] - before["rec_pred"]).abs().max()) > 1e-2


def test_aster_reads_lines_of_height_32():
    net = build_backbone({"name": "ResNet_ASTER"}, "rec", in_channels=3)
    net.eval()
    with pytest.raises(ConfigError, match="ResNet_ASTER: reads images of height 32"):
        net(paddle.rand([1, 3, 64, 32]))


def test_representations_are_weighed_sums_and_means():
    paddle.seed(0)
    neck = build_neck(
        {"name": "PRENFPN", "n_r": 2, "d_model": 6, "max_len": 4, "dropout": 0.0}, "rec", in_channels=[3, 4, 5]
    )
    neck.eval()
    x = paddle.rand([1, 3, 8, 12])
    weights, values = F.sigmoid(neck.agg_w1.conv_n(x)).numpy(), neck.agg_w1.conv_d(x).numpy()
    weighed = np.einsum("nrhw,nchw->nrc", weights, values)
    np.testing.assert_allclose(neck.agg_w1(x).numpy(), weighed, rtol=1e-4, atol=1e-5)
    maps = [convs(x).numpy() for convs in neck.agg_p1]
    assert maps[0].shape == (1, 2, 2, 3)
    pooled = np.stack([one.mean(axis=(2, 3)) for one in maps], axis=1)
    np.testing.assert_allclose(neck.agg_p1(x).numpy(), pooled, rtol=1e-4, atol=1e-6)


def test_efficientnet_pads_to_the_right_and_below():
    """As TensorFlow does: with an even side and stride 2, the last pixel is the centre of no window."""
    net = build_backbone({"name": "EfficientNetb3_PREN"}, "rec", in_channels=3)
    kernel = np.zeros([40, 3, 3, 3], "float32")
    kernel[0, 0, 0, 0] = 1.0
    net._conv_stem.weight.set_value(kernel)
    x = paddle.arange(16, dtype="float32").reshape([1, 1, 4, 4]).expand([1, 3, 4, 4])
    assert net._conv_stem(x)[0, 0].tolist() == [[0.0, 2.0], [8.0, 10.0]]
