import pickle

import numpy as np
import paddle
import pytest
from paddle import nn

from ppocr.checkpoint.transfer import (
    best_prefixes,
    load_pretrained,
    load_start_weights,
    load_weights,
    old_vocabulary,
)
from ppocr.errors import CheckpointError
from ppocr.modeling.architectures import build_model
from ppocr.options import GlobalOptions
from ppocr.utils.save_load import save_model

OLD = ["blank", *"abcde", " "]
NEW = ["blank", *"xabycdz12e", " "]  # five more, some of them in the middle


def recogniser(vocabulary, seed, **head):
    paddle.seed(seed)
    return build_model(
        {
            "model_type": "rec",
            "Backbone": {"name": "VGG", "channels": [2, 3, 4, 4, 5]},
            "Neck": {"name": "SequenceEncoder", "encoder_type": "reshape"},
            "Head": {"name": "CTCHead", "out_channels": len(vocabulary), **head},
        }
    )


def values_of(model):
    return {name: tensor.numpy().copy() for name, tensor in model.state_dict().items()}


def save(path, model, prefix="", off=""):
    weights = {prefix + name[len(off) :]: v for name, v in values_of(model).items() if name.startswith(off)}
    save_model(path, {".pdparams": weights})
    return path


def places(symbols, vocabulary):
    return [vocabulary.index(symbol) for symbol in symbols]


@pytest.fixture
def trained(tmp_path):
    """A small recogniser after a few steps, and its file."""
    model = recogniser(OLD, seed=0)
    optimizer = paddle.optimizer.Adam(0.01, parameters=model.parameters())
    for i in range(2):
        images = np.random.default_rng(i).normal(size=(2, 3, 32, 16)).astype("float32")
        (model(paddle.to_tensor(images)) ** 2).mean().backward()
        optimizer.step()
        optimizer.clear_grad()
    model.eval()
    return model, save(tmp_path / "old", model)


# ------------------------------------------------------------------------------------------------ dictionary
def logits(model, images):
    model.eval()
    model.head.train()  # logits instead of probabilities
    return model(images).numpy()


@pytest.mark.parametrize("head", [{}, {"mid_channels": 6}])
def test_old_characters_keep_their_scores_when_the_dictionary_grows(trained, tmp_path, head):
    old, path = trained
    if head:
        old = recogniser(OLD, seed=0, **head)
        path = save(tmp_path / "two_layers", old)
    new = recogniser(NEW, seed=1, **head)
    fresh = values_of(new)
    report = load_pretrained(new, path, NEW, OLD)
    images = paddle.to_tensor(np.random.default_rng(7).normal(size=(2, 3, 32, 24)).astype("float32"))
    before, after = logits(old, images), logits(new, images)
    np.testing.assert_array_equal(after[..., places(OLD, NEW)], before)
    new.eval(), old.eval()
    chances = new(images).numpy()[..., places(OLD, NEW)]
    np.testing.assert_allclose(chances / chances.sum(-1, keepdims=True), old(images).numpy(), rtol=1e-5)
    added = places("xyz12", NEW)
    layer = "head.fc2" if head else "head.fc"
    now = values_of(new)
    np.testing.assert_array_equal(now[f"{layer}.weight"][:, added], fresh[f"{layer}.weight"][:, added])
    np.testing.assert_array_equal(now[f"{layer}.bias"][added], fresh[f"{layer}.bias"][added])
    width = fresh[f"{layer}.weight"].shape[0]
    total = sum(value.size for value in fresh.values())
    assert report.share == pytest.approx((total - 5 * (width + 1)) / total)
    assert not report.mismatched and not report.missing and not report.warnings
    assert "6 characters carried over, 5 new, 0 dropped" in str(report)


@pytest.mark.parametrize("symbols", ["edcba ", "abfgh ", "ab"])
def test_a_dictionary_of_the_same_length_or_less(trained, symbols):
    old, path = trained
    vocabulary = ["blank", *symbols]
    new = recogniser(vocabulary, seed=1)
    fresh = values_of(new)["head.fc.weight"]
    load_pretrained(new, path, vocabulary, OLD)
    result, source = values_of(new)["head.fc.weight"], values_of(old)["head.fc.weight"]
    for i, symbol in enumerate(vocabulary):
        expected = source[:, OLD.index(symbol)] if symbol in OLD else fresh[:, i]
        np.testing.assert_array_equal(result[:, i], expected)


