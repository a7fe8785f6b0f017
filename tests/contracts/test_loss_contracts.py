"""Every loss is built, gives the value that can be told by hand, and finite gradients of what the model predicts.

Predictions are even (zeros before a softmax, 1/2 in maps), so that each class has the same probability.
"""

import math

import numpy as np
import paddle
import pytest
from contract_table import Row, Table, ids

from ppocr.registry import LOSSES

CLASSES = 4
SURPRISE = math.log(CLASSES)  # of any class
TWO_STEPS = math.log(CLASSES**2 / 3)  # of a text of one character in two steps of CTC: ab, -a, a-


def even(*shape):
    return np.zeros(shape, "float32")


def maps(value=0.5):
    return {"maps": np.full([1, 3, 4, 4], value, "float32")}


def nats(p, q):
    return sum(a * math.log(a / b) for a, b in zip(p, q))


ONE_CHARACTER = (ids([1]), ids(1))
TEXT_MAPS = (np.full([1, 4, 4], 0.25, "float32"), *[np.ones([1, 4, 4], "float32")] * 3)
PAIR = {"model_name_pairs": ["Student", "Teacher"]}
NETWORKS = {"model_name_list": ["Student"]}
# Teacher: 1/2 for class 1, the rest for the others; Student: even
SURE = even(1, 1, CLASSES) + np.log([1.0, 3.0, 1.0, 1.0]).astype("float32")
TWO = {"Student": even(1, 1, CLASSES), "Teacher": SURE}
CTC_BRANCHES = {name: {"ctc": value} for name, value in TWO.items()}
EVEN, SURER = [1 / 4] * 4, [1 / 6, 1 / 2, 1 / 6, 1 / 6]
AT_HALF = [1 / 12, 3 / 4, 1 / 12, 1 / 12]  # the teacher at a temperature of 1/2
# dice of maps of 1/2 on maps of 1 is 2 * 8 / (8 + 16), the absolute difference of thresholds 1/4
DICE = 1 / 3
DB = {"loss_shrink_maps": 5 * DICE, "loss_threshold_maps": 10 / 4, "loss_binary_maps": DICE, "loss_cbn": 0.0}
# ways that are 2.5 pixels off at texts whose shorter side is 10
EAST_MAPS = (
    np.ones([1, 1, 4, 4], "float32"),
    np.array([0.0] * 8 + [0.1], "float32").reshape([1, 9, 1, 1]).repeat(4, axis=2).repeat(4, axis=3),
    np.ones([1, 1, 4, 4], "float32"),
)
SAST_CHANNELS = {"f_score": 1, "f_border": 4, "f_tvo": 8, "f_tco": 2}
SAST_MAPS = tuple(
    np.array([0.0] * (channels - 1) + [size], "float32").reshape([1, -1, 1, 1]).repeat(4, axis=2).repeat(4, axis=3)
    for channels, size in ((1, 1.0), (5, 0.5), (1, 1.0), (9, 0.5), (3, 0.5))
)
# the maps alike, and one text of one character at two points
PG_CHANNELS = {"f_score": 1, "f_border": 4, "f_direction": 2}
PG_FIELDS = (
    *(SAST_MAPS[i] for i in (0, 0, 1, 4, 2)),
    np.array([1, 3, 3]).reshape([1, 1, 3, 1]),
    np.array([[0, 1, 1], [0, 1, 2], [0, 0, 0]]).reshape([1, 1, 3, 3]),
    np.array([1, 1, 0], "float32").reshape([1, 1, 3, 1]),
)
# probabilities of 1/2 on 4 x 4 pixels of text: 2 * 8 / (4 + 16 + 0.002); no logit is above 0, so there are no kernels
PSE_MAPS = (np.ones([1, 4, 4], "float32"), np.ones([1, 1, 4, 4], "float32"), np.ones([1, 4, 4], "float32"))
PSE_TEXT = 1 - 16 / 20.002
PSE = {"loss": 0.75 * PSE_TEXT + 0.25, "loss_text": PSE_TEXT, "loss_kernels": 1.0, "iou_text": 0.0, "iou_kernel": 0.0}
# text, centre and counts are 1 everywhere, and all points lie 2 to the right of where they should be: 2 - 1/2
CONTOURS = np.zeros([1, 9, 2, 2], "float32")
CONTOURS[:, :3], CONTOURS[:, 4] = 1, 2
# text and its centre everywhere, up to a pixel away from borders of which nothing is known, upwards; one link of two
COMPONENT_MAPS = (*[np.ones([1, 4, 4], "float32")] * 5, -np.ones([1, 4, 4], "float32"), np.zeros([1, 4, 4], "float32"))
# a kernel on the left half, where the shifts are right; on the right half they are 2 off along x, with a beta of 0.1
LEFT = np.zeros([1, 4, 4], "int64")
LEFT[..., :2] = 1
ALL, FAR = np.ones([1, 4, 4], "int64"), np.full([1, 2, 4, 4], [[[[-2.0]], [[0.0]]]], "float32")
CT_KERNEL = 1 - 2 * 4 / (16 / 4 + 8 + 0.002)  # 1/2 everywhere, where 8 of 16 should be 1
# two sub-words and one of padding, which is counted, but not learnt
COUNTED = 2.5 - 2 / CLASSES  # all are counted 3 times: 3 - 1/2 off, but for two of which there is one
FORMULA = {"loss": SURPRISE * 2 / 3, "word_loss": SURPRISE * 2 / 3}
SR_IMAGES = {
    "sr_img": np.full([1, 3, 2, 4], 0.5, "float32"),
    "word_attention_map_pred": np.ones([1, 1, 2, 3], "float32"),
    "word_attention_map_gt": np.zeros([1, 1, 2, 3], "float32"),
    "text_gt": np.array([1, 0]),
}
SR_TRUTH, SR_STILL = np.ones([1, 3, 2, 4], "float32"), ("word_attention_map_gt", "text_gt")
CELLS = (ids([0, 1, 3]), np.zeros([1, 3, 4], "float32"), np.array([[[0], [1], [0]]], "float32"))
LOSS_ROWS = {
    "ACELoss": Row({}, even(1, 2, CLASSES), {"loss_ace": SURPRISE}, ONE_CHARACTER),
    "AttentionLoss": Row({}, even(1, 3, CLASSES), {"loss": 3 * SURPRISE}, (ids([0, 1, 3]),)),
    "AsterLoss": Row(
        {},
        {"rec_pred": even(1, 3, CLASSES), "embedding_vectors": np.array([[3, 4]], "float32")},
        {"loss": 2 * SURPRISE + 0.1 * (1 - 0.8)},
        (ids([2, 1, 3]), ids(2), np.array([[0, 2]], "float32")),
    ),
    # four counts of 0 for a class that stands there once: 0.5 / 4 at each of three scales
    "CANLoss": Row(
        {},
        (even(1, 2, CLASSES), *[even(1, CLASSES)] * 3),
        {"loss": SURPRISE + 3 / 8, "word_loss": SURPRISE, "counting_loss": 3 / 8},
        (even(1, 1, 16, 32), ids([2, 0])),
    ),
    "CELoss": Row({}, even(1, 2, CLASSES), {"loss": SURPRISE}, (ids([2, 1, 3]), ids(1))),
    "CPPDLoss": Row(
        {"ignore_index": 9},
        ((even(1, 5, 3), even(1, 2)), even(1, 2, CLASSES)),
        {"loss": SURPRISE + math.log(3) + math.log(2), "loss_node": math.log(3) + math.log(2), "loss_edge": SURPRISE},
        (ids([2, 0]), ids([1, 0, 1, 0, 0, 1, 1])),
    ),
    "CTCLoss": Row({}, even(1, 2, CLASSES), {"loss": TWO_STEPS}, ONE_CHARACTER),
    "CTLoss": Row(
        {},
        {"maps": even(1, 3, 4, 4)},
        {"loss": CT_KERNEL + 0.05 * 1.95, "loss_kernels": CT_KERNEL, "loss_shifts": 0.05 * 1.95},
        (LEFT, ALL, ALL, LEFT, ALL, FAR),
    ),
    "CenterLoss": Row(
        {"num_classes": CLASSES, "feat_dim": 2},
        (even(1, 2, 2), even(1, 2, CLASSES)),
        {"loss_center": lambda loss: float((loss.centers[0] ** 2).sum())},
        (),
        ("1",),
    ),
    "ClsLoss": Row({}, even(1, CLASSES), {"loss": SURPRISE}, (ids(2),)),
    "CombinedLoss": Row(
        {"loss_config_list": [{"CTCLoss": {"weight": 0.5}}, {"ACELoss": None}]},
        even(1, 2, CLASSES),
        {"loss": TWO_STEPS / 2 + SURPRISE, "CTCLoss": TWO_STEPS / 2, "loss_ace": SURPRISE},
        ONE_CHARACTER,
    ),
    "DBLoss": Row({}, maps(), {"loss": sum(DB.values()), **DB}, TEXT_MAPS),
    "DRRGLoss": Row(
        {},
        {"maps": even(1, 6, 4, 4), "links": even(2, 2), "link_labels": np.array([1, 0])},
        {
            "loss": 3 * math.log(2) + math.log(3) + 0.5,
            "loss_text": math.log(2), "loss_center": math.log(2), "loss_gcn": math.log(2),
            "loss_height": math.log(3), "loss_sin": 0.5, "loss_cos": 0.0,
        },
        COMPONENT_MAPS,
        ("link_labels",),
    ),
    "DistillCTCLogits": Row(PAIR, CTC_BRANCHES, {"ctc_logits_0": nats(AT_HALF, EVEN)}),
    "DistillationCTCLoss": Row(
        NETWORKS, {"Student": even(1, 2, CLASSES)}, {"loss_ctc_Student_0": TWO_STEPS}, ONE_CHARACTER
    ),
    "DistillationDBLoss": Row(
        NETWORKS, {"Student": maps()}, {f"db_Student_{name}": value for name, value in DB.items()}, TEXT_MAPS
    ),
    "DistillationDKDLoss": Row(
        PAIR,
        TWO,
        {"dkd_0": nats([1 / 2, 1 / 2], [1 / 4, 3 / 4])},
        (ids([1]), ids([2, 1]), ids(0)),
    ),
    "DistillationDMLLoss": Row(
        {**PAIR, "act": "softmax", "use_log": True}, TWO, {"dml_0": (nats(EVEN, SURER) + nats(SURER, EVEN)) / 2}
    ),
    "DistillationDilaDBLoss": Row(
        PAIR,
        {"Student": maps(), "Teacher": maps()},
        {"dila_dbloss_Student_Teacher": 6 * DICE},
        TEXT_MAPS,
        ("Teacher",),
    ),
    "DistillationDistanceLoss": Row(
        PAIR,
        {"Student": even(1, 3), "Teacher": even(1, 3) + 2},
        {"loss_distance_l2_Student_Teacher_0": 4.0},
    ),
    "DistillationLossFromOutput": Row(
        {**NETWORKS, "reduction": "mean"}, {"Student": np.array([1, 3], "float32")}, {"loss_Student_0": 2.0}
    ),
    # of two sub-words the second is padding
    "DistillationSERDMLLoss": Row(
        PAIR,
        {name: np.repeat(value, 2, axis=1) for name, value in TWO.items()},
        {"loss_dml_ser_0": (nats(EVEN, SURER) + nats(SURER, EVEN)) / 2},
        (ids(0), ids([1, 0])),
    ),
    "DistillationVQADistanceLoss": Row(
        {**PAIR, "label": "loss_5"},
        {"Student": even(1, 2, 3), "Teacher": even(1, 2, 3) + np.array([[[2.0], [9.0]]], "float32")},
        {"loss_5_Student_Teacher_0": 4.0},
        (ids(0), ids([1, 0])),
    ),
    "DistillationVQASerTokenLayoutLMLoss": Row(
        {**NETWORKS, "num_classes": CLASSES},
        {"Student": even(1, 2, CLASSES)},
        {"loss_ser_Student_0": SURPRISE},
        (ids(0), ids([1, 0]), ids(0), ids(0), ids([2, 1])),
    ),
    "DistillationNRTRLoss": Row(
        NETWORKS, {"Student": even(1, 2, CLASSES)}, {"loss_nrtr_Student_0": SURPRISE}, (ids([2, 1, 3]), ids(1))
    ),
    "DistillationSARLoss": Row(
        {**NETWORKS, "ignore_index": 9}, {"Student": even(1, 3, CLASSES)}, {"loss_sar_Student_0": SURPRISE},
        (ids([3, 1, 3]),),
    ),
    "EASTLoss": Row(
        {},
        {"f_score": np.full([1, 1, 4, 4], 0.5, "float32"), "f_geo": np.full([1, 8, 4, 4], 2.5, "float32")},
        {"loss": DICE / 100 + 2 / 10, "dice_loss": DICE / 100, "smooth_l1_loss": 2 / 10},
        EAST_MAPS,
    ),
    "EnhancedCTCLoss": Row({}, even(1, 2, CLASSES), {"loss": TWO_STEPS, "loss_ctc": TWO_STEPS}, ONE_CHARACTER),
    "FCELoss": Row(
        {"fourier_degree": 1, "num_sample": 4},
        {f"level_{i}": even(1, 10, 2, 2) for i in range(3)},
        {"loss": 6 * math.log(2) + 4.5, "loss_text": 3 * math.log(2), "loss_center": 3 * math.log(2),
         "loss_reg_x": 4.5, "loss_reg_y": 0.0},
        (CONTOURS,) * 3,
    ),
    "LossFromOutput": Row({"reduction": "mean"}, {"loss": np.array([1, 3], "float32")}, {"loss": 2.0}),
    "MultiLoss": Row(
        {"loss_config_list": [{"CTCLoss": None}, {"NRTRLoss": None}], "weight_2": 0.5},
        {"ctc": even(1, 2, CLASSES), "gtc": even(1, 2, CLASSES)},
        {"loss": TWO_STEPS + SURPRISE / 2, "CTCLoss": TWO_STEPS, "NRTRLoss": SURPRISE / 2},
        (ids([1]), ids([2, 1, 3]), ids(1)),
    ),
    "NRTRLoss": Row({}, even(1, 2, CLASSES), {"loss": SURPRISE}, (ids([2, 1, 3]), ids(1))),
    "PGLoss": Row(
        {"tcl_bs": 2, "pad_num": CLASSES - 1},
        {
            **{name: np.full([1, count, 4, 4], 0.5, "float32") for name, count in PG_CHANNELS.items()},
            "f_char": even(1, CLASSES, 4, 4),
        },
        {"loss": DICE + 2 / 16 + 5 * TWO_STEPS, "score_loss": DICE, "border_loss": 1 / 16, "direction_loss": 1 / 16,
         "ctc_loss": TWO_STEPS},
        PG_FIELDS,
    ),
    "LaTeXOCRLoss": Row({}, even(1, 3, CLASSES), {"loss": SURPRISE}, (ids([1, 3, 2, 0]),)),
    "PPFormulaNet_L_Loss": Row({}, even(1, 3, CLASSES), FORMULA, (ids([0, 3, 2, 1]),)),
    "PPFormulaNet_S_Loss": Row({"parallel_step": 3}, even(1, 3, CLASSES), FORMULA, (ids([0, 3, 2, 1]),)),
    "PSELoss": Row({"alpha": 0.75, "reduction": "mean"}, {"maps": np.zeros([1, 2, 2, 2], "float32")}, PSE, PSE_MAPS),
    "PRENLoss": Row({}, even(1, 3, CLASSES), {"loss": SURPRISE}, (ids([3, 1, 0]),)),
    "ParseQLoss": Row({}, {"logits": (even(1, 3, CLASSES),) * 2}, {"loss": SURPRISE}, (ids([4, 1, 2, 0, 5]),)),
    "RFLLoss": Row(
        {},
        (np.full([1, CLASSES], 0.5, "float32"), even(1, 3, CLASSES)),
        {"loss": 1 / 4 + SURPRISE, "cnt_loss": 1 / 4, "seq_loss": SURPRISE},
        (ids([0, 1, 3]), ids(1), ids([0, 1, 0, 1])),
    ),
    "SARLoss": Row({"ignore_index": 9}, even(1, 3, CLASSES), {"loss": SURPRISE}, (ids([3, 1, 3]),)),
    "SASTLoss": Row(
        {},
        {name: np.full([1, count, 4, 4], 0.5, "float32") for name, count in SAST_CHANNELS.items()},
        # ways that are half a pixel off, at texts of 2 pixels: 0.5 * 0.5 ** 2 / 2
        {"loss": DICE + 4 / 16, "score_loss": DICE, "border_loss": 1 / 16, "tvo_loss": 1 / 16, "tco_loss": 1 / 16},
        SAST_MAPS,
    ),
    # one of the two targets is padding
    "SATRNLoss": Row({"ignore_index": 9}, even(1, 3, CLASSES), {"loss": SURPRISE / 2}, (ids([3, 1, 9]),)),
    # two cells of which one counts, whose box is 1/2 off in each number: 4 times half of the square of 1/2
    "SLALoss": Row(
        {"loc_loss": "smooth_l1"},
        {"structure_probs": even(1, 2, CLASSES), "loc_preds": np.full([1, 2, 4], 0.5, "float32")},
        {"loss": SURPRISE + 1, "structure_loss": SURPRISE, "loc_loss": 1.0},
        CELLS,
    ),
    "TableAttentionLoss": Row(
        {"structure_weight": 2, "loc_weight": 8},
        {"structure_probs": even(1, 2, CLASSES), "loc_preds": np.full([1, 2, 4], 0.5, "float32")},
        {"loss": 2 * SURPRISE + 1, "structure_loss": 2 * SURPRISE, "loc_loss": 1.0},
        CELLS,
    ),
    "SPINAttentionLoss": Row({}, even(1, 3, CLASSES), {"loss": SURPRISE}, (ids([0, 2, 1, 0]),)),
    # two boxes, one of which does not count
    "SDMGRLoss": Row(
        {"edge_weight": 0.5},
        (even(2, CLASSES), even(4, 2)),
        {"loss": SURPRISE + math.log(2) / 2, "loss_node": SURPRISE, "loss_edge": math.log(2), "acc_node": 0.0,
         "acc_edge": 50.0},
        (*[ids(0)] * 3, np.array([[[0, -1, 1], [3, 0, -1]]]), ids([2, 5])),
    ),
    "SRNLoss": Row(
        {},
        {name: even(2, CLASSES) for name in ("predict", "word_out", "gsrm_out")},
        {"loss": 2 * SURPRISE * (3 + 1 + 0.15), "word_loss": 2 * SURPRISE, "img_loss": 2 * SURPRISE},
        (ids([1, 3]),),
    ),
    "StrokeFocusLoss": Row(
        {}, SR_IMAGES, {"loss": 25 + 5000, "mse_loss": 0.25, "attention_loss": 1.0}, (SR_TRUTH,), SR_STILL
    ),
    "TelescopeLoss": Row(
        {},
        {**SR_IMAGES, "sr_pred": even(2, 37)},
        {"loss": 0.25 + 10 + 0.0005 * math.log(37), "mse_loss": 0.25, "attention_loss": 1.0},
        (SR_TRUTH,),
        SR_STILL,
    ),
    "UniMERNetLoss": Row(
        {},
        {"logits": even(1, 3, CLASSES), "counts": np.full([1, CLASSES], 3, "float32")},
        {"loss": SURPRISE * 2 / 3 + 0.5 * COUNTED, "word_loss": SURPRISE * 2 / 3, "count_loss": COUNTED},
        (ids([0, 3, 2, 1]),),
    ),
    # of three sub-words one has no class, and one is padding
    "VQASerTokenLayoutLMLoss": Row(
        {"num_classes": CLASSES},
        even(1, 3, CLASSES),
        {"loss": SURPRISE},
        (ids(0), ids([1, 1, 0]), ids(0), ids(0), ids([2, -100, 1])),
    ),
    "VLLoss": Row(
        {"mode": "LA"}, (even(3, 1, CLASSES),) * 3, {"loss": SURPRISE * (1 + 0.5 + 0.5)}, (ids([1, 2, 0]),) * 3
    ),
}  # fmt: skip
LOSS_TABLE = Table(LOSSES, "LOSS_ROWS", LOSS_ROWS)


