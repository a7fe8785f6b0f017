"""What an optimizer does in its first update, a schedule over a run, a regularizer to a gradient: every one of them."""

import numpy as np
import paddle
import pytest
from contract_table import Table

from ppocr.optimizer import build_lr_scheduler, build_optimizer
from ppocr.registry import LR_SCHEDULERS, OPTIMIZERS, REGULARIZERS

EPOCHS, STEPS = 4, 2
RATE, WEIGHT, GRADIENT = 0.1, 2.0, 0.5


# Arguments, and how far the first update moves a weight.
OPTIMIZER_ROWS = {
    "Adadelta": ({}, GRADIENT * RATE * (1e-8 / (0.05 * GRADIENT**2 + 1e-8)) ** 0.5),
    "Adam": ({}, RATE),
    "AdamW": ({}, RATE + RATE * 0.01 * WEIGHT),
    "Momentum": ({"momentum": 0.9}, RATE * GRADIENT),
    "RMSProp": ({}, RATE / 0.05**0.5),
}
# Arguments, and rates at the first step, in the middle and behind the last step of a run of 8 steps.
SCHEDULE_ROWS = {
    "constant": ({"learning_rate": RATE}, [RATE, RATE, RATE]),
    "Cosine": ({"learning_rate": RATE}, [RATE, RATE / 2, 0.0]),
    "CyclicalCosineDecay": ({"learning_rate": RATE, "cycle": 2}, [RATE, RATE, RATE]),
    "DecayLearningRate": ({"learning_rate": RATE, "factor": 2}, [RATE, RATE / 4, 0.0]),
    "Linear": ({"learning_rate": RATE, "end_lr": 0.02}, [RATE, 0.06, 0.02]),
    "LinearWarmupCosine": ({"learning_rate": RATE, "warmup_epoch": 2, "start_lr": 0.0}, [0.0, RATE, RATE / 2]),
    "MultiStepDecay": ({"learning_rate": RATE, "milestones": [1, 2], "gamma": 0.5}, [RATE, RATE / 4, RATE / 4]),
    "OneCycleDecay": ({"max_lr": RATE, "pct_start": 0.5, "div_factor": 10}, [0.01, RATE * (1 + 0.5**0.5) / 2, 0.0]),
    "Piecewise": ({"decay_epochs": [1, 2], "values": [RATE, 0.05, 0.01]}, [RATE, 0.01, 0.01]),
    "Step": ({"learning_rate": RATE, "step_size": 1, "gamma": 0.5}, [RATE, RATE / 4, RATE / 16]),
    "TwoStepCosineDecay": ({"learning_rate": RATE, "T_max1": 6, "T_max2": 8}, [RATE, RATE / 4, 0.0]),
}
# Arguments, and what is added to a gradient of 0 in the first step.
REGULARIZER_ROWS = {
    "CosineL2Decay": ({"factor": 0.25}, 0.25 * WEIGHT),
    "L1Decay": ({"factor": 0.25}, 0.25),
    "L2Decay": ({"factor": 0.25}, 0.25 * WEIGHT),
}
OPTIMIZER_TABLE = Table(OPTIMIZERS, "OPTIMIZER_ROWS", OPTIMIZER_ROWS)
SCHEDULE_TABLE = Table(LR_SCHEDULERS, "SCHEDULE_ROWS", SCHEDULE_ROWS)
REGULARIZER_TABLE = Table(REGULARIZERS, "REGULARIZER_ROWS", REGULARIZER_ROWS)


def moved(section, gradient):
    """Returns how far one update moves a weight that is 2, and the optimizer."""
    model = paddle.nn.Linear(1, 1, bias_attr=False)
    model.weight.set_value(paddle.full([1, 1], WEIGHT))
    optimizer, _ = build_optimizer({"lr": {"learning_rate": RATE}, **section}, EPOCHS, STEPS, model)
    (model.weight * gradient).sum().backward()
    optimizer.step()
    return WEIGHT - model.weight.item(), optimizer


@OPTIMIZER_TABLE.each()
def test_an_optimizer(entry):
    arguments, gives = OPTIMIZER_TABLE.row(entry)
    distance, optimizer = moved({"name": entry[1], **arguments}, GRADIENT)
    assert distance == pytest.approx(gives, rel=1e-3, abs=1e-6)
    assert optimizer.state_dict()  # what a resumed run goes on from


@SCHEDULE_TABLE.each()
def test_a_schedule(entry):
    arguments, gives = SCHEDULE_TABLE.row(entry)
    schedule = build_lr_scheduler({"name": entry[1], **arguments}, EPOCHS, STEPS)
    rates = []
    for _ in range(EPOCHS * STEPS + 1):
        rates.append(schedule if isinstance(schedule, float) else schedule())
        if not isinstance(schedule, float):
            schedule.step()
    assert np.isfinite(rates).all() and min(rates) >= 0
    assert [rates[0], rates[EPOCHS * STEPS // 2], rates[-1]] == pytest.approx(gives, abs=1e-5)


@REGULARIZER_TABLE.each()
def test_a_regularizer(entry):
    arguments, gives = REGULARIZER_TABLE.row(entry)
    section = {"name": "Momentum", "momentum": 0.0, "regularizer": {"name": entry[1], **arguments}}
    distance, _ = moved(section, 0.0)
    assert distance == pytest.approx(RATE * gives, rel=1e-5)


@pytest.mark.parametrize("table", [OPTIMIZER_TABLE, SCHEDULE_TABLE, REGULARIZER_TABLE], ids=str)
def test_no_row_is_left_over(table):
    assert table.unused() == set()