def test_nothing_moves_where_the_vocabulary_is_the_same_or_unknown(trained):
    old, path = trained
    for vocabularies in [(OLD, list(OLD)), (OLD, None), (None, None)]:
        new = recogniser(OLD, seed=1)
        report = load_pretrained(new, path, *vocabularies)
        assert report.change is None and report.share == 1 and "characters" not in str(report)
        np.testing.assert_array_equal(values_of(new)["head.fc.weight"], values_of(old)["head.fc.weight"])


class Attention(nn.Layer):
    """Embedding and generator, with as many special symbols as the caller says, and a cell fed with one-hot classes."""

    def __init__(self, before, characters, after, width=3):
        super().__init__()
        classes = before + characters + after
        self.embedding = nn.Embedding(classes, width)
        self.cell = nn.GRUCell(width + classes, width)
        self.generator = nn.Linear(width, classes - 1)
        self.vocabulary_parameters = {
            "embedding.weight": (0, before),
            "cell.weight_ih": (1, width + before),
            "generator.weight": (1, before),
            "generator.bias": (0, before),
        }


class TwoBranches(nn.Layer):
    """A CTC branch that is found by its size and attention branches with special symbols of their own."""

    def __init__(self, vocabulary):
        super().__init__()
        characters = len(vocabulary) - 1
        self.backbone = nn.Linear(2, 3)
        branches = {"ctc": nn.Linear(3, 1 + characters), "front": Attention(4, characters, 1)}
        self.head = nn.Sequential(*branches.items(), ("back", Attention(0, characters, 3)))


def expected_moves(old, fresh, axis, first):
    """The rule of the test, symbol by symbol: what ``fresh`` must become."""
    result = fresh.copy()
    tail = fresh.shape[axis] - first - (len(NEW) - 1)
    pairs = [(i, i) for i in range(first)]
    pairs += [(first + OLD.index(c) - 1, first + NEW.index(c) - 1) for c in OLD[1:]]
    pairs += [(old.shape[axis] - i, fresh.shape[axis] - i) for i in range(1, tail + 1)]
    for source, target in pairs:
        place = (slice(None),) * axis
        result[(*place, target)] = old[(*place, source)]
    return result


def test_every_branch_moves_with_its_own_special_symbols(tmp_path):
    old, new = TwoBranches(OLD), TwoBranches(NEW)
    before, fresh = values_of(old), values_of(new)
    report = load_pretrained(new, save(tmp_path / "old", old), NEW, OLD)
    axes = {"head.ctc.weight": (1, 1), "head.ctc.bias": (0, 1)}
    for branch, first in (("front", 4), ("back", 0)):
        axes[f"head.{branch}.embedding.weight"] = (0, first)
        axes[f"head.{branch}.cell.weight_ih"] = (1, 3 + first)
        axes[f"head.{branch}.generator.weight"] = (1, first)
        axes[f"head.{branch}.generator.bias"] = (0, first)
    assert not report.mismatched and len(report.loaded) == len(before)
    for name, value in values_of(new).items():
        expected = expected_moves(before[name], fresh[name], *axes[name]) if name in axes else before[name]
        np.testing.assert_array_equal(value, expected, err_msg=name)


def test_a_hidden_layer_as_wide_as_the_vocabulary_is_copied_as_it_is(tmp_path):
    other = ["blank", *"edcba", " "]
    old, new = TwoBranches(OLD), TwoBranches(other)
    for model in (old, new):
        model.head = nn.Sequential(("hidden", nn.Linear(3, len(OLD))), ("out", nn.Linear(len(OLD), len(OLD))))
    report = load_pretrained(new, save(tmp_path / "old", old), other, OLD)
    for name, value in values_of(new).items():
        np.testing.assert_array_equal(value, values_of(old)[name])
    assert report.warnings == [
        f"{tmp_path / 'old'}: the characters have changed, but no layer was found that depends on them"
    ]


