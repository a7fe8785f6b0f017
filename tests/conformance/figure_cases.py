"""What is measured for ``figures.json``: small inputs, made by formulas, through the public builders.

``python tests/conformance/figure_cases.py`` writes the file anew.  A difference in it is a change of what users get
from configurations that they have.

The figures are this project's own: they hold what it gives to what it gave, and compare nothing with PaddleOCR.  They
cover the names below, each with one or two sets of keys; of schedules the rates of a short run, of optimizers the
weights after five updates, of losses the values without gradients, of models the outputs in evaluation.  Of a large
array a few values count, with its mean and its spread.
"""

import json
import sys
import zlib
from functools import partial
from pathlib import Path

import numpy as np
import paddle

ROOT = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from ppocr.config import load  # noqa: E402 (from this checkout)
from ppocr.data.imaug import create_operators, transform  # noqa: E402
from ppocr.engine.preparation import resolve  # noqa: E402
from ppocr.losses import build_loss  # noqa: E402
from ppocr.metrics import build_metric  # noqa: E402
from ppocr.modeling.architectures import build_model  # noqa: E402
from ppocr.optimizer import build_lr_scheduler, build_optimizer  # noqa: E402
from ppocr.postprocess import build_post_process  # noqa: E402

FILE = Path(__file__).with_name("figures.json")
VALUES = 12  # of an array, evenly spaced
EPOCHS, STEPS = 4, 5


# ------------------------------------------------------------------------------------------------ inputs
def noise(name, *shape):
    """Returns normal numbers that depend on a name."""
    return np.random.default_rng(zlib.crc32(name.encode())).normal(size=shape).astype("float32")


def image(height, width):
    """Returns an image of smooth waves, which no way of rounding changes much."""
    y, x = np.mgrid[:height, :width, :1][:2]
    waves = np.sin(y / 9 + np.arange(3)) + np.cos(x / 13 - np.arange(3))
    return (127.5 + 60 * waves).astype(np.uint8)


def words():
    boxes = [[[8, 10], [60, 12], [60, 30], [8, 28]], [[20, 50], [100, 50], [100, 80], [20, 80]]]
    return {"polys": np.array(boxes, "float32"), "texts": ["ab", "###"], "ignore_tags": np.array([False, True])}


def probabilities(path, classes):
    """Returns scores ``[1, places, classes]`` in which each class of a path has most."""
    scores = np.full([1, len(path), classes], 0.2 / (classes - 1), "float32")
    scores[0, np.arange(len(path)), path] = 0.8 - 0.05 * np.arange(len(path))
    return scores


def text_map():
    """Returns a probability map with an upright and a slanted block."""
    y, x = np.mgrid[:96, :128]
    upright = (abs(x - 40) < 25) & (abs(y - 25) < 8)
    slanted = (abs((x - 80) * 0.8 + (y - 65) * 0.6) < 30) & (abs((y - 65) * 0.8 - (x - 80) * 0.6) < 7)
    return (0.9 * upright + 0.95 * slanted).astype("float32")[None, None]


# ------------------------------------------------------------------------------------------------ measuring
def figures(value):
    """Returns numbers for nested values: of an array its shape, mean, spread and a few of its values."""
    if isinstance(value, paddle.Tensor):
        value = value.numpy()
    if isinstance(value, dict):
        return {str(key): figures(inner) for key, inner in value.items()}
    if isinstance(value, np.ndarray) and value.size > 2 * VALUES:
        flat = value.astype("float64").ravel()
        chosen = flat[np.linspace(0, flat.size - 1, VALUES).round().astype(int)]
        return {"shape": list(value.shape), "mean": figures(flat.mean()), "std": figures(flat.std()),
                "values": figures(chosen.tolist())}  # fmt: skip
    if isinstance(value, (list, tuple, np.ndarray)):
        return [figures(inner) for inner in (value.tolist() if isinstance(value, np.ndarray) else value)]
    return float(f"{value:.7g}") if isinstance(value, (float, np.floating)) else value


def rates(config):
    schedule = build_lr_scheduler(config, EPOCHS, STEPS)
    found = []
    for _ in range(EPOCHS * STEPS):
        found.append(schedule())
        schedule.step()
    return found


