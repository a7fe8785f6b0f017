"""TSRN and TBSRN, and the recogniser that teaches them."""

import numpy as np
import paddle
import pytest

from ppocr.modeling.architectures import build_model
from ppocr.modeling.layers import text_teacher
from ppocr.modeling.transforms.tbsrn import places

SMALL = {"srb_nums": 1, "hidden_units": 2}
IMAGES = [paddle.full([2, 3, 16, 64], 0.5), paddle.full([2, 3, 32, 128], 0.5)]


@pytest.fixture
def small_teacher(monkeypatch):
    for name, value in {"EMBEDDED": 16, "WIDTH": 32, "PLACES": 20, "STAGES": ((1, 8),) * 4}.items():
        monkeypatch.setattr(text_teacher, name, value)


def built(name, **keys):
    paddle.seed(0)
    return build_model({"model_type": "sr", "Transform": {"name": name, **SMALL, **keys}})


@pytest.mark.parametrize("name, told", [("TSRN", ("length", "input_tensor")), ("TBSRN", ("label",))])
def test_what_they_are_fed(name, told, small_teacher):
    assert built(name).feed == ("img_hr", *told)
    assert built(name, recognizer=False).feed == ("img_hr",)


@pytest.mark.parametrize(
    "name, told",
    [
        ("TSRN", [paddle.to_tensor([3, 2]), paddle.to_tensor([[0, 1, 2, 0, 0], [0, 4, 0, 0, 0]])]),
        ("TBSRN", [["0?1", "3"]]),
    ],
)
def test_the_recogniser_reads_along_the_texts_and_is_not_trained(name, told, small_teacher):
    model = built(name)
    made = model([*IMAGES, *told])
    assert made["text_gt"].tolist() == [1, 2, 0, 4, 0]
    assert made["sr_pred"].shape == [5, {"TSRN": 10, "TBSRN": 37}[name]]
    assert made["word_attention_map_pred"].shape == made["word_attention_map_gt"].shape == [2, 16, 3, 256]
    made["word_attention_map_pred"].sum().backward()
    teacher = getattr(model.transform, model.transform.teacher_name)
    assert all(parameter.grad is None for parameter in teacher.parameters())
    assert model.transform.block1[0].weight.grad.numpy().any()


def test_in_use_the_small_image_is_enough(small_teacher):
    model = built("TSRN", STN=True)
    model.eval()
    assert set(model(IMAGES[0])) == {"sr_img"}
    assert set(model(list(IMAGES))) == {"lr_img", "sr_img", "hr_img"}
    assert set(built("TSRN", infer_mode=True)(list(IMAGES))) == {"sr_img"}


def test_with_residual_an_untrained_network_gives_the_enlarged_image():
    model = built("TSRN", recognizer=False, residual=True)
    np.testing.assert_allclose(model(IMAGES[0])["sr_img"].numpy(), 0.5, atol=1e-6)


def test_places_are_told_by_column_and_row():
    table = places(2, 3, 8)
    assert table.shape == (6, 8)
    np.testing.assert_allclose(table[:, 0], np.sin([0, 1, 2, 0, 1, 2]), atol=1e-6)
    np.testing.assert_allclose(table[:, 5], np.cos([0, 0, 0, 1, 1, 1]), atol=1e-6)
