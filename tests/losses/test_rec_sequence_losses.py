"""Losses of decoders of texts against NumPy."""

import numpy as np
import paddle
import pytest

from ppocr.config import validate
from ppocr.errors import ConfigError
from ppocr.losses import build_loss

RNG = np.random.default_rng(5)
IMAGE = paddle.zeros([2, 1])


def log_softmax(x):
    shifted = x - x.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def logits(*shape):
    return RNG.normal(size=shape).astype("float32")


def run(config, preds, *fields):
    losses = build_loss(config)(preds, [IMAGE, *(paddle.to_tensor(field) for field in fields)])
    return {name: float(value) for name, value in losses.items()}


def test_attention_scores_each_entry_as_it_stands_and_adds_up():
    x, label = logits(2, 3, 4), np.array([[0, 1, 3], [0, 3, 0]])
    expected = -sum(log_softmax(x)[i, j, label[i, j]] for i in range(2) for j in range(3))
    assert run({"name": "AttentionLoss"}, paddle.to_tensor(x), label)["loss"] == pytest.approx(expected, rel=1e-5)


def test_labels_that_are_longer_than_what_the_attention_head_gives_are_one_line():
    message = "the labels have 3 entries, the head gives 2: set Architecture.Head.max_text_length"
    with pytest.raises(ConfigError, match=message):
        run({"name": "AttentionLoss"}, paddle.to_tensor(logits(1, 2, 4)), np.array([[0, 1, 3]]))


def test_spin_scores_what_follows_each_entry_and_no_padding():
    x, label = logits(2, 3, 4), np.array([[0, 2, 3, 1], [0, 3, 1, 0]])
    scores = log_softmax(x)
    expected = -(scores[0, 0, 2] + scores[0, 1, 3] + scores[0, 2, 1] + scores[1, 0, 3] + scores[1, 1, 1]) / 5
    loss = run({"name": "SPINAttentionLoss", "ignore_index": 0}, paddle.to_tensor(x), label)
    assert loss["loss"] == pytest.approx(expected, rel=1e-5)


def test_rfl_measures_counts_and_what_follows_each_entry():
    counts, x = logits(2, 4), logits(2, 3, 4)
    label, true = np.array([[0, 2, 3], [0, 3, 0]]), np.array([[0.0, 0, 1, 0], [0, 0, 0, 0]])
    scores = log_softmax(x)
    fields = (label, np.array([1, 0]), true)
    losses = run({"name": "RFLLoss"}, [paddle.to_tensor(counts), paddle.to_tensor(x)], *fields)
    mean = ((counts - true) ** 2).mean()
    assert losses["cnt_loss"] == pytest.approx(mean, rel=1e-5)
    expected = -(scores[0, 0, 2] + scores[0, 1, 3] + scores[1, 0, 3] + scores[1, 1, 0]) / 4
    assert losses["seq_loss"] == pytest.approx(expected, rel=1e-5)
    assert losses["loss"] == pytest.approx(losses["cnt_loss"] + losses["seq_loss"], rel=1e-6)
    assert run({"name": "RFLLoss"}, paddle.to_tensor(counts), *fields) == pytest.approx(
        {"loss": mean, "cnt_loss": mean}
    )


def test_sar_scores_what_follows_each_entry_and_no_padding():
    x, label = logits(2, 4, 5), np.array([[4, 0, 4, 5], [4, 1, 2, 4]])
    scores = log_softmax(x)
    expected = -(scores[0, 0, 0] + scores[0, 1, 4] + scores[1, 0, 1] + scores[1, 1, 2] + scores[1, 2, 4]) / 5
    loss = run({"name": "SARLoss", "ignore_index": 5}, paddle.to_tensor(x), label)
    assert loss["loss"] == pytest.approx(expected, rel=1e-5)


@pytest.fixture
def nrtr():
    return logits(2, 4, 6), np.array([[2, 4, 3, 0, 0], [2, 5, 4, 3, 0]]), np.array([1, 2])


def test_nrtr_smooths_its_targets_and_counts_no_padding(nrtr):
    x, label, lengths = nrtr
    scores, counted = log_softmax(x), [(0, 0, 4), (0, 1, 3), (1, 0, 5), (1, 1, 4), (1, 2, 3)]
    expected = 0
    for line, step, right in counted:
        weight = np.full(6, 0.1 / 5)
        weight[right] = 0.9
        expected -= (weight * scores[line, step]).sum() / len(counted)
    loss = run({"name": "NRTRLoss"}, paddle.to_tensor(x), label, lengths)
    assert loss["loss"] == pytest.approx(expected, rel=1e-5)


def test_nrtr_without_smoothing_counts_padding_up_to_the_longest_text(nrtr):
    x, label, lengths = nrtr
    scores = log_softmax(x)
    expected = -np.mean([scores[line, step, label[line, step + 1]] for line in range(2) for step in range(3)])
    loss = run({"name": "NRTRLoss", "smoothing": False}, paddle.to_tensor(x), label, lengths)
    assert loss["loss"] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("smoothing", [False, True])
