"""What an evaluation compares with: the labels as they stand, whatever the dictionary can write of them."""

import logging

import cv2
import numpy as np
import paddle
import pytest

from ppocr.commands.train import data_accounts
from ppocr.data import build_dataloader
from ppocr.engine.evaluation import EvaluationSuite, ExtraEval
from ppocr.engine.evaluator import Evaluator, TrainingMetric
from ppocr.losses import build_loss
from ppocr.metrics import build_metric
from ppocr.postprocess import build_post_process

SIZE, STEPS, CLASSES = [3, 8, 16], 10, 37
CHARACTERS = "0123456789abcdefghijklmnopqrstuvwxyz"
CTC = ({"CTCLabelEncode": None}, "label")
MULTI = ({"MultiLabelEncode": {"gtc_encode": "NRTRLabelEncode"}}, "label_ctc")


class Reader(paddle.nn.Layer):
    """Reads a text in each image by its grey level: the texts of levels 0, 10, 20, ..."""

    def __init__(self, texts):
        super().__init__()
        scores = np.zeros((len(texts), STEPS, CLASSES), "float32")
        scores[:, :, 0] = 0.5
        for row, text in enumerate(texts):
            for place, character in enumerate(text):
                scores[row, 2 * place, 1 + CHARACTERS.index(character)] = 1
        self.scores = paddle.to_tensor(scores)

    def forward(self, images):
        levels = ((images[:, 0, 0, 0] + 1) * 12.75).round().astype("int64")
        return self.scores.gather(levels)


@pytest.fixture
def evaluator(tmp_path):
    def make(labels, encode=CTC, mode="Eval", metric=None, decode=None, on_batch=None, **loader):
        for i in range(len(labels)):
            cv2.imwrite(str(tmp_path / f"{i}.png"), np.full((8, 16, 3), 10 * i, np.uint8))
        file = tmp_path / f"label{len(list(tmp_path.glob('label*')))}.txt"
        file.write_text("".join(f"{i}.png\t{label}\n" for i, label in enumerate(labels)), encoding="utf-8")
        operator, key = encode
        keys = ["image", key, *(["label_gtc", "length", "valid_ratio"] if encode is MULTI else ["length"])]
        resize, keep = {"RecResizeImg": {"image_shape": SIZE}}, {"KeepKeys": {"keep_keys": keys}}
        transforms = [{"DecodeImage": None}, operator, resize, keep]
        dataset = {"name": "SimpleDataSet", "data_dir": str(tmp_path), "label_file_list": [str(file)]}
        section = {"dataset": {**dataset, "transforms": transforms}, "loader": {"batch_size_per_card": 3, **loader}}
        config = {"Global": {"max_text_length": 8}, mode: section}
        dataloader = build_dataloader(config, mode, "cpu", logging.getLogger("evaluator-tests"), seed=0)
        decode = build_post_process(decode or {"name": "CTCLabelDecode"}, {"max_text_length": 8})
        return Evaluator(dataloader, decode, build_metric({"name": "RecMetric", **(metric or {})}), on_batch=on_batch)

    return make


@pytest.mark.parametrize("encode", [CTC, MULTI], ids=["ctc", "multi"])
def test_a_label_with_an_unknown_character_counts_as_wrong(evaluator, encode):
    evaluate = evaluator(["ab#", "cd", "##", "CD"], encode)
    metrics = evaluate(Reader(["ab", "cd", "", "cd"]))
    assert metrics["acc"] == pytest.approx(2 / 4, abs=1e-4)  # CD: this dictionary has no capitals
    assert metrics["norm_edit_dis"] == pytest.approx(1 - (1 / 3 + 1) / 4, abs=1e-4)
    remark = "2 of 4 labels hold characters that the dictionary lacks, and are compared as they stand"
    assert evaluate.remarks == [remark]
    evaluate(Reader(["ab", "cd", "", "cd"]))
    assert evaluate.remarks == [remark]


def test_worker_processes_give_the_labels_too(evaluator):
    evaluate = evaluator(["ab#", "cd", "cd", "cd"], num_workers=1)
    assert evaluate(Reader(["ab", "cd", "cd", "cd"]))["acc"] == pytest.approx(3 / 4, abs=1e-4)


