"""The task of enlarging images."""

from types import SimpleNamespace

import numpy as np
import pytest

from ppocr.engine.drawn_samples import draw_samples
from ppocr.errors import ConfigError
from ppocr.metrics import build_metric
from ppocr.postprocess import build_post_process
from ppocr.tasks import task_of

SR = task_of("sr")
RED = np.zeros([3, 4, 8], np.float32)
RED[0] = 1.2


def test_results_are_images_of_whole_levels():
    results = build_post_process({"name": "None"}).results({"sr_img": np.stack([RED, RED / 2.4])}, None)
    first, second = map(SR.result, results)
    assert first.pixels.dtype == np.uint8 and first.pixels[0, 0].tolist() == [0, 0, 255]
    assert second.pixels[0, 0].tolist() == [0, 0, 128]
    assert SR.row(first) == (["8x4"], {"width": 8, "height": 4})
    np.testing.assert_array_equal(SR.draw(None, first), first.pixels)
    with pytest.raises(ConfigError, match="enlarges no images"):
        SR.result("a")


def test_a_sample_is_drawn_between_what_came_in_and_the_truth():
    small, made, true = RED[None, :, ::2, ::2], RED[None], np.zeros([1, 3, 4, 8], np.float32)
    metric = build_metric({"name": "SRMetric"})
    sheet = SR.draw_samples([(small[0], {"sr_img": made}, [small, true])], metric)
    assert sheet.reshape(4, 3, 8, 3)[0, :, 0].tolist() == [[0, 0, 255], [0, 0, 255], [0, 0, 0]]
    look = SimpleNamespace(metric=metric, examples=lambda model, count: [(small, {"sr_img": made}, [small, true])])
    assert draw_samples(look, None, count=1).ndim == 3


def test_a_report_gets_how_close_each_image_is():
    metric = build_metric({"name": "SRMetric"})
    (sample,) = SR.compare({"sr_img": RED[None].clip(0, 1)}, [None, RED[None].clip(0, 1)], metric, ["a"], None)
    assert sample.prediction == "PSNR 100.00 dB, SSIM 1.000" and sample.distance == pytest.approx(0)
