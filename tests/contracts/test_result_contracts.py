"""Every post-process finds what was put into the output of a model, and every metric counts it."""

import numpy as np
import paddle
import pytest
from contract_table import Row, Table, ids
from table_parts import structure_file
from tiny_tokenizer import tokenizer_file

from ppocr.registry import METRICS, POST_PROCESSES


def scores(path, classes, best=0.75):
    """Probabilities ``[1, places, classes]`` with ``best`` for each class of a path and even ones for the others."""
    array = np.full((1, len(path), classes), (1 - best) / (classes - 1), "float32")
    array[0, np.arange(len(path)), path] = best
    return array


def label(*row):
    return (None, ids(row))


COUNTED = (None, paddle.to_tensor([[0, 11, 12, 37], [0, 11, 37, 0]]))
CHARACTERS = 36  # digits and lower-case letters
A, B = 10, 11
AB, TRUTH = [("ab", 0.75)], [("ab", 1.0)]
BLOCK = np.zeros([1, 1, 32, 32], "float32")
BLOCK[..., 8:16, 4:24] = 0.9
BLOCK_LOGITS = np.where(np.concatenate([BLOCK, BLOCK], axis=1) > 0, 4.0, -4.0)
# on pixels 3 ... 4 of 8, in steps of 4, the ways from the corners of the box 4 ... 28, 8 ... 24
CORNER_MAPS = {"f_score": np.zeros([1, 1, 8, 8], "float32"), "f_geo": np.zeros([1, 8, 8, 8], "float32")}
CORNER_MAPS["f_score"][..., 3:5, 3:5] = 0.9
CORNER_MAPS["f_geo"][0, 0::2] = 4 * np.arange(8) - np.array([4, 28, 28, 4])[:, None, None]
CORNER_MAPS["f_geo"][0, 1::2] = 4 * np.arange(8)[:, None] - np.array([8, 8, 24, 24])[:, None, None]
# on pixels 2 ... 6 of the row 4, of 8 x 8, the ways to the borders, corners and middle of the box 1 ... 7, 2 ... 6
CENTER_MAPS = {f"f_{name}": np.zeros([1, c, 8, 8]) for name, c in (("score", 1), ("border", 4), ("tvo", 8), ("tco", 2))}
CENTER_MAPS["f_score"][..., 4, 2:7] = 0.9
CENTER_MAPS["f_border"][0, [0, 2]] = np.array([-2.0, 2.0])[:, None, None]
CENTER_MAPS["f_tvo"][0, 0::2] = np.arange(8) - np.array([1, 7, 7, 1])[:, None, None]
CENTER_MAPS["f_tvo"][0, 1::2] = np.arange(8)[:, None] - np.array([2, 2, 6, 6])[:, None, None]
CENTER_MAPS["f_tco"][0] = np.mgrid[:8, :8][::-1] - 4
# the same borders, and the characters a and b in the first and the last two of these pixels
PG_MAPS = {name: CENTER_MAPS[name] for name in ("f_score", "f_border")}
PG_MAPS["f_direction"], PG_MAPS["f_char"] = np.zeros([1, 2, 8, 8]), np.zeros([1, 37, 8, 8])
PG_MAPS["f_direction"][:, 0] = 3
PG_MAPS["f_score"] = np.where(np.arange(8)[:, None] == 4, 0.9, 0.0)[None, None].repeat(8, axis=3)
PG_MAPS["f_char"][0, [10, 36, 36, 36, 36, 36, 36, 11], :, np.arange(8)] = 9
SHAPE = (None, np.array([[32, 32, 1.0, 1.0]]))
# the block's corners are 19 x 7 apart and move out by 19 * 7 * 0.4 / 52 = 1 pixel
BOX = [[3, 7], [24, 7], [24, 16], [3, 16]]
# one pixel of a text of the degree 1, whose outline is the circle of radius 2 around it, at a scale of 8
CIRCLE = np.zeros([1, 10, 4, 4], "float32")
CIRCLE[0, [1, 3, 6], 1, 2] = [1, 0.5, 2]
# a kernel of 2 x 6, below it a row whose shifts lead up into it, by a pixel of the map
TEXT_SHIFTS = np.zeros([1, 3, 8, 8], "float32")
TEXT_SHIFTS[:, 0] = -1
TEXT_SHIFTS[:, 0, 2:4, 1:7], TEXT_SHIFTS[:, 2, 4, 1:7] = 1, -0.4
# two components of 4 x 8 beside each other, which both say that they are linked
COMPONENTS = np.array([[4, 8, 8, 8, 8, 16, 4, 16, 0.9], [8, 8, 12, 8, 12, 16, 8, 16, 0.9]], "float32")
LINKED = {"components": COMPONENTS, "pairs": np.array([[0, 1], [1, 0]]), "scores": np.array([0.9, 0.9])}
DB = {"unclip_ratio": 0.4, "box_thresh": 0.5}
CTC, SAR = scores([A + 1, 0, B + 1], CHARACTERS + 1), scores([A, B, CHARACTERS + 1], CHARACTERS + 3)
NOTHING = {"raw": 1}
# the tokens <tr> <td> </td> </tr> with a box of half the image, which was enlarged from 10 x 20 to 20 x 40 and padded
CELL = np.zeros([1, 6, 4], "float32")
CELL[0, 2] = [0.25, 0.25, 0.5, 0.5]
TABLE_SHAPE = np.array([[10, 20, 2.0, 2.0, 40, 40]])
READ_CELL = {"structure_batch_list": [(["<tr>", "<td>", "</td>", "</tr>"], 0.75)]}
TRUE_CELL = {"structure_batch_list": [["<tr>", "<td>", "</td>", "</tr>"]]}
BOX_OF_CELL = {"bbox_batch_list": [[[5.0, 5.0, 10.0, 10.0]]]}
POST_PROCESS_ROWS = {
    "AttnLabelDecode": Row(
        {},
        scores([0, A + 1, B + 1, CHARACTERS + 1], CHARACTERS + 2),
        (AB, TRUTH),
        label(0, A + 1, B + 1, CHARACTERS + 1),
    ),
    "ABINetLabelDecode": Row(
        {},
        {"align": [scores([B + 1, 0], CHARACTERS + 1), scores([A + 1, B + 1, 0, A], CHARACTERS + 1)]},
        (AB, TRUTH),
        label(A + 1, B + 1, 0, 100),
    ),
    "CPPDLabelDecode": Row(
        {}, (None, scores([A + 1, B + 1, 0, A], CHARACTERS + 1)), (AB, TRUTH), label(A + 1, B + 1, 0, 100)
    ),
    "CANLabelDecode": Row({}, [scores([A, B, 0, A], CHARACTERS)], (["a b"], ["b"]), label(B, 0, 0)),
    "CTCLabelDecode": Row({}, CTC, (AB, TRUTH), label(A + 1, B + 1, 0)),
    "CTPostProcess": Row(
        {},
        {"maps": TEXT_SHIFTS, "score": np.full([1, 8, 8], 0.9, "float32")},
        [[[8, 16], [8, 38], [54, 38], [54, 16]]],
        (None, np.array([[64, 64, 3, 32, 32, 3]])),
    ),
    "ClsPostProcess": Row(
        {"label_list": ["0", "180"]},
        np.array([[0.25, 0.75]], "float32"),
        ([("180", 0.75)], [("0", 1.0)]),
        (None, paddle.to_tensor([0])),
    ),
    "DBPostProcess": Row(DB, {"maps": BLOCK}, [BOX], SHAPE),
    "DRRGPostprocess": Row(
        {}, [LINKED], [[[4, 8], [6, 8], [10, 8], [12, 8], [12, 16], [10, 16], [6, 16], [4, 16]]], SHAPE
    ),
    "DistillationCTCLabelDecode": Row(
        {"model_name": ["Student"]}, {"Student": CTC}, {"Student": (AB, TRUTH)}, label(A + 1, B + 1, 0)
    ),
    "DistillationDBPostProcess": Row(
        {"model_name": ["Student"], **DB}, {"Student": {"maps": BLOCK}}, {"Student": [BOX]}, SHAPE
    ),
    "DistillationSARLabelDecode": Row(
        {"model_name": ["Student"]}, {"Student": SAR}, {"Student": (AB, TRUTH)}, label(CHARACTERS + 1, A, B)
    ),
    "EASTPostProcess": Row({}, CORNER_MAPS, [[[4, 8], [28, 8], [28, 24], [4, 24]]], SHAPE),
    "FCEPostProcess": Row(
        {"scales": [8], "fourier_degree": 1, "num_reconstr_points": 4},
        {"level_0": CIRCLE},
        [[[32, 8], [16, 24], [0, 8], [15, -8]]],
        (None, np.array([[32, 32, 1.0, 1.0]])),
    ),
    "NRTRLabelDecode": Row({}, scores([A + 4, B + 4, 3], CHARACTERS + 5), (AB, TRUTH), label(2, A + 4, B + 4, 3)),
    "NoPostProcess": Row({}, NOTHING, NOTHING, label(1)),
    "PGPostProcess": Row({"valid_set": "partvgg"}, PG_MAPS, [[[0, 8], [31, 8], [31, 24], [0, 24]]], SHAPE),
    "PSEPostProcess": Row({"scale": 4}, {"maps": BLOCK_LOGITS}, [[[4, 8], [23, 8], [23, 15], [4, 15]]], SHAPE),
    "PRENLabelDecode": Row({}, scores([A + 3, B + 3, 1, A], CHARACTERS + 3), (AB, TRUTH), label(A + 3, 2, B + 3, 1)),
    "ParseQLabelDecode": Row(
        {}, {"predict": scores([A + 1, B + 1, 0, A], CHARACTERS + 1)}, (AB, TRUTH), label(37, A + 1, B + 1, 0, 38)
    ),
    "RFLLabelDecode": Row({}, np.full([2, CHARACTERS + 2], 0.05, "float32"), ([2, 2], [2, 1]), COUNTED),
    "SARLabelDecode": Row({}, SAR, (AB, TRUTH), label(CHARACTERS + 1, A, B, CHARACTERS + 1)),
    "SASTPostProcess": Row({"shrink_ratio_of_width": 0.0}, CENTER_MAPS, [[[8, 8], [24, 8], [24, 24], [8, 24]]], SHAPE),
    "SATRNLabelDecode": Row({}, SAR, (AB, TRUTH), label(CHARACTERS + 1, A, B, CHARACTERS + 1)),
    "SEEDLabelDecode": Row(
        {},
        {"rec_pred": np.array([[A, B, 36, A]]), "rec_pred_scores": np.full([1, 4], 0.75)},
        (AB, TRUTH),
        label(A, B, 36, 37),
    ),
    "SRNLabelDecode": Row(
        {"max_text_length": 3}, {"predict": scores([A, B, 37], 38)[0]}, (AB, TRUTH), label(A, B, CHARACTERS + 1)
    ),
    "SPINLabelDecode": Row({}, scores([A + 2, B + 2, 1], CHARACTERS + 2), (AB, TRUTH), label(0, A + 2, B + 2, 1)),
    "LaTeXOCRDecode": Row(
        {"rec_char_dict_path": tokenizer_file()},
        np.array([[1, 4, 43, 31, 2, 0]]),
        (["a^1"], ["b"]),
        label(1, 5, 2),
    ),
    "TableLabelDecode": Row(
        {"character_dict_path": structure_file()},
        {"structure_probs": scores([0, 1, 3, 7, 2, 8], 9), "loc_preds": CELL},
        ({**READ_CELL, **BOX_OF_CELL}, {**TRUE_CELL, **BOX_OF_CELL}),
        (None, ids([0, 1, 3, 7, 2, 8]), CELL, TABLE_SHAPE),
    ),
    "TableMasterLabelDecode": Row(
        {"character_dict_path": structure_file(), "merge_no_span_structure": False, "box_shape": "pad"},
        {"structure_probs": scores([8, 0, 2, 6, 1, 9], 11), "loc_preds": CELL},
        tuple({**part, "bbox_batch_list": [[[0.0, 0.0, 10.0, 10.0]]]} for part in (READ_CELL, TRUE_CELL)),
        (None, ids([8, 0, 2, 6, 1, 9]), CELL, TABLE_SHAPE),
    ),
    "UniMERNetDecode": Row(
        {"rec_char_dict_path": tokenizer_file()},
        np.array([[0, 4, 43, 31, 2, 1]]),
        (["a^1"], ["b"]),
        label(0, 5, 2),
    ),
    "ViTSTRLabelDecode": Row(
        {}, scores([0, A + 2, B + 2, 1], CHARACTERS + 2), (AB, TRUTH), label(0, A + 2, B + 2, 1, 0)
    ),
    "VLLabelDecode": Row(
        {},
        (np.log(scores([A + 1, B + 1, 0], CHARACTERS + 1)).transpose(1, 0, 2), None),
        (AB, TRUTH),
        label(A + 1, B + 1),
    ),
}
POST_PROCESS_TABLE = Table(POST_PROCESSES, "POST_PROCESS_ROWS", POST_PROCESS_ROWS)

