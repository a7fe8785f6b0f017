"""Texts that no YAML reader survives by itself, and those that only look like them."""

import pytest

from ppocr.config import load, override
from ppocr.errors import ConfigError
from ppocr.yaml_text import FastLoader, Loader, NotYaml, parse, parse_with_places

BOMB = "a0: &a0 [1]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 10))
HOSTILE = {
    "unfolds": (BOMB, "aliases unfold to more than 1,000,000 values"),
    "itself": ("a: &a {b: *a}", "aliases unfold to more than 1,000,000 values"),
    "deep": ("a: " + "[" * 3000 + "]" * 3000, "."),
    "rather deep": ("a: " + "[" * 300 + "]" * 300, "lists and mappings are nested too deep"),
    "control": ("a: 1\0", "."),
    "month": ("a: 2020-13-45", "month must be in 1..12"),
    "tag": ("a: !!python/object/apply:os.getcwd []", "could not determine a constructor"),
}


@pytest.mark.parametrize("kind", [Loader, FastLoader])
@pytest.mark.parametrize("text, words", HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_configuration_ends_in_one_line(tmp_path, text, words, kind):
    with pytest.raises(NotYaml, match=words) as caught:
        parse(text, kind)
    assert "\n" not in str(caught.value)
    file = tmp_path / "a.yml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=f"^{file}:?[0-9]*: not YAML: .*{words}"):
        load(file)
    with pytest.raises(ConfigError, match="the value is not YAML: "):
        override({}, [f"Global.a={text}"])


def test_a_value_that_cannot_be_is_found_by_its_line():
    with pytest.raises(NotYaml) as caught:
        parse_with_places("a: 1\nb: {c: 2020-13-45}\n", "x.yml")
    assert caught.value.line == 2


def test_aliases_serve_to_say_things_once(tmp_path):
    text = "a: &a {k: [1, 2]}\nb: *a\nc:\n  <<: *a\n  l: 3\n"
    expected = {"a": {"k": [1, 2]}, "b": {"k": [1, 2]}, "c": {"k": [1, 2], "l": 3}}
    assert parse(text) == parse(text.encode(), FastLoader) == expected
    document = parse_with_places(text, "x.yml")
    assert document.content == expected and str(document.sources["b", "k", 1]) == "x.yml:1"


def test_an_empty_text_is_nothing():
    assert parse("") is None and parse_with_places("# nothing\n", "x.yml").content is None


def test_a_file_without_end_is_not_read_to_its_end(tmp_path):
    (tmp_path / "a.yml").write_text("_BASE_: /dev/zero\n")
    with pytest.raises(ConfigError, match="^/dev/zero: more than 10,000,000 characters, which no config file has$"):
        load(tmp_path / "a.yml")
