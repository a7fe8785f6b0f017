"""What is generated for readers: the configuration reference, model cards, dictionaries."""

import io
import os
import re
import signal
import sys
from pathlib import Path
from typing import Optional

import paddle
import pytest
from paddle import nn

from ppocr import commands, registry
from ppocr.commands import make_dictionary
from ppocr.errors import DataError, UserError
from ppocr.modeling.layers.deformable_conv import ModulatedDeformConv
from tools.docs import config_reference, model_cards
from tools.docs.cost import count_macs, count_parameters, trace

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def pages():
    return config_reference.pages()


def test_the_reference_in_docs_is_what_the_registries_say(pages):
    """Run ``python tools/docs/config_reference.py`` after a change of a signature or docstring."""
    written = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "docs/reference").glob("*.md")}
    assert written == pages


def test_every_registered_name_and_every_key_has_its_line_and_its_meaning(pages):
    text = "\n".join(pages.values())
    for parts in config_reference.PAGES.values():
        for _, source, _ in parts:
            for _, name in source.entries():
                assert re.search(rf"^## {re.escape(name)}\b|^Also named .*`{re.escape(name)}`", text, re.MULTILINE), (
                    name
                )
    assert not re.search(r"\|  \|$", text, re.MULTILINE)


def test_a_class_is_described_by_its_signature_and_docstring():
    @registry.Registry("thing").register()
    class Thing:
        """Does something with ``x``; see :class:`a.b.Other`.

        Args:
            size: pixels, at most
                100.
            one, two: both.
        """

        def __init__(self, size: int, one: Optional[str] = None, two: bool = True, builder: int = 3):
            pass

    text = config_reference.described(Thing, supplied=("builder",))
    assert text.startswith("Does something with `x`; see `Other`.\n\n| key |")
    assert "| `size` | whole number | required | pixels, at most 100. |" in text
    assert "| `two` | true or false | `true` | both. |" in text and "builder" not in text


def macs(layer, *shape):
    layer.eval()
    return count_macs(trace(layer, paddle.zeros(shape)).program)


def test_macs_are_those_of_the_formulas():
    assert macs(nn.Conv2D(4, 6, 3, padding=1, groups=2), 2, 4, 5, 7) == 2 * 5 * 7 * 6 * 2 * 9
    assert macs(nn.Conv2D(4, 4, 3, padding=1, groups=4), 2, 4, 5, 7) == 2 * 5 * 7 * 4 * 9
    assert macs(nn.Conv1D(4, 6, 3), 2, 4, 7) == 2 * 5 * 6 * 4 * 3
    assert macs(nn.Conv2DTranspose(4, 6, 2, stride=2), 1, 4, 5, 7) == 5 * 7 * 4 * 6 * 4
    assert macs(nn.Conv2DTranspose(4, 4, 2, stride=2, groups=4), 1, 4, 5, 7) == 5 * 7 * 4 * 4
    assert macs(ModulatedDeformConv(4, 6, 1, deformable_groups=1), 1, 4, 5, 7) == 5 * 7 * 4 * 9 * (6 + 27)
    linear = nn.Linear(8, 3)
    assert macs(linear, 2, 5, 8) == 2 * 5 * 8 * 3 and count_parameters(linear) == 27
    assert macs(nn.LSTM(8, 3, direction="bidirect"), 2, 5, 8) == 2 * 5 * 2 * 4 * 3 * (8 + 3)
    assert macs(nn.GRU(8, 3, num_layers=2), 2, 5, 8) == 2 * 5 * 3 * 3 * (8 + 3 + 3 + 3)


class Attention(nn.Layer):
    def forward(self, x):
        scores = paddle.matmul(x, x, transpose_y=True)
        return scores @ x, {"more": [paddle.bmm(scores, x), x.matmul(x, transpose_x=True)]}


def test_products_without_a_layer_are_counted_and_the_layer_stays_as_it_is():
    attention, forward = Attention(), Attention.forward
    traced = trace(attention, paddle.zeros([2, 5, 8]))
    assert count_macs(traced.program) == 3 * 2 * 5 * 5 * 8 + 2 * 8 * 8 * 5
    first, others = traced.outputs
    assert first.shape == [2, 5, 8] and others["more"][1].shape == [2, 8, 8]
    assert Attention.forward is forward and attention.forward.__func__ is forward
    assert attention(paddle.ones([1, 1, 2]))[0].numpy().tolist() == [[[2.0, 2.0]]]


class Decoder(nn.Layer):
    """A cell that runs three steps, fewer where the image allows."""

    def __init__(self):
        super().__init__()
        self.cell = nn.LSTMCell(8, 8)

    def forward(self, x):
        states = None
        for _ in range(3):
            x, states = self.cell(x, states)
            if paddle.in_dynamic_mode() and float(x.abs().max()) < 1:
                break
        return x


def test_each_step_of_a_decoder_is_counted():
    assert macs(Decoder(), 2, 8) == 3 * 2 * 4 * 8 * (8 + 8)


def test_a_loop_of_unknown_length_is_refused():
    class Loop(nn.Layer):
        def forward(self, x):
            while x.sum() < 3:
                x = x @ x
            return x

    with pytest.raises(ValueError, match="while: the graph does not tell how often"):
        macs(Loop(), 2, 2)


def test_a_size_that_depends_on_values_is_refused():
    class Selected(nn.Layer):
        def forward(self, x):
            return paddle.masked_select(x, x > 0).unsqueeze(0) @ x

    with pytest.raises(ValueError, match="the graph leaves a size open"):
        macs(Selected(), 2, 2)


