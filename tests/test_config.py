import copy

import pytest

from ppocr.config import Config, Source, check, freeze, load, override, replaced, resolve, snapshot, validate
from ppocr.errors import ConfigError
from ppocr.modeling.heads import build_head
from ppocr.text.codecs import CtcCodec


def write(folder, name, text):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_values_and_where_they_were_written(tmp_path):
    path = write(tmp_path, "a.yml", "Global:\n  rate: 1e-5\n  list:\n    - {Op: {size: [1, 2]}}\n  flag: no\n")
    config = load(path)
    assert config == {"Global": {"rate": 1e-5, "list": [{"Op": {"size": [1, 2]}}], "flag": False}}
    assert str(config.sources["Global", "rate"]) == f"{path}:2"
    assert config.sources["Global", "list", 0, "Op", "size"].line == 4


def test_numbers_that_yaml_1_1_reads_as_text(tmp_path):
    text = "[1e-5, 1E3, -2e+4, 1.0e-05, .5, 1_000, 1e, e5, '1e-5', 12:30:00a]"
    values = load(write(tmp_path, "a.yml", f"a: {text}"))["a"]
    assert values == [1e-5, 1e3, -2e4, 1e-5, 0.5, 1000, "1e", "e5", "1e-5", "12:30:00a"]


def test_base_is_merged_by_key_and_replaced_where_the_class_changes(tmp_path):
    write(tmp_path, "base.yml", "Global: {a: 1, b: 2}\nLoss: {name: A, weight: 3}\nlist: [1, 2]\n")
    (tmp_path / "sub").mkdir()
    path = write(tmp_path / "sub", "own.yml", "_BASE_: ../base.yml\nGlobal:\n  b: 5\nLoss: {name: B}\nlist: [3]\n")
    config = load(path)
    assert config == {"Global": {"a": 1, "b": 5}, "Loss": {"name": "B"}, "list": [3]}
    assert config.sources["Global", "a"].file.endswith("base.yml")
    assert config.sources["Global", "b"] == (str(path), 3)
    assert ("Loss", "weight") not in config.sources


def levels(folder, base, own, command=()):
    """Returns Global of a file with a base and overrides, seed apart, and the problems that validation finds there."""
    write(folder, "base.yml", f"Global: {{seed: 1, {base}}}")
    config = override(load(write(folder, "own.yml", f"_BASE_: base.yml\nGlobal: {{seed: 2, {own}}}")), command)
    assert config["Global"].pop("seed") == 2
    return config["Global"], [str(p) for p in check(config).problems if p.path[:1] == ("Global",)]


@pytest.mark.parametrize(
    "base, own, command, left",
    [
        ("", "device: auto", ["Global.use_gpu=True"], {"use_gpu": True}),
        ("", "device: gpu", ["Global.use_gpu=false"], {"use_gpu": False}),
        ("use_gpu: true", "device: cpu", [], {"device": "cpu"}),
        ("device: cpu", "use_gpu: true", [], {"use_gpu": True}),
        ("use_gpu: true", "", ["Global.device=cpu"], {"device": "cpu"}),
        ("use_xpu: true", "", ["Global.device=cpu"], {"device": "cpu"}),
        ("device: gpu", "", ["Global.use_npu=true"], {"use_npu": True}),
        ("", "device: gpu", ["Global.use_xpu=false"], {"device": "gpu", "use_xpu": False}),
        ("use_gpu: true", "", ["Global.device="], {"use_gpu": True, "device": None}),
        ("eval_batch_step: [0, 9]", "eval_batch_epoch: 1", [], {"eval_batch_epoch": 1}),
        ("", "eval_batch_epoch: 1", ["Global.eval_batch_step=[0,9]"], {"eval_batch_step": [0, 9]}),
        ("", "eval_batch_step: 5", ["Global.eval_batch_epoch=2"], {"eval_batch_epoch": 2}),
        (
            "eval_batch_epoch: 1",
            "eval_batch_step: 5",
            ["Global.eval_batch_epoch="],
            {"eval_batch_step": 5, "eval_batch_epoch": None},
        ),
    ],
)
def test_of_keys_that_say_the_same_the_one_of_the_higher_level_counts(tmp_path, base, own, command, left):
    section, problems = levels(tmp_path, base, own, command)
    assert section == left and problems == []