def test_an_observer_sees_what_the_metric_compares(evaluator):
    seen = []

    def look(result, batch):
        texts = [text for text, _ in result[0]]
        seen.append((texts, [label for label, _ in result[1]], type(batch[1]), len(batch.sample_keys)))

    plain, watched = (evaluator(["ab", "cd", "ef", "cd"], on_batch=on_batch) for on_batch in (None, look))
    model = Reader(["ab", "cd", "x", "cd"])
    assert watched(model)["acc"] == plain(model)["acc"] == pytest.approx(3 / 4, abs=1e-4)
    assert seen == [(["ab", "cd", "x"], ["ab", "cd", "ef"], np.ndarray, 3), (["cd"], ["cd"], np.ndarray, 1)]


def test_an_empty_label_is_a_text(evaluator):
    evaluate = evaluator(["", "", "ab"])
    metrics = evaluate(Reader(["", "x", "ab"]))
    assert metrics["acc"] == pytest.approx(2 / 3, abs=1e-4) and evaluate.remarks == []
    assert evaluate.dataloader.report.summary() == ""


def test_a_filter_that_leaves_nothing_of_a_label_is_said(evaluator):
    evaluate = evaluator(["-", "##", "ab", "a b"], metric={"is_filter": True})
    metrics = evaluate(Reader(["", "", "ab", "ab"]))
    assert metrics["acc"] == pytest.approx(1, abs=1e-4)
    assert evaluate.remarks == [
        "3 of 4 labels hold characters that the dictionary lacks, and are compared as they stand",
        "2 of 4 labels hold no ASCII letter or digit and do not count (is_filter)",
        "1 of 4 labels hold spaces, which are not compared (ignore_space)",
    ]


def test_a_watched_set_says_its_remarks_under_its_name(evaluator):
    main, guard = evaluator(["ab", "cd"]), evaluator(["ab", "c#"])
    evaluation = EvaluationSuite(main, {"street": ExtraEval(guard)})
    evaluation(Reader(["ab", "cd"]))
    (remark,) = evaluation.remarks
    assert remark.startswith("street: 1 of 2 labels hold characters that the dictionary lacks")


def test_training_batches_are_compared_with_their_labels_too(evaluator):
    evaluate = evaluator(["ab#", "cd", "ef"], mode="Train")
    model = Reader(["ab", "cd", "ef"])
    measure = TrainingMetric(evaluate.post_process, evaluate.metric)
    (batch,) = evaluate.dataloader
    assert measure(model(batch[0]), batch)["acc"] == pytest.approx(2 / 3, abs=1e-4)


def test_examples_show_the_labels_as_they_stand(evaluator):
    evaluate = evaluator(["ab#", "cd"])
    ((_, (read, truths), _),) = evaluate.examples(Reader(["ab", "cd"]), count=1)
    assert [text for text, _ in read] == ["ab"] and [text for text, _ in truths] == ["ab#"]


def test_a_run_ends_with_an_account_of_every_set(evaluator):
    train, main, guard = evaluator(["ab", "c#"], mode="Train"), evaluator(["ab", "cd"]), evaluator(["##", "cd"])
    list(train.dataloader)
    evaluation = EvaluationSuite(main, {"street": ExtraEval(guard)})
    evaluation(Reader(["ab", "cd"]))
    accounts = dict(data_accounts(train.dataloader, evaluation))
    assert list(accounts) == ["", "Eval", "street"]
    assert accounts[""].startswith("samples used in part: 1 unknown characters (1.png")
    assert accounts["Eval"] == "every sample that was read was used"
    assert accounts["street"].startswith("samples not used: 1 unknown characters (0.png")
    assert list(dict(data_accounts(train.dataloader, None))) == [""]


@pytest.mark.parametrize("labels, remarks", [(("ab", "aabbcc", "cd"), 0), (("ab", "aabbccdd", "cd"), 1)])
def test_what_the_loss_of_an_evaluation_leaves_out_is_said(evaluator, labels, remarks):
    evaluate = evaluator(labels)  # the longer text needs 9 or 12 of the 10 time steps that there are
    evaluate.loss = build_loss({"name": "CTCLoss"})
    assert evaluate(Reader(["ab", "", "cd"]))["loss"] > 0
    remark = "1 of 3 labels need more time steps than there are in training: no part of the loss"
    assert evaluate.remarks == [remark] * remarks