TEXTS = ([("ab", 0.9), ("abcx", 0.9)], [("ab", 1.0), ("abcd", 1.0)])
SQUARE = np.array([[0, 0], [10, 0], [10, 10], [0, 10]], "float32")
TRUE_BOXES = (None, SHAPE[1], [[SQUARE, SQUARE + 50]], [[False, False]])
TRUE_TEXTS = (None, SHAPE[1], [[SQUARE, SQUARE + 50]], [["a", "b"]])
GREY, GREY_SSIM = np.full([3, 32, 128], 0.5), 0.97859
METRIC_ROWS = {
    "CANMetric": Row({}, (["a b", "x"], ["a b", "x + y"]), {"exp_rate": 0.5, "word_rate": 5 / 7}),
    "CTMetric": Row({}, [{"points": [SQUARE]}], {"precision": 1.0, "recall": 0.5, "f_score": 2 / 3}, TRUE_TEXTS),
    "CNTMetric": Row({}, ([3, 4], [3, 5]), {"acc": 0.5}),
    "ClsMetric": Row({}, ([("0", 0.9), ("180", 0.8)], [("0", 1.0), ("0", 1.0)]), {"acc": 0.5}),
    "DetFCEMetric": Row(
        {},
        [{"points": [SQUARE, SQUARE + 90], "scores": [0.75, 0.35]}],
        {
            "thr 0.3": "precision:0.50000 recall:0.50000 hmean:0.50000",
            **{f"thr 0.{i}": "precision:1.00000 recall:0.50000 hmean:0.66667" for i in (4, 5, 6, 7)},
            **{f"thr 0.{i}": "precision:0.00000 recall:0.00000 hmean:0.00000" for i in (8, 9)},
            "hmean": 2 / 3,
        },
        TRUE_BOXES,
    ),
    "DetMetric": Row(
        {}, [{"points": [SQUARE]}], {"precision": 1.0, "recall": 0.5, "hmean": 2 / 3}, TRUE_BOXES
    ),
    "DistillationMetric": Row(
        {"base_metric_name": "RecMetric", "key": "Student"},
        {"Student": TEXTS, "Teacher": (TEXTS[1], TEXTS[1])},
        {"acc": 0.5, "norm_edit_dis": 1 - 1 / 8, "Teacher_acc": 1.0, "Teacher_norm_edit_dis": 1.0},
    ),
    "E2EMetric": Row(
        {},
        [{"points": [SQUARE, SQUARE + 50], "texts": ["A", "c"]}],
        {"total_num_gt": 2, "total_num_det": 2, "global_accumulative_recall": 2, "hit_str_count": 1, "seqerr": 0.5,
         **dict.fromkeys(("recall", "precision", "f_score"), 1.0),
         **dict.fromkeys(("recall_e2e", "precision_e2e", "f_score_e2e"), 0.5)},
        (*TRUE_BOXES[:3], [np.array([[10, 36], [11, 36]])], [[False, False]]),
    ),
    # of the classes 1 and 3 both, of 2 nothing, but that is ignored; the third box is padding
    "KIEMetric": Row(
        {"ignore_classes": [0, 2]},
        (np.eye(4)[[1, 3]], None),
        {"hmean": 1.0},
        (*[None] * 4, np.array([[[1, 0], [3, 0], [1, 0]]]), np.array([[2, 5]])),
    ),
    "LaTeXOCRMetric": Row(
        {},
        (["a+b", "x"], ["a+b", "xyzv"]),
        {"exp_rate": 0.5, "edit distance": 3 / 8, "exp_rate<=1 ": 0.5, "exp_rate<=2 ": 0.5, "exp_rate<=3 ": 1.0},
    ),
    "TableMetric": Row(
        {"compute_bbox_metric": True, "del_thead_tbody": True},
        (
            {"structure_batch_list": [(["<tr>", "</tr>"], 0.9), (["<tr>"], 0.9)],
             "bbox_batch_list": [[[0, 0, 10, 9]], [[0, 0, 9, 9]]]},
            {"structure_batch_list": [["<tbody>", "<tr>", "</tr>", "</tbody>"], ["<td>"]],
             "bbox_batch_list": [[[0, 0, 10, 10]], []]},
        ),
        {"acc": 0.5, "bbox_metric_precision": 0.5, "bbox_metric_recall": 1.0, "bbox_metric_hmean": 2 / 3},
    ),
    "RecMetric": Row({}, TEXTS, {"acc": 0.5, "norm_edit_dis": 1 - 1 / 8}),
    # an image that is right, and a grey one a tenth too bright: 100 dB and 20 dB
    "SRMetric": Row(
        {},
        {"sr_img": np.stack([GREY, GREY + 0.1])},
        {"psnr_avg": 60.0, "ssim_avg": (1 + GREY_SSIM) / 2, "all": 60 + (1 + GREY_SSIM) / 2},
        (None, np.stack([GREY, GREY])),
    ),
}  # fmt: skip
METRIC_TABLE = Table(METRICS, "METRIC_ROWS", METRIC_ROWS)