def test_a_dictionary_that_is_not_that_of_the_file_moves_nothing(trained):
    _, path = trained
    new = recogniser(NEW, seed=1)
    new.head.vocabulary_parameters = {"fc.weight": (1, 1), "fc.bias": (0, 1)}
    fresh = values_of(new)["head.fc.weight"]
    report = load_pretrained(new, path, NEW, ["blank", *"abc"])
    np.testing.assert_array_equal(values_of(new)["head.fc.weight"], fresh)
    assert report.mismatched == ["head.fc.weight [5, 7] for [5, 12]", "head.fc.bias [7] for [12]"]
    assert len(report.warnings) == 1 and "not match the 3 characters that the file should have" in report.warnings[0]
    report = load_pretrained(new, path, NEW, None)
    assert len(report.warnings) == 1 and "name it in Global.pretrained_dict_path" in report.warnings[0]


def test_half_precision_models_take_part(tmp_path):
    old, new = TwoBranches(OLD), TwoBranches(NEW)
    new.to(dtype="bfloat16")  # Layer.bfloat16 does nothing on a processor without the type
    load_pretrained(new, save(tmp_path / "old", old), NEW, OLD)
    assert new.head.ctc.bias.dtype == paddle.bfloat16
    result = new.head.ctc.bias.astype("float32").numpy()[places(OLD, NEW)]
    np.testing.assert_allclose(result, old.head.ctc.bias.numpy(), rtol=2**-8)


# ------------------------------------------------------------------------------------------------ old vocabulary
def test_the_old_vocabulary_comes_from_a_dictionary_or_from_the_file_of_the_run(tmp_path):
    (tmp_path / "old.txt").write_text("a\nb\n", encoding="utf-8")
    weights, dictionary = tmp_path / "m.pdparams", str(tmp_path / "old.txt")
    assert old_vocabulary(weights, None, ["blank", "x"]) is None
    assert old_vocabulary(weights, dictionary, None) is None
    assert old_vocabulary(weights, dictionary, ["sos", "x", "eos"]) == ["sos", "a", "b", "eos"]
    assert old_vocabulary(weights, dictionary, ["blank", "x", " "], True) == ["blank", "a", "b", " "]
    (tmp_path / "m.train_state").write_bytes(pickle.dumps({"run": {"vocabulary": ["blank", "z"]}}))
    assert old_vocabulary(weights, None, ["blank", "x"]) == ["blank", "z"]
    assert old_vocabulary(tmp_path / "m", dictionary, ["blank", "x"]) == ["blank", "a", "b"]


@pytest.mark.parametrize("content", [{}, {"run": {}}, {"run": {"vocabulary": None}}, {"run": {"vocabulary": [1]}}, []])
def test_a_run_that_does_not_say_its_vocabulary(tmp_path, content):
    (tmp_path / "m.train_state").write_bytes(pickle.dumps(content))
    assert old_vocabulary(tmp_path / "m", None, ["blank", "x"]) is None


# ------------------------------------------------------------------------------------------------ names
@pytest.mark.parametrize(
    "prefix, off, prefixes, words",
    [
        ("", "", ("", ""), ""),
        ("Student.", "", ("Student.", ""), "'Student.' removed from the names in the file"),
        ("module.", "", ("module.", ""), "'module.' removed from the names in the file"),
        ("", "backbone.", ("", "backbone."), "'backbone.' prepended to the names in the file"),
        ("model.", "backbone.", ("model.", "backbone."), "'model.' of the names in the file replaced by 'backbone.'"),
    ],
)
def test_the_prefix_that_makes_names_fit_is_found(trained, tmp_path, prefix, off, prefixes, words):
    old, _ = trained
    path = save(tmp_path / "renamed", old, prefix, off)
    new = recogniser(OLD, seed=1)
    assert best_prefixes(load_weights(path), new.state_dict()) == prefixes
    report = load_pretrained(new, path)
    assert report.renaming == words and words in str(report) and not report.unexpected
    before, now = values_of(old), values_of(new)
    expected = [name for name in before if name.startswith(off)]
    assert report.loaded == expected and report.missing == [name for name in before if name not in expected]
    for name in expected:
        np.testing.assert_array_equal(now[name], before[name])


