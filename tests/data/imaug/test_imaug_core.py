"""The list of operators: building, errors, running, fusion."""

import numpy as np
import pytest

from ppocr.data.imaug import create_operators, run_operators, transform
from ppocr.data.imaug.operator import Operator, note
from ppocr.errors import ConfigError, Dropped


class Add(Operator):
    random = True

    def __call__(self, data, rng):
        data["x"] += int(rng.integers(100))
        return data


class Drop(Operator):
    def __call__(self, data):
        raise Dropped("too_small", "1 x 1")


def test_unknown_operator_names_position_and_near_one():
    with pytest.raises(ConfigError, match=r"transforms\[1\].*KeepKey'.*did you mean 'KeepKeys'"):
        create_operators([{"ToCHWImage": None}, {"KeepKey": {"keep_keys": []}}])


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([{"ToCHWImage": None, "KeepKeys": {"keep_keys": []}}], r"transforms\[0\] must be one operator"),
        ([["ToCHWImage"]], r"transforms\[0\] must be one operator"),
        ([{"KeepKeys": ["image"]}], r"transforms\[0\] KeepKeys: its settings must be a mapping"),
        ([{"Pad": {"size_dib": 3}}], r"transforms\[0\] Pad: .*size_div"),
        (
            [{"KeepKeys": {"keep_keys": ["image", "index"]}}],
            r"'index' cannot be the name of a field, since",
        ),
        ([{"KeepKeys": {"keep_keys": ["facts", "image"]}}], r"'facts' cannot be the name of a field"),
        ({"ToCHWImage": None}, "must be a list"),
    ],
)
def test_malformed_lists(entries, message):
    with pytest.raises(ConfigError, match=message):
        create_operators(entries)


def test_global_values_fill_what_the_section_leaves_out():
    (op,) = create_operators([{"CTCLabelEncode": None}], {"max_text_length": 7, "epoch_num": 3})
    assert op.max_text_length == 7
    (op,) = create_operators([{"CTCLabelEncode": {"max_text_length": 4}}], {"max_text_length": 7})
    assert op.max_text_length == 4


def test_transform_gives_none_for_a_dropped_sample_and_run_operators_lets_it_through():
    assert transform({"x": 0}, [Drop()]) is None
    with pytest.raises(Dropped) as caught:
        run_operators({"x": 0}, [Drop()], np.random.default_rng(0))
    assert (caught.value.reason, caught.value.detail) == ("too_small", "1 x 1")


def test_transform_leaves_no_bookkeeping_and_no_change_in_what_it_is_given():
    data = {"x": 0, "epoch": 3, "notes": [], "rng": 1}
    assert transform(data, []) == {"x": 0}
    assert data == {"x": 0, "epoch": 3, "notes": [], "rng": 1}


def test_random_operators_draw_from_the_generator_given():
    first = transform({"x": 0}, [Add(), Add()], np.random.default_rng(5))
    rng = np.random.default_rng(5)
    assert first == {"x": int(rng.integers(100)) + int(rng.integers(100))}


def test_notes_go_where_there_is_a_list():
    data = {"notes": []}
    note(data, "unknown_characters", "é")
    note({}, "unknown_characters", "é")
    assert [lost[:2] for lost in data["notes"]] == [("unknown_characters", "é")]


def test_dropped_survives_a_process_boundary():
    import pickle

    copy = pickle.loads(pickle.dumps(Dropped("too_long", "30")))
    assert (copy.reason, copy.detail, str(copy)) == ("too_long", "30", "too_long: 30")


def test_neighbours_are_fused_only_where_they_fit():
    names = [
        {"IaaAugment": None},
        {"EastRandomCropData": None},
        {"NormalizeImage": {"order": "hwc"}},
        {"ToCHWImage": None},
    ]
    assert list(map(repr, create_operators(names))) == ["AugmentAndCrop", "NormalizeToCHW"]
    names = [{"NormalizeImage": None}, {"ToCHWImage": None}, {"EastRandomCropData": None}, {"IaaAugment": None}]
    assert list(map(repr, create_operators(names))) == [list(name)[0] for name in names]