def plain(value):
    """Returns nested results with the boxes of each image as lists, and rounded confidences."""
    if isinstance(value, dict) and "points" in value:
        return np.asarray(value["points"]).tolist()
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items()}
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
        return plain(value[0])
    if isinstance(value, (list, tuple)):
        return type(value)(plain(inner) for inner in value)
    if isinstance(value, np.ndarray):
        return value.tolist()
    return round(value, 5) if isinstance(value, float) else value


@POST_PROCESS_TABLE.each()
def test_a_post_process(entry):
    row = POST_PROCESS_TABLE.row(entry)
    post_process = POST_PROCESS_TABLE.build(entry, row.arguments)
    assert plain(post_process.process(row.takes, list(row.fields))) == row.gives
    if post_process.task in ("det", "e2e", "table"):
        assert post_process.needs == ("shape",)  # without which boxes belong to no image


@METRIC_TABLE.each()
def test_a_metric(entry):
    row = METRIC_TABLE.row(entry)
    metric = METRIC_TABLE.build(entry, row.arguments)
    metric.update(row.takes, list(row.fields))
    values = metric.get_metric()
    assert values == pytest.approx(row.gives, abs=1e-4)
    assert metric.main_indicator in values and metric.higher_is_better is row.higher_is_better
    metric.update(row.takes, list(row.fields))
    assert metric.get_metric() == pytest.approx(row.gives, abs=1e-4)  # get_metric began anew


@METRIC_TABLE.each()
def test_the_records_of_two_processes_are_those_of_one(entry):
    row = METRIC_TABLE.row(entry)
    one, *parts = [METRIC_TABLE.build(entry, row.arguments) for _ in range(3)]
    for part in (one, one, *parts):
        part.update(row.takes, list(row.fields))
    parts[0].merge([part.records for part in parts])
    assert parts[0].get_metric() == one.get_metric()


@pytest.mark.parametrize("table", [POST_PROCESS_TABLE, METRIC_TABLE], ids=str)
def test_no_row_is_left_over(table):
    assert table.unused() == set()
