import copy
from pathlib import Path

import pytest

from ppocr.config import check, load, override, validate
from ppocr.ignored_keys import IGNORED_KEYS
from ppocr.metrics.rec_metric import RecMetric
from ppocr.postprocess.ctc_label_decode import CTCLabelDecode
from ppocr.registry import ANY, TASKS
from ppocr.tasks import Task
from ppocr.tasks.rec import Recognition

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def recogniser():
    return load(ROOT / "configs/quickstart/rec.yml")


@pytest.fixture(scope="module")
def detector():
    return load(ROOT / "configs/quickstart/det.yml")


def problems(config, *assignments):
    return [str(problem) for problem in validate(override(config, assignments))]


def test_a_model_that_is_not_here_is_one_line(recogniser):
    foreign = [
        "Architecture.Head={name: FarHead, out_channels: 30}",
        "Loss={name: FarLoss, loss_weight: 8}",
        "Train.dataset.transforms.1={FarLabelEncode: }",
        "Eval.dataset.transforms.1={FarLabelEncode: }",
        "Metric.name=FarMetric",
        "Global.epoch_nums=3",
    ]
    assert problems(recogniser, *foreign) == [
        f"{ROOT}/configs/quickstart/rec.yml:{line_of('Architecture:')}: Architecture: this model is not here, for want "
        "of head 'FarHead', loss 'FarLoss', metric 'FarMetric', operator 'FarLabelEncode'; docs/models.md lists "
        "the models that are (classes of your own are named in Global.imports)"
    ]


def line_of(text):
    return (ROOT / "configs/quickstart/rec.yml").read_text(encoding="utf-8").split("\n").index(text) + 1


@pytest.mark.parametrize(
    "assignments, hints",
    [
        (["Loss.name=CTCLos", "Architecture.Backbone.name=MobilNetV3"], ["'CTCLoss'", "'MobileNetV3'"]),
        (["Architecture.Head.name=SARHed", "Global.epoch_nums=3"], ["'SARHead'", "'epoch_num'"]),
    ],
)
def test_misspelt_names_and_a_single_unknown_one_keep_their_hints(recogniser, assignments, hints):
    found = "\n".join(problems(recogniser, *assignments))
    assert all(f"(did you mean {hint}?)" in found for hint in hints)


@pytest.mark.parametrize("model_type", ["cls", "sr"])
def test_parts_of_another_task_are_refused(recogniser, model_type):
    found = problems(recogniser, f"Architecture.model_type={model_type}")
    wanted = f"is for models of type rec, and Architecture.model_type is {model_type}"
    assert any(f"PostProcess: CTCLabelDecode {wanted}" in one for one in found)
    assert any(f"Metric: RecMetric {wanted}" in one for one in found)


def test_the_task_of_several_networks_is_that_of_each(recogniser, detector):
    several = ["PostProcess={name: DistillationDBPostProcess}", "Metric={name: DistillationMetric, key: Student}"]
    found = "\n".join(problems(recogniser, *several, "Metric.base_metric_name=DetMetric"))
    assert "PostProcess: DistillationDBPostProcess is for models of type det, and Architecture" in found
    assert "Metric: DetMetric is for models of type det" in found
    assert "is for models" not in "\n".join(problems(detector, *several, "Metric.base_metric_name=DetMetric"))


def test_several_tasks_may_share_a_model_type(recogniser, monkeypatch):
    class Formulas(Recognition):
        model_type = "rec"

    TASKS.names()
    monkeypatch.setitem(TASKS._entries, (ANY, "formula"), Formulas)
    monkeypatch.setattr(CTCLabelDecode, "task", "formula")
    monkeypatch.setattr(RecMetric, "task", "formula")
    assert problems(recogniser) == []


