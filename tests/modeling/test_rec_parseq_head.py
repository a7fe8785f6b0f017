"""The head of PARSeq: orders of reading, what each place may look at, reading one by one and again."""

import numpy as np
import paddle
import pytest

from ppocr.errors import ConfigError
from ppocr.modeling.heads import build_head
from ppocr.modeling.heads.rec_parseq_head import END, earlier, orders

WIDTH, CLASSES, PLACES = 8, 9, 6
START, PADDING = CLASSES - 2, CLASSES - 1


def build(**config):
    paddle.seed(0)
    sizes = {"embed_dim": WIDTH, "dec_num_heads": 2, "max_text_length": PLACES - 1, "dropout": 0.0}
    head = build_head({"name": "ParseQHead", **sizes, **config}, "rec", in_channels=WIDTH, out_channels=CLASSES)
    for table in (head.pos_queries, head.text_embed.embedding.weight):
        table.set_value(table * 50)  # decided enough to tell places and classes apart
    return head


def label(*rows):
    return [paddle.to_tensor(rows), paddle.to_tensor([row.index(END) - 1 for row in rows])]


@pytest.mark.parametrize("count, expected", [(0, [[0, 1]]), (1, [[0, 1, 2]]), (2, [[0, 1, 2, 3], [0, 3, 2, 1]])])
def test_a_short_text_has_few_orders(count, expected):
    assert orders(count, 6, True, True).tolist() == expected


@pytest.mark.parametrize(
    "count, forward, mirrored, number", [(3, True, True, 6), (3, False, False, 6), (4, True, True, 24)]
)
def test_where_there_are_few_orders_each_is_drawn_once(count, forward, mirrored, number):
    drawn = orders(count, 1000, forward, mirrored).tolist()
    assert len(drawn) == number
    inner = {tuple(order) for order in drawn[:1] + drawn[2:]}  # the second one is from the end to the first character
    assert len(inner) == number - 1 and all(sorted(order) == list(range(count + 2)) for order in inner)


@pytest.mark.parametrize("count", [4, 7])
def test_orders_come_in_pairs(count):
    paddle.seed(1)
    drawn = orders(count, 6, True, True).numpy()
    assert drawn.shape == (6, count + 2)
    assert drawn[0].tolist() == list(range(count + 2))
    assert drawn[1].tolist() == [0, *range(count + 1, 0, -1)]
    for one, other in (drawn[2:4], drawn[4:6]):
        assert one[1:-1].tolist() == other[1:-1][::-1].tolist() and one[-1] == other[-1] == count + 1
    assert len({tuple(order) for order in drawn}) == 6


def test_without_pairs_all_orders_but_the_first_are_drawn():
    drawn = orders(8, 3, True, False)
    assert drawn.shape == [3, 10] and drawn[0].tolist() == list(range(10))
    assert orders(8, 1, False, False)[0, 1:-1].tolist() != list(range(1, 9))


def test_who_looks_at_whom():
    order = [0, 3, 1, 2, 4]
    expected = [[order.index(key) < order.index(query) for key in range(5)] for query in range(5)]
    assert earlier(paddle.to_tensor(order)).tolist() == expected


def test_in_training_no_place_sees_what_its_order_reads_later():
    head, x = build(perm_num=2), paddle.rand([1, 5, WIDTH])
    first, second = (head(x, label([START, 1, 2, last, END, PADDING]))["logits"] for last in (3, 4))
    forward, backward = (np.abs((a - b).numpy()).max(axis=(0, 2)) > 1e-3 for a, b in zip(first, second))
    assert forward.tolist() == [False, False, False, True]  # what follows the third character
    assert backward.tolist() == [True, True, False, False]


@pytest.mark.parametrize("depth", [1, 2])
def test_read_one_by_one_the_likeliest_class_is_that_of_training(depth):
    head, x = build(dec_depth=depth, refine_iters=0, perm_num=1, perm_mirrored=False), paddle.rand([1, 5, WIDTH])
    head.eval()
    read = head(x)["predict"]
    assert read.shape == [1, PLACES, CLASSES - 2]
    found = read.argmax(axis=-1)[0].tolist()
    count = found.index(END) if END in found else PLACES - 1
    assert count > 1
    head.train()
    taught = head(x, label([START, *found[:count], END, PADDING]))["predict"]
    np.testing.assert_allclose(taught.numpy(), read.numpy()[:, : count + 1], atol=1e-5)


def test_read_again_each_place_sees_all_others_up_to_the_end():
    head, x = build(decode_ar=False), paddle.rand([1, 5, WIDTH])
    given = []
    read = head._decode
    head._decode = lambda tokens, images, *masks: given.append((tokens, masks)) or read(tokens, images, *masks)
    head.eval()
    bias = paddle.zeros([CLASSES - 2])
    bias[3] = 1e4
    head.head.bias.set_value(bias)
    assert head(x)["predict"].argmax(axis=-1).tolist() == [[3] * PLACES]
    tokens, (query_mask, _, *_) = given[1]
    assert tokens.tolist() == [[START, *[3] * (PLACES - 1)]]
    # the token at place i + 1 is the character at i, which is what is read
    assert (query_mask[0, 0] == 0).tolist() == [[key != place + 1 for key in range(PLACES)] for place in range(PLACES)]
    bias[END] = 1e5
    head.head.bias.set_value(bias)
    head(x)
    tokens, (query_mask, _, *_) = given[3]
    assert tokens.tolist() == [[START, *[END] * (PLACES - 1)]]
    assert (query_mask[0, 0] == 0).tolist() == [[True] + [False] * (PLACES - 1)] * PLACES


def test_a_width_that_does_not_fit():
    with pytest.raises(ConfigError, match="'embed_dim' must be the width of what it reads, 8, not 10"):
        build(embed_dim=10)