def tensors(preds, found, name=""):
    """Returns nested predictions as tensors that take gradients; ``found`` gets these, by the name of their network."""
    if isinstance(preds, dict):
        return {key: tensors(value, found, name or key) for key, value in preds.items()}
    if isinstance(preds, tuple):
        return tuple(tensors(value, found, str(i)) for i, value in enumerate(preds))
    found[name] = paddle.to_tensor(preds, stop_gradient=False)
    return found[name]


@LOSS_TABLE.each()
def test_a_loss(entry):
    row = LOSS_TABLE.row(entry)
    loss = LOSS_TABLE.build(entry, row.arguments)
    leaves = {}
    preds = tensors(row.takes, leaves)
    given = loss(preds, [None, *(paddle.to_tensor(field) for field in row.fields)])
    expected = {name: value(loss) if callable(value) else value for name, value in row.gives.items()}
    assert {name: float(value.mean()) for name, value in given.items()} == pytest.approx(expected, rel=1e-4)
    (given["loss"] if "loss" in given else sum(given.values())).sum().backward()
    for name, leaf in leaves.items():
        if name in row.still:
            assert leaf.grad is None or not leaf.grad.numpy().any()
        else:
            gradient = leaf.grad.numpy()
            assert np.isfinite(gradient).all() and gradient.any(), name


def test_no_row_is_left_over():
    assert LOSS_TABLE.unused() == set()
