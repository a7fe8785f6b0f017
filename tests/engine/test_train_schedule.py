import pytest

from ppocr.checkpoint.state import TrainState
from ppocr.engine.train_schedule import TrainSchedule, warm_up_too_long
from ppocr.errors import ConfigError
from ppocr.optimizer import build_lr_scheduler
from ppocr.options import GlobalOptions


def steps_where(schedule, question):
    """The updates of a whole run after which ``question(schedule)`` says yes."""
    state, found = TrainState(), []
    schedule = schedule.at(state)
    while not schedule.ended():
        state.advance()
        if question(schedule):
            found.append(state.global_step)
        if schedule.epoch_ended():
            state.end_epoch()
    return found


def schedule_for(batches=5, evaluates=True, **options):
    return TrainSchedule.from_options(GlobalOptions(**{"epoch_num": 4, **options}), batches, evaluates)


@pytest.mark.parametrize(
    "options, expected",
    [
        ({"eval_batch_step": [0, 6]}, [6, 12, 18, 20]),
        ({"eval_batch_step": 10}, [10, 20]),
        ({"eval_batch_step": [4, 6]}, [10, 16, 20]),
        ({"eval_batch_step": [0, 2000]}, [20]),
        ({"eval_batch_step": [0, 4], "start_eval_step": 8}, [8, 12, 16, 20]),
        ({"eval_batch_step": [0, 4], "start_eval_step": 9}, [12, 16, 20]),
        ({"eval_batch_step": [3, 4], "start_eval_step": 8}, [11, 15, 19, 20]),
        ({"eval_batch_step": [0, 4], "start_eval_step": 100}, [20]),
        ({"eval_batch_epoch": 1, "start_eval_step": 7}, [10, 15, 20]),
        ({"eval_batch_epoch": 2}, [10, 20]),
        ({"eval_batch_epoch": 1, "eval_batch_step": [3, 2]}, [5, 10, 15, 20]),
        ({"eval_batch_step": [0, 6], "max_steps": 7}, [6, 7]),
        ({"eval_batch_step": [0, 3], "accumulate_steps": 2}, [3, 6, 9, 12]),
        ({"eval_batch_step": 0}, [20]),
    ],
)
def test_evaluations(options, expected):
    schedule = schedule_for(**options)
    assert steps_where(schedule, TrainSchedule.eval_due) == expected
    assert schedule.evaluations() == len(expected)
    assert schedule.at(TrainState(step_in_epoch=expected[0])).evaluations() == len(expected) - 1


@pytest.mark.parametrize(
    "options, expected",
    [
        ({"eval_batch_step": [3, 4]}, 7),
        ({"eval_batch_step": [3, 4], "start_eval_step": 8}, 11),
        ({"eval_batch_step": [0, 2000]}, 2000),
        ({"eval_batch_step": 0}, 0),
        ({"eval_batch_epoch": 1, "start_eval_step": 5}, 5),
    ],
)
def test_the_first_evaluation(options, expected):
    assert schedule_for(**options).first_evaluation() == expected


def test_without_evaluation_data_nothing_is_evaluated():
    schedule = schedule_for(evaluates=False, eval_batch_step=1)
    assert steps_where(schedule, TrainSchedule.eval_due) == [] and schedule.evaluations() == 0


def test_a_log_line_every_few_steps_and_at_the_end_of_an_epoch():
    schedule = schedule_for(print_batch_step=3)
    assert steps_where(schedule, TrainSchedule.log_due) == [3, 5, 6, 9, 10, 12, 15, 18, 20]


def test_an_epoch_has_the_rounded_up_number_of_groups():
    schedule = schedule_for(batches=5, accumulate_steps=3)
    assert (schedule.steps_per_epoch, schedule.total_steps) == (2, 8)


def test_max_steps_ends_the_run():
    assert steps_where(schedule_for(max_steps=3), lambda schedule: True) == [1, 2, 3]
    assert steps_where(schedule_for(max_steps=300), lambda schedule: True)[-1] == 20


def test_numbered_checkpoints():
    schedule = schedule_for(save_epoch_step=2)
    assert [epoch for epoch in range(1, 5) if schedule.at(TrainState(epoch=epoch)).numbered_save_due()] == [2, 4]


def test_an_epoch_without_a_batch_is_refused():
    with pytest.raises(ConfigError, match="no batch in an epoch"):
        schedule_for(batches=0)


@pytest.mark.parametrize("epochs, reached", [(3, None), (4, "0.00095"), (50, "7.6e-05")])
def test_a_warm_up_that_does_not_end_before_the_run_does(epochs, reached):
    rate = build_lr_scheduler({"name": "Cosine", "learning_rate": 0.001, "warmup_epoch": epochs}, 4, 5)
    text = warm_up_too_long(rate, schedule_for())
    steps = f"the warm-up lasts {5 * epochs} steps and the run 20, "
    rates = f"so that the learning rate gets to {reached} and never to 0.001; shorten the warm-up"
    assert text == ("" if reached is None else steps + rates)


def test_a_short_trial_and_a_constant_rate():
    rate = build_lr_scheduler({"learning_rate": 0.001, "warmup_epoch": 1}, 4, 5)
    assert warm_up_too_long(rate, schedule_for(max_steps=2)) == ""  # of the run that it tries, the warm-up is a part
    assert warm_up_too_long(rate, schedule_for()) == warm_up_too_long(0.001, schedule_for()) == ""
    assert "lasts 20 steps and the run 20, so" in warm_up_too_long(
        build_lr_scheduler({"learning_rate": 0.001, "warmup_epoch": 4}, 4, 5), schedule_for(max_steps=2)
    )
