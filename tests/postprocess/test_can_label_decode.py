"""Formulas of CAN, from symbols between blanks."""

import numpy as np
import paddle
import pytest

from ppocr.data.batch import Batch, SampleFacts
from ppocr.data.imaug import create_operators, transform
from ppocr.errors import ConfigError
from ppocr.postprocess import build_post_process

SYMBOLS = ["eos", "sos", "\\frac", "{", "}", "x", "+"]


@pytest.fixture
def options(tmp_path):
    (tmp_path / "symbols.txt").write_text("\n".join(SYMBOLS) + "\n")
    return {"character_dict_path": str(tmp_path / "symbols.txt"), "use_space_char": False}


@pytest.fixture
def decoder(options):
    return build_post_process({"name": "CANLabelDecode"}, options)


def told(*rows):
    return [paddle.to_tensor(np.eye(len(SYMBOLS), dtype="float32")[list(rows)]), None, None, None]


def test_a_formula_comes_back_from_its_label(options, decoder):
    formula = "\\frac { x } { x }"
    sample = transform({"label": formula}, create_operators([{"CANLabelEncode": None}], options))
    assert decoder(told(sample["label"]), np.array([sample["label"]])) == ([(formula, [])], [(formula, [])])


def test_the_first_end_mark_ends_a_formula_and_one_without_it_is_whole(decoder):
    assert decoder(told([5, 0, 6], [5, 6, 5], [0, 5, 5])) == [("x", []), ("x + x", []), ("", [])]


def test_in_use_and_in_an_evaluation_a_formula_is_a_text(decoder):
    preds, label = told([5, 6, 0]), paddle.to_tensor([[5, 0, 0]])
    assert decoder.results(preds, Batch([None], names=["image"])) == ["x +"]
    batch = Batch([None, None, label, None], names=["image", "image_mask", "label", "label_mask"])
    assert decoder.process(preds, batch) == (["x +"], ["x"])
    batch.facts = [SampleFacts(0, " x   unheard-of ")]
    assert decoder.process(preds, batch) == (["x +"], ["x unheard-of"])  # what no class stands for is a truth, too


def test_a_model_of_another_dictionary_is_refused(decoder):
    with pytest.raises(ConfigError, match="CANLabelDecode: the model gives 5 classes, the dictionary makes 7"):
        decoder([np.zeros([1, 2, 5], "float32")])