def test_cross_entropy_of_what_follows_is_that_of_nrtr(nrtr, smoothing):
    x, *fields = nrtr
    x = paddle.to_tensor(x)
    expected = run({"name": "NRTRLoss", "smoothing": smoothing}, x, *fields)
    assert run({"name": "CELoss", "smoothing": smoothing}, x, *fields) == expected


def test_cross_entropy_of_all_entries_but_the_ignored():
    x, label = logits(2, 3, 4), np.array([[0, 2, 1], [0, 3, 0]])
    scores = log_softmax(x)
    expected = -(scores[0, 1, 2] + scores[0, 2, 1] + scores[1, 1, 3]) / 3
    loss = run({"name": "CELoss", "with_all": True, "ignore_index": 0}, paddle.to_tensor(x), label)
    assert loss["loss"] == pytest.approx(expected, rel=1e-5)


def test_cross_entropy_of_several_predictions_is_their_sum_and_that_of_repeated_ones_their_mean():
    label, lengths = np.array([[2, 1, 9], [3, 9, 9]]), np.array([2, 1])
    vision, *language = (logits(2, 3, 4) for _ in range(3))

    def term(x):
        scores = log_softmax(x)
        return -(scores[0, 0, 2] + scores[0, 1, 1] + scores[1, 0, 3]) / 3

    preds = {"vision": paddle.to_tensor(vision), "lang": [paddle.to_tensor(x) for x in language]}
    losses = run({"name": "CELoss", "ignore_index": 9}, preds, label, lengths)
    expected = {"vision_loss": term(vision), "lang_loss": np.mean([term(x) for x in language])}
    assert losses == pytest.approx({"loss": sum(expected.values()), **expected}, rel=1e-5)


def test_cross_entropy_of_all_entries_is_not_smoothed():
    with pytest.raises(ConfigError, match="'smoothing' is for labels that are read one entry after the other"):
        build_loss({"name": "CELoss", "smoothing": True, "with_all": True})


def test_srn_weighs_three_sums():
    label = np.array([[1, 3], [0, 3]])
    preds = {"predict": logits(4, 4), "word_out": logits(4, 4), "gsrm_out": logits(4, 5)}
    word, fused, semantic = (
        -log_softmax(preds[key])[np.arange(4), label.ravel()].sum() for key in ("word_out", "predict", "gsrm_out")
    )
    losses = run({"name": "SRNLoss"}, {key: paddle.to_tensor(value) for key, value in preds.items()}, label)
    expected = {"loss": 3 * word + fused + 0.15 * semantic, "word_loss": word, "img_loss": fused}
    assert losses == pytest.approx(expected, rel=1e-5)


def text_loss(x, labels):
    terms = [-log_softmax(x)[step, line, c] for line, text in enumerate(labels) for step, c in enumerate([*text, 0])]
    return np.mean(terms)


@pytest.mark.parametrize("mode", ["LF_1", "LA"])
def test_visionlan_reads_to_the_end_of_each_text(mode):
    texts = [([1, 2, 3], [4]), ([1, 3], []), ([2], [4])]  # whole, without one character, that character
    labels = [np.array([text + [0] * (3 - len(text)) for text in pair]) for pair in texts]
    preds = [logits(4, 2, 5) for _ in texts]
    terms = [text_loss(x, pair) for x, pair in zip(preds, texts)]
    preds = tuple(paddle.to_tensor(x) for x in (preds[:1] if mode == "LF_1" else preds))
    loss = run({"name": "VLLoss", "mode": mode, "weight_res": 0.25, "weight_mas": 2.0}, preds, *labels)
    expected = terms[0] if mode == "LF_1" else terms[0] + 0.25 * terms[1] + 2 * terms[2]
    assert loss["loss"] == pytest.approx(expected, rel=1e-5)


MULTI = {"name": "MultiLoss", "loss_config_list": [{"CTCLoss": None}, {"SARLoss": {"ignore_index": 5}}]}


def test_multi_loss_gives_each_branch_its_label():
    ctc, sar, lengths = np.array([[1, 2], [3, 0]]), np.array([[4, 0, 4, 5], [4, 1, 2, 4]]), np.array([2, 1])
    preds = {"ctc": paddle.to_tensor(logits(2, 6, 4)), "sar": paddle.to_tensor(logits(2, 4, 5))}
    alone = {
        "CTCLoss": run({"name": "CTCLoss"}, preds["ctc"], ctc, lengths)["loss"],
        "SARLoss": 0.5 * run({"name": "SARLoss", "ignore_index": 5}, preds["sar"], sar)["loss"],
    }
    losses = run({**MULTI, "weight_2": 0.5}, preds, ctc, sar, lengths, np.ones(2))
    assert losses == pytest.approx({"loss": sum(alone.values()), **alone}, rel=1e-5)


def test_multi_loss_scores_an_nrtr_guide(nrtr):
    x, label, lengths = nrtr
    config = {"name": "MultiLoss", "loss_config_list": [{"NRTRLoss": None}]}
    losses = run(config, {"gtc": paddle.to_tensor(x)}, np.zeros([2, 2], int), label, lengths, np.ones(2))
    assert losses["NRTRLoss"] == pytest.approx(run({"name": "NRTRLoss"}, paddle.to_tensor(x), label, lengths)["loss"])