@pytest.mark.parametrize(
    "assignment, message",
    [
        ("Global.epoch_nums=3", "Global has no key 'epoch_nums' (did you mean 'epoch_num'?)"),
        ("Global.epoch_num=abc", "'epoch_num' must be a whole number from 1 to 1,000,000, not 'abc'"),
        ("Global.epoch_num=0", "must be a whole number from 1 to 1,000,000, not 0"),
        (
            "Global.eval_batch_step=[1, 2, 3]",
            "must be a whole number from 0 to 1,000,000,000 or a list of 2, not [1, 2, 3]",
        ),
        ("Global.amp_level=O3", "must be one of O1, O2"),
        ("Globl.a=1", "unknown section (did you mean 'Global'?)"),
        ("Architecture.Backbone.scalee=1", "backbone 'VGG' has no key 'scalee'"),
        ("Architecture.Backbone.name=VGGG", "unknown backbone 'VGGG' (did you mean 'VGG'?)"),
        ("Architecture.Bckbone.name=VGG", "has no key 'Bckbone' (did you mean 'Backbone'?)"),
        ("Loss.weight=1", "loss 'CTCLoss' has no key 'weight'"),
        ("Optimizer.name=Adm", "unknown optimizer 'Adm' (did you mean 'Adam'?)"),
        ("Optimizer.weight_deacy=1", "optimizer 'Adam' has no key 'weight_deacy'"),
        ("Optimizer.clip_norm=big", "'clip_norm' must be a number above 0, up to 1,000,000,000, not 'big'"),
        ("Optimizer.lr.name=Cosin", "unknown learning-rate schedule 'Cosin' (did you mean 'Cosine'?)"),
        ("Optimizer.lr.warmup=2", "no key 'warmup'"),
        ("Optimizer.regularizer.name=L3", "unknown regularizer 'L3'"),
        ("PostProcess.nme=1", "post-process 'CTCLabelDecode' has no key 'nme'"),
        ("Metric.main_indicator=accuracy", "must be one of acc, norm_edit_dis"),
        ("Train.loader.batch_size_per_card=four", "must be a whole number from 1 to 65,536, not 'four'"),
        ("Train.loader.batch_size=4", "no key 'batch_size' (did you mean 'batch_size_per_card'?)"),
        ("Train.loder.batch_size=4", "no key 'loder' (did you mean 'loader'?)"),
        ("Train.loader.collate_fn=Nothing", "unknown collate function 'Nothing'"),
        ("Train.dataset.lenght=3", "has no key 'lenght' (did you mean 'length'?)"),
        ("Train.dataset.name=Synthetic", "unknown dataset 'Synthetic'"),
        ("Train.dataset.transforms.1.RecResizeImg.shape=3", "operator 'RecResizeImg' has no key 'shape'"),
        ("Train.dataset.transforms.1={NoOp: }", "unknown operator 'NoOp'"),
        ("Train.dataset.transforms.1=NoOp", "must be one operator, {Name: arguments}"),
        ("Train.dataset.transforms.1={CTCLabelEncode: 3}", "the arguments must be a mapping, not 3"),
        ("Train.dataset.transforms=3", "must be a list of operators"),
        ("Train.sampler.name=X", "unknown sampler 'X'"),
        ("Train.dataset=", "this section is missing"),
        ("Train.loader=", "this section is missing"),
        ("Optimizer.lr=", "'lr' must be a mapping, not null"),
        ("Loss=3", "must be a mapping, not 3"),
    ],
)
def test_a_fault_is_found_where_it_was_written(recogniser, assignment, message):
    found = problems(recogniser, assignment)
    assert any(message in text for text in found), found
    assert any(text.startswith(f"-o {assignment}: ") for text in found), found


def test_all_faults_are_reported_at_once_with_file_and_line(tmp_path):
    path = tmp_path / "a.yml"
    base = ROOT / "configs/quickstart/rec.yml"
    path.write_text(f"_BASE_: {base}\nGlobal:\n  epoch_nm: 3\nLoss:\n  name: CTCLos\n\nOptimizer:\n  beta3: 0.9\n")
    found = {str(p).split(": ")[0]: str(p) for p in validate(load(path))}
    assert f"{path}:3" in found and f"{path}:5" in found and f"{path}:8" in found
    assert "did you mean 'epoch_num'" in found[f"{path}:3"]


def test_a_section_that_is_missing(recogniser):
    config = copy.deepcopy(recogniser)
    del config["Metric"]
    assert [text.split(": ", 1)[1] for text in problems(config)] == ["Metric: this section is missing"]