def updated(config):
    """Weights of a linear layer after five updates by given gradients."""
    model = paddle.nn.Linear(3, 2)
    for name, value in model.state_dict().items():
        value.set_value(noise(name, *value.shape))
    optimizer, schedule = build_optimizer(config, EPOCHS, STEPS, model)
    for step in range(5):
        sum((p * noise(f"{name}{step}", *p.shape)).sum() for name, p in model.named_parameters()).backward()
        optimizer.step()
        optimizer.clear_grad()
        if hasattr(schedule, "step"):
            schedule.step()
    return dict(model.state_dict())


def operated(operators, keys, **sample):
    sample = {"image": image(96, 120), **words(), **sample}
    result = transform(sample, create_operators(operators, {"max_text_length": 12}), np.random.default_rng(0))
    return {key: result[key] for key in keys}


def encoded(name, **options):
    """Labels of texts; null for one that cannot be written or is too long."""
    operators = create_operators([{name: options or None}], {"max_text_length": 6})
    results = [transform({"label": text}, operators, np.random.default_rng(0)) for text in ("a0b", "zz9", "", "A-b")]
    return [None if result is None else result["label"] for result in results]


def lost(config, preds, *fields):
    preds = {key: paddle.to_tensor(value) for key, value in preds.items()} if isinstance(preds, dict) else preds
    preds = paddle.to_tensor(preds) if isinstance(preds, np.ndarray) else preds
    losses = build_loss(config)(preds, [None, *(paddle.to_tensor(field) for field in fields)])
    return {key: float(value) for key, value in losses.items()}


def decoded(config, preds, *arguments):
    return build_post_process(config)(preds, *arguments)


def boxes(**options):
    """Corners of the boxes in whole pixels, from left to right."""
    (result,) = decoded({"name": "DBPostProcess", **options}, {"maps": text_map()}, np.array([[192, 256, 0.5, 0.5]]))
    return sorted(np.asarray(box).tolist() for box in result["points"])


def counted(config, *arguments):
    metric = build_metric(config)
    metric(*arguments)
    return metric.get_metric()


def given(name, *shape):
    """Outputs in evaluation of a published architecture with weights that depend on their names."""
    model = build_model(resolve(load(ROOT / "configs" / name))["Architecture"])
    for key, value in model.state_dict().items():
        weights = noise(key, *value.shape)
        if key.endswith("_variance"):
            weights = 1 + abs(weights)
        elif value.ndim > 1:
            weights /= (value.size / max(value.shape)) ** 0.5
        elif key.endswith("weight"):
            weights = 1 + 0.1 * weights
        else:
            weights *= 0.1
        value.set_value(weights)
    model.eval()
    return {"output": model(paddle.to_tensor(noise("image", *shape))), "parameters": len(model.state_dict())}


# ------------------------------------------------------------------------------------------------ cases
RATE = {"learning_rate": 0.01}
SCHEDULES = {
    "Cosine": {"warmup_epoch": 1},
    "Linear": {"end_lr": 0.001, "power": 2},
    "LinearWarmupCosine": {"warmup_steps": 3, "start_lr": 0.001, "min_lr": 0.0001},
    "MultiStepDecay": {"milestones": [1, 3], "gamma": 0.5},
    "OneCycle": {"max_lr": 0.01},
    "Piecewise": {"decay_epochs": [1, 2], "values": [0.01, 0.001, 0.0001], "warmup_epoch": 0.5},
    "Step": {"step_size": 1, "gamma": 0.5},
    "TwoStepCosine": {"T_max1": 8, "T_max2": 20},
}
OPTIMIZERS = {
    "Adadelta": {},
    "Adam": {"regularizer": {"name": "L2", "factor": 0.1}},
    "AdamW": {"weight_decay": 0.1, "one_dim_param_no_weight_decay": True},
    "Momentum": {"momentum": 0.9, "clip_norm_global": 1.0},
    "RMSProp": {"regularizer": {"name": "L1", "factor": 0.1}},
}
OPERATORS = {
    "DetResizeForTest": ([{"DetResizeForTest": {"limit_side_len": 64, "limit_type": "min"}}], ["image", "shape"]),
    "MakeBorderMap": ([{"MakeBorderMap": None}], ["threshold_map", "threshold_mask"]),
    "MakeShrinkMap": ([{"MakeShrinkMap": None}], ["shrink_map", "shrink_mask"]),
    "NormalizeImage": ([{"NormalizeImage": {"order": "hwc"}}, {"ToCHWImage": None}], ["image"]),
    "RecResizeImg": ([{"RecResizeImg": {"image_shape": [3, 32, 100]}}], ["image", "valid_ratio"]),
    "SVTRRecResizeImg": ([{"SVTRRecResizeImg": {"image_shape": [3, 32, 100]}}], ["image"]),
}
ENCODERS = ["AttnLabelEncode", "CTCLabelEncode", "NRTRLabelEncode", "ParseQLabelEncode", "SARLabelEncode",
            "SRNLabelEncode", "VLLabelEncode"]  # fmt: skip