def test_the_student_is_taken_from_a_distillation_checkpoint(trained, tmp_path):
    old, _ = trained
    both = {f"Teacher.{name}": value + 1 for name, value in values_of(old).items()}
    both.update({f"Student.{name}": value for name, value in values_of(old).items()})
    save_model(tmp_path / "both", {".pdparams": both})
    new = recogniser(OLD, seed=1)
    report = load_pretrained(new, tmp_path / "both")
    np.testing.assert_array_equal(values_of(new)["head.fc.bias"], values_of(old)["head.fc.bias"])
    assert report.share == 1 and report.unexpected == [name for name in both if name.startswith("Teacher.")]


def test_a_plain_recogniser_fills_the_student_of_a_distillation_model(trained):
    old, path = trained
    networks = nn.Sequential(("Student", recogniser(NEW, 1)), ("Teacher", recogniser(NEW, 2)))
    report = load_pretrained(networks, path, NEW, OLD)
    assert report.renaming == "'Student.' prepended to the names in the file" and len(report.warnings) == 1
    result = networks.Student.head.fc.bias.numpy()[places(OLD, NEW)]
    np.testing.assert_array_equal(result, old.head.fc.bias.numpy())


def test_a_small_share_is_said(trained, tmp_path):
    old, path = trained
    assert load_pretrained(recogniser(OLD, 1), path).warnings == []
    head = save(tmp_path / "head", old, off="head.", prefix="head.")
    report = load_pretrained(recogniser(OLD, 1), head)
    assert len(report.warnings) == 1
    share = 6 * 7 / sum(value.size for value in values_of(old).values())
    assert f"only {share:.1%} of the model's values come from this file" in report.warnings[0]


def test_a_file_of_which_nothing_fits_under_any_prefix_is_refused(tmp_path):
    save_model(tmp_path / "other", {".pdparams": {"Student.x": np.zeros(1, "float32")}})
    with pytest.raises(CheckpointError, match="other: no weight fits the model by name and shape .* for another model"):
        load_pretrained(recogniser(OLD, 1), tmp_path / "other")


# ------------------------------------------------------------------------------------------------ classes
def classifier(classes, seed):
    paddle.seed(seed)
    backbone = {"name": "VGG", "channels": [2, 3, 4, 4, 5]}
    head = {"name": "ClsHead", "class_dim": len(classes)}
    return build_model({"model_type": "cls", "Backbone": backbone, "Head": head})


@pytest.mark.parametrize("new", [["180", "0"], ["90", "180", "270", "0"]])
def test_classes_are_carried_over_by_their_names(tmp_path, new):
    """``blank`` would be a special symbol of a recogniser; here it is a class like any other."""
    old = ["blank", "0", "180"]
    source, target = classifier(old, seed=0), classifier(new, seed=1)
    save_model(tmp_path / "m", {".pdparams": values_of(source), ".train_state": {"run": {"classes": old}}})
    before = target.head.fc.bias.numpy().copy()
    options = GlobalOptions(pretrained_model=str(tmp_path / "m"))
    report = load_start_weights(target, options, {"classes": new})
    assert str(report.change) == f"2 classes carried over, {len(new) - 2} new, 1 dropped" and not report.warnings
    for name in ("0", "180"):
        np.testing.assert_array_equal(
            target.head.fc.weight.numpy()[:, new.index(name)], source.head.fc.weight.numpy()[:, old.index(name)]
        )
    fresh = [place for place, name in enumerate(new) if name not in old]
    np.testing.assert_array_equal(target.head.fc.bias.numpy()[fresh], before[fresh])


def test_classes_that_a_file_does_not_name_begin_anew_and_that_is_said(tmp_path):
    save(tmp_path / "m", classifier("ab", seed=0))
    options = GlobalOptions(pretrained_model=str(tmp_path / "m"))
    report = load_start_weights(classifier("abc", seed=1), options, {"classes": list("abc")})
    (warning,) = report.warnings
    assert "trained with other classes, which the file does not name; these start untrained" in warning