@pytest.mark.parametrize(
    "own, command, problem",
    [
        (
            "device: cpu, use_gpu: true",
            [],
            "own.yml:2: Global.use_gpu: use_gpu asks for another device than device: cpu",
        ),
        (
            "device: cpu",
            ["Global.use_xpu=true", "Global.device=gpu"],
            "-o Global.use_xpu=true: Global.use_xpu: use_xpu asks",
        ),
        (
            "device: gpu:1, use_gpu: false",
            [],
            "own.yml:2: Global.use_gpu: use_gpu: false does not go with device: gpu:1",
        ),
        (
            "eval_batch_step: 5, eval_batch_epoch: 1",
            [],
            "own.yml:2: Global.eval_batch_step: evaluations are counted in",
        ),
    ],
)
def test_keys_of_one_level_that_contradict_each_other_are_refused(tmp_path, own, command, problem):
    (found,) = levels(tmp_path, "", own, command)[1]
    assert found.removeprefix(f"{tmp_path}/").startswith(problem)


@pytest.mark.parametrize(
    "own",
    [
        "device: gpu, use_gpu: true",
        "device: cpu, use_gpu: false, use_xpu: false",
        "device: auto, use_gpu: false",
        "device: auto, use_gpu: true",
    ],
)
def test_a_device_may_be_named_in_two_ways_at_once(tmp_path, own):
    assert levels(tmp_path, "", own)[1] == []


def test_what_another_level_says_leaves_no_trace(tmp_path):
    config = override(load(write(tmp_path, "a.yml", "Global: {device: auto}")), ["Global.use_gpu=true"])
    assert ("Global", "device") not in config.sources and "device" not in snapshot(config)


def test_several_bases_apply_in_order(tmp_path):
    write(tmp_path, "a.yml", "x: {k: 1, l: 1}")
    write(tmp_path, "b.yml", "x: {k: 2}")
    assert load(write(tmp_path, "c.yml", "_BASE_: [a.yml, b.yml]\ny: 3")) == {"x": {"k": 2, "l": 1}, "y": 3}


@pytest.mark.parametrize(
    "text, message",
    [
        ("a: [1, 2", "a.yml:1: not YAML"),
        ("a: 1\nb: {c: 1}\n\nb: 2\n", "a.yml:4: b: this key is written twice, first in line 2 with another value"),
        ("a: 1\nb: true\na: true\n", "a.yml:3: a: this key is written twice, first in line 1 with another value"),
        ("a:\n- x: 1\n- y:\n    k: 1\n    l: 1\n    k: 2\n", "a.yml:6: a.1.y.k: this key .* first in line 4"),
        ("a:\n  {b: 1}: 2\n", "a.yml:2: a key must be a word or a number"),
        ("- 1\n", "must be a mapping"),
        ("_BASE_: a.yml\n", "leads back to this file"),
        ("_BASE_: none.yml\n", "none.yml: no such config file"),
        ("a: !!python/object/apply:os.getcwd []\n", "not YAML"),
    ],
)
def test_a_bad_file_ends_in_one_line(tmp_path, text, message):
    with pytest.raises(ConfigError, match=message) as caught:
        load(write(tmp_path, "a.yml", text))
    assert "\n" not in str(caught.value)


def test_a_key_that_is_written_twice_with_one_value_is_said(tmp_path):
    write(tmp_path, "base.yml", "Loss:\n  list:\n  - {a: [1, {b: x}],\n     a: [1, {b: x}]}\n")
    config = load(write(tmp_path, "own.yml", "_BASE_: base.yml\n\nGlobal:\n  seed: 1\n  seed: 1\n"))
    assert config == {"Loss": {"list": [{"a": [1, {"b": "x"}]}]}, "Global": {"seed": 1}}
    twice = [str(w) for w in check(override(config, ["Global.epoch_num=2"])).warnings if "twice" in w.message]
    assert twice == [
        f"{tmp_path}/base.yml:4: Loss.list.0.a: this key is written twice, first in line 3 with the same value",
        f"{tmp_path}/own.yml:5: Global.seed: this key is written twice, first in line 4 with the same value",
    ]


def test_a_file_that_is_no_text(tmp_path):
    path = tmp_path / "a.yml"
    path.write_bytes(b"\xff\xfe\x00a")
    with pytest.raises(ConfigError, match="cannot be read as a UTF-8 text file"):
        load(path)


def test_an_empty_file_is_an_empty_configuration(tmp_path):
    assert load(write(tmp_path, "a.yml", "# nothing\n")) == {}


def test_merge_keys_and_aliases_work(tmp_path):
    config = load(write(tmp_path, "a.yml", "x: &x {k: 1}\ny:\n  <<: *x\n  l: 2\nz: *x\n"))
    assert config["y"] == {"k": 1, "l": 2} and config["z"] == {"k": 1}


