import numpy as np
import pytest
from paddle import nn

from ppocr.text.vocabulary import axes_by_size, carry_over, change_between, declared_axes


def test_characters_are_found_again_by_what_they_are():
    change = change_between(["blank", *"abcd"], ["blank", *"dxab"])
    assert (change.old, change.new) == (4, 4)
    assert change.source.tolist() == [3, 0, 1] and change.target.tolist() == [0, 2, 3]
    assert str(change) == "3 characters carried over, 1 new, 1 dropped"


def test_of_two_spaces_the_last_one_is_used_and_so_carried_over():
    change = change_between(["blank", "a", " "], ["blank", " ", "a", " "])
    assert dict(zip(change.target.tolist(), change.source.tolist())) == {1: 0, 2: 1}
    change = change_between([" ", "a", " "], ["a", " "])
    assert dict(zip(change.target.tolist(), change.source.tolist())) == {0: 1, 1: 2}


def test_repeated_entries_keep_what_their_last_place_has_learned():
    change = change_between(["blank", *"éaéb"], ["blank", *"abé"])
    assert dict(zip(change.target.tolist(), change.source.tolist())) == {0: 1, 1: 3, 2: 2}
    change = change_between(["blank", *"abé"], ["blank", *"éaéb"])
    assert dict(zip(change.target.tolist(), change.source.tolist())) == {1: 0, 2: 2, 3: 1}
    change = change_between(["blank", *"éaéb"], ["blank", *"ébé"])
    assert dict(zip(change.target.tolist(), change.source.tolist())) == {0: 0, 1: 3, 2: 2}


def test_dictionaries_with_nothing_in_common():
    change = change_between(["blank", "a"], ["blank", "b", "c"])
    assert len(change.source) == 0 and str(change) == "0 characters carried over, 2 new, 1 dropped"
    result, values = carry_over(np.array([5.0, 6.0]), np.zeros(3), 0, 1, change)
    assert result.tolist() == [5, 0, 0] and values == 1


def test_rows_move_with_their_characters_and_special_ones_keep_their_place():
    change = change_between([*"ab"], [*"bxa"])
    old = np.arange(10.0, 15)  # one special symbol, a, b, two special symbols
    fresh = np.zeros(6)
    result, values = carry_over(old, fresh, 0, 1, change)
    assert result.tolist() == [10, 12, 0, 11, 13, 14] and values == 5
    assert fresh.tolist() == [0] * 6
    result, values = carry_over(np.stack([old, -old]), np.zeros((2, 6)), 1, 1, change)
    assert result.tolist() == [[10, 12, 0, 11, 13, 14], [-10, -12, 0, -11, -13, -14]] and values == 10


def test_characters_that_are_named_like_special_symbols_move_as_characters():
    old, new = ["blank", "eos", "sos", *"ab", "eos"], ["blank", "eos", "sos", *"xab", "eos"]
    rows = np.arange(6.0)
    result, _ = carry_over(rows, np.full(7, -1.0), 0, 1, change_between(old, new))
    assert result.tolist() == [0, 1, 2, -1, 3, 4, 5]


@pytest.mark.parametrize(
    "old, fresh, axis, first",
    [
        ((4, 3), (5, 3), 0, 4),  # less room than the dictionary needs
        ((4, 3), (6, 3), 0, 1),  # one special symbol more
        ((4, 3), (5, 4), 0, 1),  # another width
        ((3, 3), (5, 3), 0, 1),  # an old layer of another dictionary
        ((4,), (5, 3), 0, 1),
        ((4,), (5,), 1, 1),
    ],
)
def test_shapes_that_are_not_those_of_the_dictionaries_are_refused(old, fresh, axis, first):
    change = change_between([*"abc"], [*"abcd"])
    assert carry_over(np.ones((4, 3)), np.zeros((5, 3)), 0, 1, change) is not None
    assert carry_over(np.ones(old), np.zeros(fresh), axis, first, change) is None


class Model(nn.Layer):
    def __init__(self, **head):
        super().__init__()
        self.neck = nn.Linear(4, 7)
        self.head = nn.Sequential(*head.items())


class Declaring(nn.Layer):
    def __init__(self, classes):
        super().__init__()
        self.hidden = nn.Linear(3, 7)
        self.out = nn.Linear(7, classes)
        self.vocabulary_parameters = {"out.weight": (1, 2), "out.bias": (0, 2)}


SIX, SEVEN, OTHER_SEVEN = ["blank", *"abcde"], ["blank", *"abcdef"], ["blank", *"fedcba"]


def test_layers_declare_their_axes():
    model = nn.Sequential(("Student", Model(ctc=Declaring(5))), ("Teacher", Model(ctc=nn.Linear(3, 7))))
    assert declared_axes(model) == {"Student.head.ctc.out.weight": (1, 2), "Student.head.ctc.out.bias": (0, 2)}
    # the width of the declaring layer's hidden part is no output, and that of the neck is none of a head
    assert axes_by_size(model, SIX, SEVEN) == {"Teacher.head.ctc.weight": (1, 1), "Teacher.head.ctc.bias": (0, 1)}
    model.Student.head.ctc.vocabulary_parameters["gone"] = (0, 0)
    with pytest.raises(AssertionError, match="Student.head.ctc: vocabulary_parameters names a weight that is not"):
        declared_axes(model)


def test_output_layers_and_embeddings_are_found_by_their_size():
    model = Model(embedding=nn.Embedding(7, 3), hidden=nn.Linear(3, 5), out=nn.Linear(5, 7), flat=nn.Conv1D(3, 2, 1))
    outputs = {"head.out.weight": (1, 1), "head.out.bias": (0, 1)}
    assert axes_by_size(model, SIX, SEVEN) == {"head.embedding.weight": (0, 1), **outputs}
    assert axes_by_size(model, SEVEN, SIX) == {}
    assert axes_by_size(model, SEVEN, ["sos", "blank", *"abcde"]) == {}  # other special symbols


def test_a_hidden_layer_that_is_as_wide_as_the_vocabulary_is_no_output():
    wide = Model(hidden=nn.Linear(3, 7), out=nn.Linear(7, 7))
    assert axes_by_size(wide, SEVEN, OTHER_SEVEN) == {} and axes_by_size(wide, SIX, SEVEN) == {}
    normed = Model(hidden=nn.Linear(3, 7), norm=nn.LayerNorm(7))
    assert axes_by_size(normed, SEVEN, OTHER_SEVEN) == {}


def test_an_embedding_may_be_of_places_where_the_vocabulary_keeps_its_size():
    model = Model(places=nn.Embedding(7, 3), out=nn.Linear(3, 7))
    assert axes_by_size(model, SEVEN, OTHER_SEVEN) == {}