def test_evaluation_may_be_absent(recogniser):
    config = copy.deepcopy(recogniser)
    del config["Eval"]
    assert problems(config) == []
    assert problems(recogniser, "Eval=") == []


def test_a_key_that_nothing_reads_warns_from_the_table(recogniser, detector):
    found = check(override(recogniser, ["Global.debug=false", "Train.loader.num_sections=1"]))
    assert not found.problems
    assert sorted(w.path[-1] for w in found.warnings) == ["debug", "num_sections"]


def test_what_a_builder_supplies_may_stand_in_the_file(recogniser):
    assert not problems(recogniser, "Architecture.Head.out_channels=37", "Architecture.Backbone.in_channels=3")
    assert not problems(recogniser, "Optimizer.lr.epochs=3", "Optimizer.lr.step_each_epoch=4")


def test_an_operator_takes_what_it_lacks_from_global(recogniser):
    assert problems(recogniser, "Global={}") != []
    config = copy.deepcopy(recogniser)
    del config["Global"]["max_text_length"]
    assert any("needs the key 'max_text_length'" in text for text in problems(config))
    assert not problems(
        config,
        "Train.dataset.transforms.0={CTCLabelEncode: {max_text_length: 5}}",
        "Eval.dataset.transforms.0={CTCLabelEncode: {max_text_length: 5}}",
    )


def test_the_table_names_kinds_and_classes_that_exist():
    from ppocr import registry

    registries = {r.kind: r for r in vars(registry).values() if isinstance(r, registry.Registry)}
    for entry in IGNORED_KEYS:
        kind, name = entry.split("/")
        assert kind == "section" or any(name == known for _, known in registries[kind].entries()), entry


def test_the_kind_of_a_model_is_a_published_one_or_that_of_a_registered_task(recogniser, monkeypatch):
    wrong = "'model_type' must be a text that names a task (det, rec, cls, table, kie, e2e, sr), not 'recc'"
    assert wrong in problems(recogniser, "Architecture.model_type=recc")[0]
    TASKS.names()  # loads those of the framework
    monkeypatch.setitem(TASKS._entries, (ANY, "recc"), Task)
    assert not any("names a task" in one for one in problems(recogniser, "Architecture.model_type=recc"))


@pytest.mark.parametrize(
    ("file", "assignment", "message"),
    [
        ("rec/LaTeX_OCR_rec.yaml", "Global.max_seq_len=1024", "at most 513 fit LaTeXOCRHead with max_seq_len 512"),
        (
            "rec/UniMERNet.yaml",
            "Train.dataset.transforms.3.UniMERNetLabelEncode.max_seq_len=2000",
            "at most 1537 fit UniMERNetHead with max_new_tokens 1536",
        ),
    ],
)
def test_labels_longer_than_a_head_has_places_for(file, assignment, message):
    (found,) = problems(load(ROOT / "configs" / file), assignment)
    assert "lets labels through that are too long to be taught" in found and message in found


def test_sizes_of_formulas_agree():
    config = load(ROOT / "configs/rec/LaTeX_OCR_rec.yaml")
    order, _ = problems(config, "Eval.dataset.min_dimensions=[672, 200]")
    assert "'min_dimensions' must not be above 'max_dimensions'" in order
    (other,) = problems(config, "Train.dataset.max_dimensions=[640, 192]")
    assert "'max_dimensions' must be that of MinMaxResize" in other
    found = problems(config, "Architecture.Backbone.img_size=[192, 640]")
    assert len(found) == 4 and all("HybridTransformer takes images of 640 x 192 pixels at most" in one for one in found)


def test_a_collate_function_that_is_not_there_is_the_only_problem():
    config = load(ROOT / "configs/rec/LaTeX_OCR_rec.yaml")
    (found,) = problems(config, "Train.loader.collate_fn=LaTeXOCRCollate")
    assert "did you mean 'LaTeXOCRCollator'?" in found


def test_data_in_groups_takes_no_sampler():
    config = load(ROOT / "configs/rec/LaTeX_OCR_rec.yaml")
    (found,) = problems(config, "Train.sampler={name: MultiScaleSampler, scales: [[64, 32]], first_bs: 2}")
    assert "Train.sampler: leave the sampler out: LaTeXOCRDataSet itself says which images share a batch" in found