def test_overrides():
    config = Config({"a": {"b": [{"c": 1}, {"Op": None}]}, "s": 1})
    result = override(
        config, ["a.b.0.c=[1, 2.5]", "a.b.1.Op.size=3", "a.url=http://x/?k=v", "a.none=", "a.rate=1e-4", "new.k=true"]
    )
    assert result["a"]["b"] == [{"c": [1, 2.5]}, {"Op": {"size": 3}}]
    assert result["a"]["url"] == "http://x/?k=v" and result["a"]["none"] is None and result["a"]["rate"] == 1e-4
    assert result["new"] == {"k": True}
    assert config == {"a": {"b": [{"c": 1}, {"Op": None}]}, "s": 1}
    assert str(result.sources["a", "rate"]) == "-o a.rate=1e-4"


@pytest.mark.parametrize(
    "assignment, message",
    [
        ("Global.epoch_num", "must have the form key=value"),
        ("=3", "must have the form key=value"),
        ("s.k=1", "s is 1 and holds no keys"),
        ("a.5.c=1", "'5' is no position in a list of 1"),
        ("a.x.c=1", "'x' is no position"),
        ("s=[1", "the value is not YAML"),
    ],
)
def test_overrides_that_cannot_be(assignment, message):
    with pytest.raises(ConfigError, match=message):
        override(Config({"a": [{"c": 1}], "s": 1}), [assignment])


def test_a_snapshot_reads_back_to_the_same(tmp_path):
    config = {"Global": {"path": "中文.txt", "rate": 1e-05, "none": None, "list": [{"A": {"b": [1, 2]}}], "t": (1, 2)}}
    config_back = load(write(tmp_path, "a.yml", snapshot(config)))
    assert config_back == {"Global": {**config["Global"], "t": [1, 2]}}


def test_a_frozen_configuration_refuses_changes_and_copies_to_a_free_one():
    frozen = freeze({"a": {"b": 1}, "c": [{"d": 2}]})
    for change in (
        lambda: frozen.update(x=1),
        lambda: frozen["a"].__setitem__("b", 2),
        lambda: frozen["c"][0].pop("d"),
        lambda: frozen.setdefault("z", 1),
    ):
        with pytest.raises(TypeError, match="read-only"):
            change()
    free = copy.deepcopy(frozen)
    free["a"]["b"] = 2
    assert frozen == {"a": {"b": 1}, "c": [{"d": 2}]} and free["a"]["b"] == 2


class Decoder:
    """A decoder of ``characters`` symbols of a dictionary and one more."""

    def __init__(self, characters):
        self.codec = None if characters is None else CtcCodec(characters)


def test_the_vocabulary_decides_the_output_of_the_head():
    config = {"Architecture": {"model_type": "rec", "Head": {"name": "CTCHead", "fc_decay": 0}}}
    assert resolve(config, Decoder("ab"))["Architecture"]["Head"]["out_channels"] == 3
    assert "out_channels" not in config["Architecture"]["Head"]
    no_text = {"Architecture": {"model_type": "det", "Head": {"name": "DBHead"}}}
    assert resolve(no_text, Decoder(None)) == no_text
    assert resolve(no_text, Decoder("a")) == no_text
    config["Architecture"]["Head"]["out_channels"] = 7
    assert resolve(config, Decoder("ab"))["Architecture"]["Head"]["out_channels"] == 3


def test_the_padding_of_a_loss_has_the_name_that_the_loss_gives_it():
    config = {"Architecture": {"model_type": "e2e"}, "Loss": {"name": "PGLoss", "tcl_bs": 8, "pad_num": 36}}
    assert resolve(config, Decoder("abc"))["Loss"]["pad_num"] == 3


class Classes:
    """A classifier's post-processing."""

    character = None

    def __init__(self, label_list):
        self.label_list = label_list


def test_values_that_are_not_used_are_said_where_they_are_written():
    config = Config(
        {"Architecture": {"Head": {"out_channels": 7, "class_dim": None, "in": [1, 2]}}, "Loss": {"a": 1}},
        sources={("Architecture", "Head", "out_channels"): Source("a.yml", 4)},
    )
    resolved = {"Architecture": {"Head": {"out_channels": 3, "class_dim": 2, "in": [1, 5], "new": 1}}, "Loss": {"a": 1}}
    assert list(map(str, replaced(config, resolved))) == [
        "a.yml:4: Architecture.Head.out_channels: 7 becomes 3, which follows from the dictionary or from label_list",
        "Architecture.Head.in.1: 2 becomes 5, which follows from the dictionary or from label_list",
    ]
    assert replaced(config, copy.deepcopy(config)) == []


