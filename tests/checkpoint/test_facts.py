"""What a checkpoint says about its run, compared with what its user says."""

from types import SimpleNamespace

import pytest

from ppocr.checkpoint.facts import READ, RESUME, compare, output_facts, read_facts, refuse_others
from ppocr.engine.run_info import describe_run
from ppocr.errors import CheckpointError
from ppocr.options import GlobalOptions
from ppocr.postprocess.ctc_label_decode import CTCLabelDecode
from ppocr.postprocess.distillation_post_process import DistillationCTCLabelDecode
from ppocr.utils.save_load import save_model

ADAM = {"name": "Adam", "lr": {"name": "Cosine", "learning_rate": 0.001}}


@pytest.mark.parametrize("purpose", [RESUME, READ])
@pytest.mark.parametrize(
    "name, saved, now, said",
    [
        (
            "vocabulary",
            ["blank", "a", "b"],
            ["blank", "b", "a"],
            "dictionary (3 entries, now 3; symbol 1 was 'a', now 'b')",
        ),
        ("vocabulary", ["a", "b"], ["a", "b", "c"], "dictionary (2 entries, now 3; symbol 2 was none, now 'c')"),
        ("vocabulary", ["a", "b"], ["a"], "dictionary (2 entries, now 1; symbol 1 was 'b', now none)"),
        ("direction", ["rtl"], ["ltr"], "text_direction (1 entries, now 1; value 0 was 'rtl', now 'ltr')"),
        ("classes", ["0", "180"], ["180", "0"], "label_list (2 entries, now 2; class 0 was '0', now '180')"),
    ],
)
def test_other_outputs_are_refused_with_the_first_symbol_that_differs(name, saved, now, said, purpose):
    with pytest.raises(CheckpointError) as caught:
        refuse_others("output/latest", {name: saved}, {name: now}, purpose)
    assert str(caught.value).startswith(f"output/latest: was trained with another {said}; ")
    assert ("Global.pretrained_model" in str(caught.value)) == (purpose == RESUME and name != "direction")


@pytest.mark.parametrize("saved, now", [({}, {"vocabulary": ["a"]}), ({"vocabulary": ["a"]}, {}), ({}, {})])
def test_what_one_side_does_not_know_is_not_compared(saved, now):
    assert compare(saved, now, RESUME) == ([], [])


def test_another_optimizer_is_refused_when_resuming_only():
    saved, now = {"optimizer": ADAM}, {"optimizer": {**ADAM, "name": "Momentum"}}
    (refused,) = compare(saved, now, RESUME).refused
    assert refused.startswith("was trained with Adam, whose state Momentum cannot take over")
    assert compare(saved, now, READ) == ([], [])


def test_other_settings_of_the_same_optimizer_are_said_one_by_one():
    now = {"name": "Adam", "lr": {"name": "Cosine", "learning_rate": 0.01, "warmup_epoch": 2}, "freeze": ["backbone.*"]}
    assert compare({"optimizer": ADAM, "seed": 1}, {"optimizer": now, "seed": 2}, RESUME) == (
        [],
        [
            "Optimizer.lr.learning_rate 0.001 -> 0.01",
            "Optimizer.lr.warmup_epoch not set -> 2",
            "Optimizer.freeze not set -> ['backbone.*']",
            "seed 1 -> 2",
        ],
    )


def test_outputs_are_compared_as_texts():
    assert output_facts(SimpleNamespace(label_list=[0, 180])) == {"classes": ["0", "180"]}
    assert output_facts(SimpleNamespace(character=["blank", "a"])) == {"vocabulary": ["blank", "a"]}


def test_facts_are_read_beside_the_weights_and_those_of_another_form_are_unknown(tmp_path):
    assert read_facts(tmp_path / "gone") == {}
    save_model(
        tmp_path / "a", {".train_state": {"run": {"vocabulary": ["a"], "classes": [0], "seed": 3, "optimizer": "Adam"}}}
    )
    assert read_facts(tmp_path / "a") == {"vocabulary": ["a"], "seed": 3}
    save_model(tmp_path / "b", {".train_state": [1]})
    assert read_facts(tmp_path / "b") == {}


def test_decoders_of_scripts_from_right_to_left_tell_their_direction(tmp_path):
    (tmp_path / "dict.txt").write_text("א\nב\nג\nד\n", encoding="utf-8")
    path = str(tmp_path / "dict.txt")
    assert output_facts(CTCLabelDecode(path))["direction"] == ["rtl"]
    assert output_facts(CTCLabelDecode(path, text_direction="ltr"))["direction"] == ["ltr"]
    assert output_facts(DistillationCTCLabelDecode(["Student"], character_dict_path=path))["direction"] == ["rtl"]
    assert output_facts(CTCLabelDecode(text_direction="rtl")).keys() == {"vocabulary"}  # nothing to turn round


@pytest.mark.parametrize(
    "device, options, precision, scaling",
    [
        ("gpu:0", {}, "float32", "none"),
        ("cpu", {"use_amp": True, "scale_loss": 8.0}, "float32", "none"),
        ("gpu:0", {"use_amp": True, "scale_loss": 8.0}, "O2 float16", "8"),
        (
            "gpu:0",
            {"use_amp": True, "amp_level": "O1", "scale_loss": 1024.0, "use_dynamic_loss_scaling": True},
            "O1 float16",
            "1024, following overflows",
        ),
    ],
)
def test_precision_and_loss_scale_are_facts(device, options, precision, scaling):
    config = {"Train": {"loader": {}}, "Optimizer": ADAM, "PostProcess": {"name": "ClsPostProcess"}, "Global": {}}
    facts = describe_run(config, GlobalOptions(**options), 4, device)
    assert (facts["precision"], facts["loss_scaling"]) == (precision, scaling)
    changed = compare(facts, {**facts, "loss_scaling": "16"}, RESUME).changed
    assert changed == [f"loss_scaling {scaling} -> 16"]


def test_the_images_of_a_size_in_a_batch_are_a_fact():
    train = {"loader": {"batch_size_per_card": 1}, "dataset": {"batch_size_per_pair": 56}}
    config = {"Train": train, "Optimizer": ADAM, "PostProcess": {"name": "ClsPostProcess"}, "Global": {}}
    facts = describe_run(config, GlobalOptions(), 4, "cpu")
    changed = compare(facts, {**facts, "batch_size_per_pair": 8}, RESUME).changed
    assert changed == ["batch_size_per_pair 56 -> 8"]