MAPS = [abs(noise(f"map{i}", 2, 8, 8)) % 1 for i in range(2)] + [(noise(f"m{i}", 2, 8, 8) > 0) * 1.0 for i in range(2)]
LABELS, LENGTHS = np.array([[1, 2, 2], [3, 0, 0]]), np.array([3, 1])
MARKED = np.array([[2, 4, 5, 3, 0], [2, 6, 3, 0, 0]])
LOSSES = {
    "CTCLoss": ({}, noise("ctc", 2, 8, 5), LABELS, LENGTHS),
    "CTCLoss focal": ({"use_focal_loss": True}, noise("ctc", 2, 8, 5), LABELS, LENGTHS),
    "ClsLoss": ({}, noise("cls", 3, 4), np.array([0, 3, 1])),
    "DBLoss": ({}, {"maps": 1 / (1 + np.exp(-noise("db", 2, 3, 8, 8)))}, *MAPS),
    "NRTRLoss": ({}, noise("nrtr", 2, 4, 7), MARKED, np.array([2, 1])),
    "SARLoss": ({"ignore_index": 6}, noise("sar", 2, 4, 6), np.array([[5, 1, 2, 5], [5, 3, 5, 6]])),
}
LINE = [("ab", 0.9), ("kitten", 0.8), ("A b", 0.5)], [("ab", 1.0), ("sitting", 1.0), ("ab", 1.0)]
SQUARE = np.array([[0, 0], [10, 0], [10, 10], [0, 10]], "float32")
TRUTHS = [None, None, [[SQUARE, SQUARE + 30, SQUARE + 60]], [[False, False, True]]]
FOUND = [{"points": [SQUARE + 1, SQUARE + 34, SQUARE + 60]}]
CASES = {
    **{f"rates/{name}": partial(rates, {"name": name, **({} if name == "OneCycle" else RATE), **keys})
       for name, keys in SCHEDULES.items()},
    **{f"optimizer/{name}": partial(updated, {"name": name, "lr": RATE, **keys}) for name, keys in OPTIMIZERS.items()},
    **{f"operator/{name}": partial(operated, *case) for name, case in OPERATORS.items()},
    **{f"label/{name}": partial(encoded, name) for name in ENCODERS},
    **{f"loss/{name}": partial(lost, {"name": name.split()[0], **keys}, *case)
       for name, (keys, *case) in LOSSES.items()},
    "decoder/CTCLabelDecode": partial(decoded, {"name": "CTCLabelDecode"}, probabilities([11, 11, 0, 11, 12, 0], 37)),
    "decoder/SARLabelDecode": partial(decoded, {"name": "SARLabelDecode"}, probabilities([10, 11, 37, 12], 39)),
    "decoder/NRTRLabelDecode": partial(decoded, {"name": "NRTRLabelDecode"}, probabilities([14, 15, 3, 16], 41)),
    "decoder/DBPostProcess": partial(boxes, unclip_ratio=1.5),
    "decoder/DBPostProcess dilated": partial(boxes, use_dilation=True, score_mode="slow", box_thresh=0.7),
    "metric/RecMetric": partial(counted, {"name": "RecMetric"}, LINE),
    "metric/RecMetric filtered": partial(counted, {"name": "RecMetric", "is_filter": True}, LINE),
    "metric/ClsMetric": partial(counted, {"name": "ClsMetric"}, LINE),
    "metric/DetMetric": partial(counted, {"name": "DetMetric"}, FOUND, TRUTHS),
    "model/cls_mv3": partial(given, "cls/cls_mv3.yml", 1, 3, 48, 64),
    "model/det_mv3_db": partial(given, "det/det_mv3_db.yml", 1, 3, 64, 64),
    "model/rec_mv3_none_bilstm_ctc": partial(given, "rec/rec_mv3_none_bilstm_ctc.yml", 1, 3, 32, 64),
}  # fmt: skip


def main():
    """Writes the figures of all cases, one a line."""
    lines = [f"{json.dumps(name)}: {json.dumps(figures(case()))}" for name, case in CASES.items()]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