def test_the_names_of_classes_decide_their_number():
    config = {"Architecture": {"model_type": "cls", "Head": {"name": "ClsHead"}}}
    assert resolve(config, Classes(["0", "90", "180"]))["Architecture"]["Head"] == {"name": "ClsHead", "class_dim": 3}
    config["Architecture"]["Head"]["class_dim"] = 2
    assert resolve(config, Classes(None)) == resolve(config, Classes(["0", "180"])) == config
    assert resolve(config, Classes(["0", "90", "180"]))["Architecture"]["Head"]["class_dim"] == 3
    networks = {"A": {"model_type": "cls", "Head": {"name": "ClsHead"}}, "B": {}}
    found = resolve({"Architecture": {"Models": networks}}, Classes(["0", "180"]))["Architecture"]["Models"]
    assert found["A"]["Head"]["class_dim"] == 2


def test_a_classifier_of_which_nothing_says_how_many_classes_it_has():
    with pytest.raises(ConfigError, match="ClsHead: give the number of classes as class_dim, or .* Global.label_list"):
        build_head({"name": "ClsHead"}, "cls", in_channels=4)


def test_the_vocabulary_decides_branches_networks_and_padding():
    head = {"name": "MultiHead", "head_list": []}
    config = {
        "Architecture": {"name": "DistillationModel", "model_type": "rec", "Models": {"A": {"Head": head}, "B": {}}},
        "Loss": {
            "name": "CombinedLoss",
            "loss_config_list": [{"DistillationSARLoss": {"key": "head_out"}}, {"DistillationDMLLoss": None}],
        },
    }
    resolved = resolve(config, Decoder("abcd"))
    sizes = {"CTCLabelDecode": 5, "SARLabelDecode": 7, "NRTRLabelDecode": 8}
    assert resolved["Architecture"]["Models"] == {"A": {"Head": {**head, "out_channels_list": sizes}}, "B": {}}
    assert resolved["Loss"]["loss_config_list"] == [
        {"DistillationSARLoss": {"key": "head_out", "ignore_index": 6}},
        {"DistillationDMLLoss": None},
    ]
    alone = resolve({"Loss": {"name": "SARLoss"}}, Decoder("abcd"))
    several = resolve({"Loss": {"name": "MultiLoss", "loss_config_list": [{"SARLoss": None}]}}, Decoder("abcd"))
    assert alone["Loss"]["ignore_index"] == several["Loss"]["loss_config_list"][0]["SARLoss"]["ignore_index"] == 6


def test_validate_of_an_empty_configuration_names_every_section():
    missing = {".".join(p.path) for p in validate({})}
    assert missing == {"Global", "Optimizer", "Architecture", "Loss", "PostProcess", "Metric", "Train"}


@pytest.mark.parametrize(
    "text, message",
    [
        ("a: 1\nb: !!float x\n", "a.yml:2: not YAML"),
        ("a: !!bool x\n", "a.yml:1: not YAML"),
        ("a: !!timestamp x\n", "a.yml:1: not YAML"),
        ("a: 0x" + "f" * 5000, "a.yml:1: not YAML: a number is too large"),
        ("a: &a {<<: *a}\n", "a.yml:1: not YAML: its aliases unfold"),
        ("_BASE_: 5\n", "a.yml:1: _BASE_ must be the name of a file or a list of names, not 5"),
        ("a: 1\n_BASE_: [5]\n", r"a.yml:2: _BASE_ must be the name of a file or a list of names, not \[5\]"),
        ("_BASE_: {a: 1}\n", "a.yml:1: _BASE_ must be the name of a file or a list of names"),
    ],
)
def test_a_value_that_is_not_what_its_tag_says_is_one_line(tmp_path, text, message):
    path = write(tmp_path, "a.yml", text)
    with pytest.raises(ConfigError, match=message) as raised:
        load(path)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "assignment, message",
    [
        ("a=!!bool x", "the value is not YAML"),
        ("a={b: 1, b: 2}", "-o a={b: 1, b: 2}: b: this key is written twice with another value"),
        ("list.²=1", "'²' is no position in a list"),
    ],
)
def test_a_value_of_the_command_line_that_cannot_be_is_one_line(assignment, message):
    with pytest.raises(ConfigError, match=message) as raised:
        override({"list": [1, 2, 3]}, [assignment])
    assert "\n" not in str(raised.value)


def test_overrides_of_python_may_hold_paths_and_nothing_that_has_no_text(tmp_path):
    assert override({}, {"a": tmp_path, "b": [1, None]}) == {"a": str(tmp_path), "b": [1, None]}
    with pytest.raises(ConfigError, match="a: object is nothing that a configuration holds"):
        override({}, {"a": object()})


def test_a_name_that_is_too_long_is_no_config_file():
    with pytest.raises(ConfigError, match="File name too long"):
        load("x" * 300)
