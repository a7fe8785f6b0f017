"""ABINet: what the language model sees and how it corrects; CPPD: nodes of counts and places."""

import numpy as np
import paddle
import pytest

from ppocr.errors import ConfigError
from ppocr.modeling.heads import build_head
from ppocr.modeling.heads.rec_abinet_head import cloze_mask, text_lengths

WIDTH, CLASSES = 8, 5


def abinet(**config):
    paddle.seed(0)
    sizes = {"d_model": WIDTH, "nhead": 2, "num_layers": 1, "dim_feedforward": 16, "max_length": 3, "dropout": 0.0}
    section = {"name": "ABINetHead", **sizes, "image_size": [32, 64], "use_lang": True, "iter_size": 3, **config}
    return build_head(section, "rec", in_channels=WIDTH, out_channels=CLASSES)


def cppd(**config):
    paddle.seed(0)
    section = {"name": "CPPDHead", "dim": 32, "num_layer": 2, "max_len": 3, "vis_seq": 6, "drop_path_rate": 0.0}
    return build_head({**section, **config}, "rec", in_channels=32, out_channels=CLASSES)


def test_the_end_belongs_to_a_text():
    classes = paddle.to_tensor([[1, 2, 0, 3, 0], [0, 1, 1, 1, 1], [1, 1, 1, 1, 1], [1, 1, 1, 1, 0]])
    assert text_lengths(paddle.nn.functional.one_hot(classes, CLASSES)).tolist() == [3, 1, 5, 5]


@pytest.mark.parametrize("length, counted", [(3, 3), (1, 2), (4, 4)])
def test_each_place_sees_all_others_of_the_text(length, counted):
    mask = cloze_mask(paddle.to_tensor([length]), 4)
    shown = [[key < counted and key != place for key in range(4)] for place in range(4)]
    assert (mask[0, 0] == 0).tolist() == shown


def test_abinet_uses_the_last_correction():
    head, x = abinet(), paddle.rand([2, WIDTH, 8, 16])
    head.eval()
    read = head(x)
    seen = []
    head.cls_align.register_forward_post_hook(lambda layer, given, logits: seen.append(logits))
    np.testing.assert_allclose(head(x).numpy(), read.numpy(), atol=1e-6)
    assert len(seen) == 3
    np.testing.assert_allclose(paddle.nn.functional.softmax(seen[-1]).numpy(), read.numpy(), atol=1e-6)


def test_a_correction_does_not_see_what_it_corrects():
    head = abinet()
    probabilities = paddle.rand([1, 4, CLASSES])
    changed = probabilities.clone()
    changed[0, 2] = paddle.rand([CLASSES])
    head.eval()
    logits = [head.language(one, paddle.to_tensor([4]))[1].numpy() for one in (probabilities, changed)]
    moved = np.abs(logits[0] - logits[1]).max(axis=(0, 2)) > 1e-5
    assert moved.tolist() == [True, True, False, True]


def test_without_a_language_model_abinet_gives_what_it_sees():
    head, x = abinet(use_lang=False), paddle.rand([1, WIDTH, 8, 16])
    (logits,) = head(x).values()
    assert logits.shape == [1, 4, CLASSES]
    assert not [name for name, _ in head.named_parameters() if "language" in name or "align" in name]


def test_a_width_that_does_not_fit():
    with pytest.raises(ConfigError, match="'d_model' must be the channels of the map, 8, not 16"):
        abinet(d_model=16)
    with pytest.raises(ConfigError, match="'dim': 40 must be a multiple of 32"):
        cppd(dim=40)


def test_counting_changes_nothing_of_what_is_read():
    """The nodes look at the image; the image does not look at them."""
    head, x = cppd(), paddle.rand([2, 6, 32])
    _, logits = head(x)
    head.eval()
    np.testing.assert_allclose(paddle.nn.functional.softmax(logits).numpy(), head(x).numpy(), atol=1e-5)


def test_the_classes_that_are_counted_may_be_chosen():
    everything, chosen, x = cppd(), cppd(ch=True), paddle.rand([2, 6, 32])
    assert everything.feed == () and chosen.feed == ("label", "label_node", "label_index")
    chosen.set_state_dict(everything.state_dict())
    (counts, filled), _ = everything(x)
    (some, same), _ = chosen(x, [None, None, paddle.to_tensor([[1, 3], [0, 4]])])
    np.testing.assert_allclose(some[0].numpy(), counts[0].numpy()[[1, 3]], atol=1e-5)
    np.testing.assert_allclose(some[1].numpy(), counts[1].numpy()[[0, 4]], atol=1e-5)
    np.testing.assert_allclose(same.numpy(), filled.numpy(), atol=1e-6)