@pytest.mark.parametrize(
    "items, message",
    [
        ([{"CTCLoss": None, "SARLoss": None}], r"'loss_config_list\[0\]' must be a mapping of 1"),
        ([{"ClsLoss": None}], "'ClsLoss' belongs to no branch; known: CTCLoss, SARLoss, NRTRLoss"),
        ([{"SARLoss": {"ignore": 1}}], "has no key 'ignore'"),
    ],
)
def test_multi_loss_refuses_other_lists(items, message):
    with pytest.raises(ConfigError, match=message) as error:
        build_loss({"name": "MultiLoss", "loss_config_list": items})
    assert "\n" not in str(error.value)


def test_multi_loss_can_be_validated():
    config = {"Loss": {**MULTI, "loss_config_list": [{"CTCLoss": 3}]}}
    (problem,) = [problem for problem in validate(config) if problem.path[0] == "Loss"]
    assert problem.path == ("Loss", "loss_config_list", 0, "CTCLoss") and "must be a mapping, not 3" in problem.message
    config["Loss"]["loss_config_list"] = [{"CTCLoss": None}, {"SARLoss": {"ignore_index": -1}}]
    (problem,) = [problem for problem in validate(config) if problem.path[0] == "Loss"]
    assert problem.path == ("Loss", "loss_config_list", 1, "SARLoss", "ignore_index")


def test_parseq_averages_over_orders_and_counts_the_end_in_two_of_them():
    label = np.array([[4, 1, 2, 0, 5], [4, 3, 0, 5, 5]])
    x = logits(4, 2, 3, 4)
    scores = log_softmax(x)
    terms = []
    for order in range(4):
        terms += [scores[order, 0, 0, 1], scores[order, 0, 1, 2], scores[order, 1, 0, 3]]
        terms += [scores[order, 0, 2, 0], scores[order, 1, 1, 0]] if order < 2 else []
    loss = run({"name": "ParseQLoss"}, {"logits": [paddle.to_tensor(one) for one in x]}, label)
    assert loss["loss"] == pytest.approx(-np.mean(terms), rel=1e-5)


@pytest.mark.parametrize("smoothing", [False, True])
def test_cppd_adds_counts_places_and_characters(smoothing):
    label, nodes = np.array([[2, 3, 0], [1, 0, 9]]), np.array([[1, 0, 7, 1, 1, 1], [1, 1, 0, 1, 1, 0]])
    counts, places, x = logits(2, 3, 3), logits(2, 3), logits(2, 3, 4)
    often = log_softmax(counts)
    often = -(often[0, 0, 1] + often[0, 1, 0] + often[0, 2, 2] + often[1, 0, 1] + often[1, 1, 1] + often[1, 2, 0]) / 6
    signs = 2 * nodes[:, 3:] - 1
    node = often + np.log1p(np.exp(-signs * places)).mean()
    scores = log_softmax(x)
    true = np.array([scores[0, 0, 2], scores[0, 1, 3], scores[0, 2, 0], scores[1, 0, 1], scores[1, 1, 0]])
    others = np.array([*scores[0].sum(axis=1), *scores[1, :2].sum(axis=1)]) - true
    edge = -(0.9 * true + 0.1 / 3 * others).mean() if smoothing else -true.mean()
    preds = (paddle.to_tensor(counts), paddle.to_tensor(places)), paddle.to_tensor(x)
    config = {"name": "CPPDLoss", "smoothing": smoothing, "ignore_index": 9, "sideloss_weight": 0.5}
    losses = run(config, preds, label, nodes)
    assert losses == pytest.approx({"loss": 0.5 * node + edge, "loss_node": node, "loss_edge": edge}, rel=1e-5)


def test_pren_counts_no_padding():
    label, x = np.array([[3, 1, 0], [1, 0, 0]]), logits(2, 3, 4)
    scores = log_softmax(x)
    expected = -(scores[0, 0, 3] + scores[0, 1, 1] + scores[1, 0, 1]) / 3
    assert run({"name": "PRENLoss"}, paddle.to_tensor(x), label)["loss"] == pytest.approx(expected, rel=1e-5)


def test_seed_sums_over_the_characters_of_a_text():
    label, length, meaning = np.array([[3, 1, 2, 2], [0, 1, 2, 2]]), np.array([3, 2]), logits(2, 6)
    x, guess = logits(2, 3, 4), logits(2, 6)
    scores = log_softmax(x)
    text = -(scores[0, 0, 3] + scores[0, 1, 1] + scores[0, 2, 2] + scores[1, 0, 0] + scores[1, 1, 1]) / 2
    cosine = (guess * meaning).sum(axis=1) / np.linalg.norm(guess, axis=1) / np.linalg.norm(meaning, axis=1)
    preds = {"rec_pred": paddle.to_tensor(x), "embedding_vectors": paddle.to_tensor(guess)}
    loss = run({"name": "AsterLoss"}, preds, label, length, meaning)["loss"]
    assert loss == pytest.approx(text + 0.1 * (1 - cosine).mean(), rel=1e-5)