def test_configurations_of_one_architecture_share_a_card():
    groups = model_cards.by_architecture(model_cards.family_configs())
    assert sorted(name for group in groups for name in group) == sorted(model_cards.family_configs())
    french = next(group for group in groups if "rec/multi_language/rec_french_lite_train.yml" in group)
    assert "rec/multi_language/rec_german_lite_train.yml" in french


@pytest.mark.parametrize("name", ["cls/cls_mv3.yml", "rec/PP-OCRv6/PP-OCRv6_tiny_rec.yml"])
def test_a_card_in_docs_is_what_the_model_gives(name):
    """Run ``python tools/docs/model_cards.py`` after a change of an architecture."""
    groups = model_cards.by_architecture(model_cards.family_configs())
    (names,) = [group for group in groups if name in group]
    assert model_cards.card(names) in (ROOT / "docs/models.md").read_text(encoding="utf-8")


def test_without_configurations_there_are_no_cards(tmp_path, monkeypatch):
    monkeypatch.setattr(model_cards, "config_folder", lambda: tmp_path)
    with pytest.raises(UserError, match="there are no configurations here"):
        model_cards.main(["--out", str(tmp_path / "models.md")])
    assert not list(tmp_path.iterdir())


def test_every_configuration_is_on_a_card():
    text = (ROOT / "docs/models.md").read_text(encoding="utf-8")
    lines = re.findall(r"^(?:## |\* The same architecture: )(.+)$", text, re.MULTILINE)
    on_cards = [name for line in lines for name in line.split(", ")]
    assert sorted(on_cards) == sorted(model_cards.family_configs())


def test_dictionaries_that_come_with_the_project_are_those_of_the_command(tmp_path):
    for name, file in (("en", "ppocr/utils/en_dict.txt"), ("digits", "ppocr/utils/dict/digits.txt")):
        make_dictionary.main(["--set", name, "--out", str(tmp_path / "dict.txt")])
        assert (tmp_path / "dict.txt").read_bytes() == (ROOT / file).read_bytes()
    english = (ROOT / "ppocr/utils/en_dict.txt").read_text(encoding="utf-8").split("\n")
    assert len(english) - 1 == 95 and english[:3] == ["0", "1", "2"] and english[94] == " "


def test_gb2312_has_its_characters_once(tmp_path, capsys):
    make_dictionary.main(["--set", "gb2312", "--out", str(tmp_path / "dict.txt")])
    lines = (tmp_path / "dict.txt").read_text(encoding="utf-8").split("\n")[:-1]
    assert len(set(lines)) == len(lines) and sum("\u4e00" <= line <= "\u9fff" for line in lines) == 6763
    assert f"{len(lines)} characters" in capsys.readouterr().out


def test_a_dictionary_collects_the_characters_of_labels(tmp_path):
    (tmp_path / "rec.txt").write_text("a.png\tb a\r\nb.png\t[{\n", encoding="utf-8")
    (tmp_path / "det.txt").write_text('a.png\t[{"transcription": "né", "points": []}]\n', encoding="utf-8")
    labels = [str(tmp_path / "rec.txt"), str(tmp_path / "det.txt")]
    make_dictionary.main(["--set", "digits", "--labels", *labels, "--no_space", "--out", str(tmp_path / "dict.txt")])
    assert (tmp_path / "dict.txt").read_text(encoding="utf-8").split() == [*"0123456789", "[", "a", "b", "n", "{", "é"]


def test_a_dictionary_of_formulas_has_their_symbols_behind_the_marks(tmp_path):
    (tmp_path / "rec.txt").write_text("a.png\t\\frac { 1 } { x }\r\nb.png\tx ^ 1\n", encoding="utf-8")
    words = ["--symbols", "--labels", str(tmp_path / "rec.txt"), "--out", str(tmp_path / "dict.txt")]
    make_dictionary.main(words)
    entries = (tmp_path / "dict.txt").read_text(encoding="utf-8").split()
    assert entries == ["eos", "sos", "1", "\\frac", "^", "x", "{", "}"]


def test_a_command_that_is_terminated_says_so(monkeypatch, capfd):
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(make_dictionary, "main", lambda: os.kill(os.getpid(), signal.SIGTERM))
    try:
        assert commands.run_command("make_dictionary") == 143
    finally:
        signal.signal(signal.SIGTERM, before)
    assert capfd.readouterr().err == "terminated\n"


def test_a_terminal_without_a_character_shows_its_code(tmp_path, monkeypatch):
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setattr(sys, "argv", ["make_dictionary", "--set", "digits", "--out", str(tmp_path / "車.txt")])
    assert commands.run_command("make_dictionary") == 0
    terminal.flush()
    assert terminal.buffer.getvalue().endswith(b"\\u8eca.txt: 10 characters\n")


@pytest.mark.parametrize("arguments", [[], ["--labels", "nowhere.txt"], ["--set", "en", "--out", "no/such/folder/x"]])
def test_a_dictionary_that_cannot_be_made_is_an_error(arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError):
        make_dictionary.main([*arguments] if "--out" in arguments else [*arguments, "--out", "dict.txt"])


def test_a_dictionary_is_not_written_over_the_labels_that_it_is_made_of(tmp_path):
    (tmp_path / "rec.txt").write_text("a.png\tb\n")
    with pytest.raises(UserError, match="rec.txt: is to be read, and would be written over; name another --out"):
        make_dictionary.main(["--labels", str(tmp_path / "rec.txt"), "--out", str(tmp_path / "rec.txt")])
    assert (tmp_path / "rec.txt").read_text() == "a.png\tb\n"


def test_a_label_line_without_tab_is_named(tmp_path):
    (tmp_path / "rec.txt").write_text("a.png\tb\nb.png c\n", encoding="utf-8")
    with pytest.raises(DataError, match="rec.txt:2: no tab"):
        make_dictionary.entries_of([str(tmp_path / "rec.txt")])
