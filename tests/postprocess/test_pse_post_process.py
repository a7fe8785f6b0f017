"""Tests of PSEPostProcess."""

import numpy as np
import paddle
import pytest

from ppocr.postprocess.pse_post_process import PSEPostProcess

SHAPES = np.array([[64, 96, 1.0, 1.0]])
SURE = 4.0  # a logit


def maps(*levels, shape=(16, 24), logit=SURE):
    """Logits (1, levels, height, width): above 0 in the blocks (left, top, right, bottom) of each level."""
    drawn = np.full((len(levels), *shape), -SURE, np.float32)
    for plane, blocks in zip(drawn, levels):
        for left, top, right, bottom in blocks:
            plane[top : bottom + 1, left : right + 1] = logit
    return {"maps": drawn[None]}


def find(preds, shapes=SHAPES, **settings):
    (result,) = PSEPostProcess(**{"thresh": 0, "scale": 4, "min_area": 4, **settings})(preds, shapes)
    return result


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_a_text_is_as_large_as_its_region_and_not_as_its_kernel():
    result = find(maps([(2, 3, 11, 6)], [(4, 4, 9, 5)]))
    assert result["points"].dtype == np.float32
    assert result["points"].tolist() == [[[8, 12], [44, 12], [44, 24], [8, 24]]]  # 4 pixels of the image to one
    np.testing.assert_allclose(result["scores"], [sigmoid(SURE)], rtol=1e-5)


def test_boxes_belong_to_the_image():
    result = find(maps([(2, 3, 11, 6)], [(4, 4, 9, 5)]), np.array([[32, 192, 2.0, 0.5]]))
    assert result["points"].tolist() == [[[16, 6], [88, 6], [88, 12], [16, 12]]]


def test_two_kernels_share_a_region():
    result = find(maps([(1, 3, 20, 6)], [(1, 3, 9, 6), (12, 3, 20, 6)], [(2, 4, 7, 5), (14, 4, 19, 5)]))
    boxes = sorted(result["points"].tolist())
    assert [box[0] for box in boxes] == [[4, 12], [44, 12]] and [box[2] for box in boxes] == [[40, 24], [80, 24]]


def test_a_region_without_a_kernel_and_a_kernel_without_a_region_are_nothing():
    assert find(maps([(2, 3, 11, 6)], [(14, 10, 20, 12)]))["points"].shape == (0,)


@pytest.mark.parametrize("size, count", [(7, 0), (6, 1), (5, 1)])
def test_kernels_need_an_area(size, count):
    assert len(find(maps([(2, 3, 11, 6)], [(4, 4, 6, 5)]), min_area=size)["points"]) == count


def test_weak_texts_are_left_out_by_the_mean_probability_of_the_region():
    preds = maps([(2, 3, 11, 6)], [(4, 4, 9, 5)], logit=1.0)
    preds["maps"][0, 0, 3:7, 2:7] = 0.5
    mean = (sigmoid(0.5) + sigmoid(1.0)) / 2
    assert len(find(preds, box_thresh=mean - 0.001)["points"]) == 1
    assert len(find(preds, box_thresh=mean + 0.001)["points"]) == 0


def test_the_threshold_is_that_of_the_logits():
    preds = maps([(2, 3, 11, 6)], [(4, 4, 9, 5)], logit=1.0)
    assert len(find(preds, thresh=0.9, box_thresh=0.5)["points"]) == 1
    assert len(find(preds, thresh=1.1, box_thresh=0.5)["points"]) == 0


def test_enlarged_maps_give_finer_boxes():
    coarse, fine = maps([(2, 3, 11, 6)], [(4, 4, 9, 5)]), {}
    for scale in (1, 2):
        fine[scale] = find(coarse, scale=scale)["points"][0].tolist()
    assert fine == {1: [[8, 12], [47, 12], [47, 27], [8, 27]], 2: [[8, 12], [46, 12], [46, 26], [8, 26]]}


def test_parts_are_enlarged_as_the_whole_map_is():
    rng = np.random.default_rng(3)
    logits = rng.normal(-1.5, 2, (1, 3, 20, 30)).astype("float32")
    shapes = np.array([[80, 120, 1.0, 1.0]])
    found = find({"maps": logits}, shapes, scale=1, box_thresh=0.0, min_area=3, box_type="poly")
    enlarged = paddle.nn.functional.interpolate(paddle.to_tensor(logits), scale_factor=4, mode="bilinear").numpy()
    whole = find({"maps": enlarged}, shapes, scale=4, box_thresh=0.0, min_area=3, box_type="poly")
    assert sorted(p.tolist() for p in found["points"]) == sorted(p.tolist() for p in whole["points"])
    assert len(found["points"]) > 10
    np.testing.assert_allclose(np.sort(found["scores"]), np.sort(whole["scores"]), rtol=1e-4)


def test_outlines():
    result = find(maps([(2, 3, 11, 6), (2, 3, 4, 12)], [(3, 4, 4, 5)]), box_type="poly", box_thresh=0.5)
    (outline,) = result["points"]
    corners = {(8, 12), (44, 12), (44, 24), (16, 48), (8, 48)}
    assert outline.dtype == np.float32 and corners <= {tuple(point) for point in outline.tolist()}


def test_tensors_and_batches():
    one, other = maps([(2, 3, 11, 6)], [(4, 4, 9, 5)])["maps"], maps([], [])["maps"]
    preds = {"maps": paddle.to_tensor(np.concatenate([one, other]))}
    results = PSEPostProcess(thresh=0, min_area=4)(preds, np.repeat(SHAPES, 2, axis=0))
    assert [len(result["points"]) for result in results] == [1, 0]
