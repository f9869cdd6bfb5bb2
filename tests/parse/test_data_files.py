"""YAML, JSON, TOML, .env and ini files: values as the usual libraries give them, places as an editor shows them."""

from __future__ import annotations

import configparser
import datetime
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.model import Problem
from guard.parse.data import (
    DataFile,
    Node,
    find,
    parse_env,
    parse_ini,
    parse_json,
    parse_toml,
    parse_yaml,
    plain,
)

Parse = Callable[[str, bytes], DataFile | Problem]
PARSERS: list[Parse] = [parse_yaml, parse_json, parse_toml, parse_env, parse_ini]


def root(parse: Parse, text: str | bytes) -> Node:
    found = parse("f", text.encode() if isinstance(text, str) else text)
    assert isinstance(found, DataFile), found
    assert found.root is not None
    return found.root


def problem(parse: Parse, text: str | bytes) -> Problem:
    found = parse("f", text.encode() if isinstance(text, str) else text)
    assert isinstance(found, Problem)
    return found


def places(node: Node, text: str) -> dict[str, str]:
    """For every scalar and key: what stands in `text` at its place, by path."""
    lines = text.split("\n")
    found: dict[str, str] = {}

    def walk(inner: Node, path: str) -> None:
        for entry in inner.entries:
            own = f"{path}.{entry.key.value}"
            found["key " + own] = lines[entry.key.line - 1][entry.key.column - 1 :]
            walk(entry.value, own)
        for index, item in enumerate(inner.items):
            walk(item, f"{path}[{index}]")
        found[path] = lines[inner.line - 1][inner.column - 1 :]

    walk(node, "")
    return found


# --- YAML -------------------------------------------------------------------------------------------------------

LITELLM = """\
# models
model_list:
  - model_name: "chat"
    litellm_params: {model: openai/gpt-4o, max_tokens: 1_024}
  - model_name: ünï
    prompt: |
      You are
      helpful.
router:
    retries: 2   # twice
    on: off
"""


def test_yaml_values_and_places() -> None:
    node = root(parse_yaml, LITELLM)
    assert plain(node) == yaml.safe_load(LITELLM)
    at = places(node, LITELLM)
    assert at["key .model_list"].startswith("model_list:")
    assert at[".model_list[0].model_name"].startswith('"chat"')
    assert at[".model_list[0].litellm_params.max_tokens"].startswith("1_024}")
    assert at["key .model_list[0].litellm_params.max_tokens"].startswith("max_tokens:")
    assert at[".model_list[1].model_name"] == "ünï"
    assert at[".model_list[1].prompt"] == "|"
    assert at[".router.retries"].startswith("2   #")
    assert at[".model_list[0]"].startswith("model_name")


def test_find_follows_keys_and_indexes() -> None:
    node = root(parse_yaml, LITELLM)
    model = find(node, ("model_list", 0, "litellm_params", "model"))
    assert model is not None
    assert (model.value, model.line, model.column) == ("openai/gpt-4o", 4, 29)
    assert find(node, ("model_list", 7)) is None
    assert find(node, ("model_list", 0, "model_name", "deeper")) is None
    assert find(node, ()) is node
    assert find(None, ("x",)) is None


def test_words_of_yaml_1_1_are_found_as_written() -> None:
    node = root(parse_yaml, "on: off\n7: one\n'on': text\n")
    assert plain(node) == {True: False, 7: "one", "on": "text"}
    typed = node.get("on")
    assert typed is not None
    assert typed.value == "text"
    switch = find(root(parse_yaml, "on: off\n"), ("on",))
    assert switch is not None
    assert (switch.value, switch.text) == (False, "off")
    one = node.get(7)
    assert one is not None
    assert one.value == "one"


@pytest.mark.parametrize(
    "text",
    [
        "a: 012\nb: 0x1F\nc: 1:30\nd: 1e5\ne: 1.5e+3\nf: .inf\ng: ~\nh: 'no'\ni: null\nj:\nk: -0\nl: 0b11\n",
        "base: &b {x: 1, y: 2}\nd:\n  <<: *b\n  y: 3\n",
        "a: &a {x: 1}\nb: &b {x: 2, z: 3}\nc: {<<: [*a, *b], w: 4}\n",
        "- &x [1, 2]\n- *x\n- {k: *x}\n",
        "a: 1\na: 2\n",
        "a: >-\n  folded\n  text\nb: |+\n  kept\n\n",
        "? a\n: b\n",
        "- - - 1\n- {}\n- []\n- ''\n",
        "%YAML 1.1\n---\na: !!str 1\nb: !!int '7'\nc: ! 12\n",
        "'<<': x\na: '<<'\n",
        "key: {a, b}\n",
        '\ufeffa: "\\u00e9\\n\\x41"\n',
        "--- text\n",
    ],
)
def test_yaml_values_are_those_of_pyyaml(text: str) -> None:
    assert plain(root(parse_yaml, text)) == yaml.safe_load(text)


def test_all_documents_of_a_file() -> None:
    found = parse_yaml("f", b"a: 1\n---\n- b\n---\n...\n---\nc\n")
    assert isinstance(found, DataFile)
    assert [plain(document) for document in found.documents] == [{"a": 1}, ["b"], None, "c"]
    assert [document.line for document in found.documents] == [1, 3, 5, 7]


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n"])
def test_empty_yaml_has_no_root(text: str) -> None:
    found = parse_yaml("f", text.encode())
    assert isinstance(found, DataFile)
    assert found.root is None


def test_a_merged_key_keeps_the_place_where_it_is_written() -> None:
    node = find(root(parse_yaml, "base: &b\n  model: gpt-4o\nprod:\n  <<: *b\n  n: 1\n"), ("prod", "model"))
    assert node is not None
    assert (node.value, node.line, node.column) == ("gpt-4o", 2, 10)


def test_custom_tags_are_kept_and_nothing_is_executed(tmp_path: Any) -> None:
    text = (
        f'a: !!python/object/apply:os.system ["touch {tmp_path}/ran"]\n'
        "b: !ENV ${MODEL}\nc: !include [x.yaml]\nd: !Sub {k: 1}\ne: 2020-01-01\nf: !!binary aGk=\ng: !!int x\n"
    )
    node = root(parse_yaml, text)
    assert plain(node) == {
        "a": [f"touch {tmp_path}/ran"], "b": "${MODEL}", "c": ["x.yaml"], "d": {"k": 1}, "e": "2020-01-01",
        "f": "aGk=", "g": "x",
    }  # fmt: skip
    assert not (tmp_path / "ran").exists()
    tags = {str(entry.key.value): entry.value.tag for entry in node.entries}
    assert tags["a"] == "tag:yaml.org,2002:python/object/apply:os.system"
    assert (tags["b"], tags["c"], tags["d"], tags["e"]) == ("!ENV", "!include", "!Sub", None)


@pytest.mark.parametrize(
    "text, line, column",
    [("a: 1\nb: [1, 2\nc: 3\n", 3, 2), ("a: 1\n\tb: 2\n", 2, 1), ("a: *nobody\n", 1, 4), ("a: &a [*a]\n", 1, 8)],
)
def test_yaml_errors_have_a_place(text: str, line: int, column: int) -> None:
    found = problem(parse_yaml, text)
    assert (found.kind, found.line, found.column) == ("syntax", line, column)


def test_helm_templates_get_a_hint() -> None:
    found = problem(parse_yaml, "a:\n{{- if .Values.x }}\n  b: 1\n{{- end }}\n")
    assert "template" in found.hint
    assert plain(root(parse_yaml, "a: {{ x }}\n")) == {"a": {"<map at 1:5>": None}}


def test_control_characters_are_named_with_their_line() -> None:
    assert problem(parse_yaml, "a: 1\nb: \x01\n").line == 2


def test_an_alias_bomb_is_refused_quickly() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    assert problem(parse_yaml, "\n".join(lines)).kind == "alias-bomb"


def test_aliases_that_nest_ever_deeper_are_refused() -> None:
    lines = ["- &a0 [x]"] + [f"- &a{n} [*a{n - 1}]" for n in range(1, 500)]
    assert problem(parse_yaml, "\n".join(lines)).kind == "too-deep"


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(st.characters(exclude_categories=["Cs"])),
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=15,
)


@given(TREES, st.booleans())
@settings(max_examples=60)
def test_what_pyyaml_writes_comes_back(tree: Any, flow: bool) -> None:
    text = yaml.safe_dump(tree, default_flow_style=flow, allow_unicode=False)
    expected = yaml.safe_load(text)
    assert plain(root(parse_yaml, text)) == expected


# --- JSON -------------------------------------------------------------------------------------------------------


def test_json_values_and_places() -> None:
    text = '{\n\t"ünï": "日", "model": {"name": "gpt-4o",\r\n  "n": [1, -2.5e3, true]},\n "": null}'
    node = root(parse_json, text)
    assert plain(node) == json.loads(text)
    at = places(node, text)
    assert at["key .model"].startswith('"model": {')
    assert at[".model.name"].startswith('"gpt-4o",')
    assert at[".model.n"].startswith("[1")
    assert at[".model.n[1]"].startswith("-2.5e3")
    assert at[".model.n[2]"].startswith("true")


@pytest.mark.parametrize(
    "text",
    [
        '"\\ud83d\\ude00"', '"\\ud800"', '{"a": 1, "a": 2}', "1e999", "123456789012345678901234567890", "-0", "-0.0",
        '" \\"\\\\\\/\\b "', "[]", "{}", " [ [ ] , { } ] ", "Infinity", '{"a": [{"b": {}}, []]}',
        '"\u2028"', "\ufeff[1]",
    ],
)  # fmt: skip
def test_json_values_are_those_of_json_loads(text: str) -> None:
    assert repr(plain(root(parse_json, text))) == repr(json.loads(text.removeprefix("\ufeff")))


@given(TREES, st.sampled_from([None, 0, 2, "\t"]), st.booleans())
@settings(max_examples=60)
def test_json_comes_back_with_the_place_of_every_scalar(tree: Any, indent: Any, ascii_only: bool) -> None:
    text = json.dumps(tree, indent=indent, ensure_ascii=ascii_only)
    node = root(parse_json, text)
    assert plain(node) == tree
    lines = text.split("\n")

    def walk(inner: Node) -> None:
        if inner.kind == "scalar":
            rest = "\n".join(lines[inner.line - 1 :])[inner.column - 1 :]
            assert json.JSONDecoder().raw_decode(rest)[0] == inner.value
        for child in [*inner.items, *[part for entry in inner.entries for part in (entry.key, entry.value)]]:
            walk(child)

    walk(node)


@pytest.mark.parametrize("text", ['{"a": 1,}', "[1 2]", "{'a': 1}", "", "[1] x", '{"a" 1}', "nul"])
def test_json_errors_have_pythons_place(text: str) -> None:
    found = problem(parse_json, text)
    with pytest.raises(json.JSONDecodeError) as error:
        json.loads(text)
    assert (found.kind, found.line, found.column) == ("syntax", error.value.lineno, error.value.colno)


def test_json_with_comments_gets_a_hint() -> None:
    assert "comments" in problem(parse_json, '{\n // why\n "a": 1}').hint


# --- TOML -------------------------------------------------------------------------------------------------------

TOML = """\
# settings
title = "ünï" # c
a.b."c.d" = 'lit'
[llm]
model = "gpt-4o"
limits = [
  1, # one
  2_000,
]
long = \"\"\"
x = 1
[not.a.table]\"\"\"\"
day = 1979-05-27 07:32:00
inline = { x = 1, y.z = [true, {w = "}"}] }
[[deploy]]
name = "a"
[[deploy]]
name = "b"
[deploy.gpu]
count = 8
[[deploy.more]]
k = 1
[tool."x y".'z']
deep = inf
"""


def test_toml_values_and_places() -> None:
    node = root(parse_toml, TOML)
    expected = tomllib.loads(TOML)
    expected["llm"]["day"] = "1979-05-27T07:32:00"
    assert plain(node) == expected
    at = places(node, TOML)
    assert at[".title"] == '"ünï" # c'
    assert at["key .a.b.c.d"].startswith('"c.d" =')
    assert at[".llm.limits[1]"] == "2_000,"
    assert at[".llm.inline.y.z[1].w"].startswith('"}"')
    assert at[".deploy[1].name"] == '"b"'
    assert at["key .deploy[1].gpu.count"] == "count = 8"
    assert at[".deploy[1].more[0].k"] == "1"
    assert at["key .tool.x y"].startswith('"x y"')
    assert at[".tool.x y.z.deep"] == "inf"
    assert at["key .llm.day"].startswith("day")


TOML_KEYS = st.text(min_size=1, max_size=4, alphabet="ab-_1") | st.text(max_size=4, alphabet="a .=]\"'#\\é\n")


def toml_key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key)


def toml_value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{toml_key(key)} = {toml_value(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, list):
        return "[ # ]\n" + "".join(f"  {toml_value(inner)} ,\n" for inner in value) + "]"
    if isinstance(value, datetime.date):
        return value.isoformat()
    return json.dumps(value)


TOML_VALUES = st.recursive(
    st.booleans() | st.integers(0, 99) | st.text(max_size=8, alphabet="a='\"#]}\\\n é") | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TOML_KEYS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(TOML_KEYS, st.dictionaries(TOML_KEYS, TOML_VALUES, max_size=3), max_size=3))
@settings(max_examples=80)
def test_toml_places_hold_for_any_document(tables: dict[str, dict[str, Any]]) -> None:
    text = "".join(
        f"[ {toml_key(name)} ] # c\n"
        + "".join(f"{toml_key(key)}={toml_value(value)} # c\n" for key, value in table.items())
        for name, table in tables.items()
    )
    node = root(parse_toml, text)
    lines = text.split("\n")

    def walk(inner: Node, value: Any) -> None:
        rest = "\n".join(lines[inner.line - 1 :])[inner.column - 1 :]
        if inner.kind == "scalar":
            assert rest.startswith(toml_value(value))
        elif inner.kind == "list":
            assert rest.startswith("[")
        for entry in inner.entries:
            assert lines[entry.key.line - 1][entry.key.column - 1 :].startswith(toml_key(str(entry.key.value)))
            walk(entry.value, value[entry.key.value])
        for item, part in zip(inner.items, value if isinstance(value, list) else (), strict=False):
            walk(item, part)

    for entry in node.entries:
        walk(entry.value, tables[str(entry.key.value)])


def test_toml_errors_have_a_place() -> None:
    found = problem(parse_toml, "a = 1\nb = = 2\n")
    assert (found.kind, found.line, found.column) == ("syntax", 2, 5)
    assert problem(parse_toml, 'a = """x').kind == "syntax"


# --- .env -------------------------------------------------------------------------------------------------------


def test_env_values_and_places() -> None:
    text = (
        "# comment\nMODEL=gpt-4o\n  export MAX = 300 # limit\nQ=\"a # b\\n\\\"c\\\"\"\nS='it''s'\nL='lit\\n # x'  # c\n"
        'M="one\ntwo"\nEMPTY=\nBARE\nURL=${BASE:-https://x}/v1#frag\nnot an assignment\nMODEL=last\nÜ=1\n'
    )
    node = root(parse_env, text)
    assert plain(node) == {
        "MODEL": "last", "MAX": "300", "Q": 'a # b\n"c"', "S": "'it''s'", "L": "lit\\n # x", "M": "one\ntwo",
        "EMPTY": "", "BARE": None, "URL": "${BASE:-https://x}/v1#frag", "Ü": "1",
    }  # fmt: skip
    at = places(node, text)
    assert at[".MAX"].startswith("300")
    assert at["key .MAX"].startswith("MAX")
    assert at[".Q"].startswith('"a # b')
    assert at[".URL"].startswith("${BASE")
    assert at[".MODEL"] == "last"


@pytest.mark.parametrize("text", ["A='open\nB=2\n", 'A="open\nB=2\n'])
def test_a_quote_left_open_does_not_swallow_the_file(text: str) -> None:
    found = root(parse_env, text).get("B")
    assert found is not None
    assert found.value == "2"


# --- ini --------------------------------------------------------------------------------------------------------


def test_ini_values_and_places() -> None:
    text = "[DEFAULT]\nretries = 2\n\n[llm]\nModel: gpt-4o\n; c\nprompt = one\n  two\n\n  three\n"
    text += "# c\nflag\n[llm]\nx=%(y)s\n"
    node = root(parse_ini, text)
    assert plain(node) == {
        "DEFAULT": {"retries": "2"},
        "llm": {"retries": "2", "model": "gpt-4o", "prompt": "one\ntwo\n\nthree", "flag": None, "x": "%(y)s"},
    }
    at = places(node, text)
    assert at[".llm.model"] == "gpt-4o"
    assert at[".llm.x"] == "%(y)s"
    assert at[".llm.retries"] == "2"
    model = node.get("llm")
    assert model is not None
    assert model.get("Model") is not None


def test_ini_without_a_section() -> None:
    assert problem(parse_ini, "# c\na = 1\n").line == 2


INI_LINES = st.sampled_from(
    [
        "[a]",
        "[b]",
        "[DEFAULT]",
        "k = v",
        "K: w",
        "  more",
        "",
        "# c",
        "; c",
        "k=",
        " [a]",
        "x = 1 ; y",
        "j = a = b",
        "  k2 = 3",
    ]
)


@given(st.lists(INI_LINES, max_size=12))
def test_ini_values_are_those_of_configparser(lines: list[str]) -> None:
    text = "\n".join(lines)
    parser = configparser.ConfigParser(interpolation=None, strict=False, allow_no_value=True)
    try:
        parser.read_string(text)
    except AttributeError:
        # Python up to 3.12 trips over a continued key without a value.
        return
    except configparser.Error:
        assert isinstance(parse_ini("f", text.encode()), Problem)
        return
    node = root(parse_ini, text)
    ours = {name: values for name, values in plain(node).items() if name != "DEFAULT"}
    assert ours == {name: dict(parser.items(name)) for name in parser.sections()}


# --- hostile files ----------------------------------------------------------------------------------------------

DEEP = {
    "yaml flow": (parse_yaml, "[" * 5000 + "]" * 5000),
    "yaml maps": (parse_yaml, "{a: " * 5000 + "1" + "}" * 5000),
    "yaml dashes": (parse_yaml, "- " * 5000 + "x"),
    "yaml questions": (parse_yaml, "? " * 5000 + "x"),
    "yaml indented": (parse_yaml, "".join(" " * n + "a:\n" for n in range(1500))),
    "json lists": (parse_json, "[" * 5000 + "]" * 5000),
    "json 300": (parse_json, "[" * 300 + "]" * 300),
    "json maps": (parse_json, '{"a":' * 100_000 + "1" + "}" * 100_000),
    "toml arrays": (parse_toml, "a = " + "[" * 5000 + "]" * 5000),
    "toml tables": (parse_toml, "a = " + "{a=" * 5000 + "1" + "}" * 5000),
    "toml dots": (parse_toml, "a" + ".a" * 500 + " = 1"),
    "toml many dots": (parse_toml, "a" + ".a" * 1_000_000 + " = 1"),
}


@pytest.mark.parametrize("name", DEEP)
def test_deep_nesting_is_a_problem(name: str) -> None:
    parse, text = DEEP[name]
    assert problem(parse, text).kind == "too-deep"


def test_deep_nesting_does_not_take_the_process_down() -> None:
    program = (
        "from guard.parse.data import parse_yaml, parse_json, parse_toml\n"
        "pairs = [(b'[', b']'), (b'[', b''), (b'- ', b''), (b'{a: ', b'}'), (b'{\"a\":', b'}'), (b'? ', b'')]\n"
        "for n in (5_000, 500_000):\n"
        "    for parse in (parse_yaml, parse_json):\n"
        "        for a, b in pairs:\n"
        "            parse('f', a * n + b * n)\n"
        "parse_toml('f', b'a = ' + b'[' * 5000)\n"
        "print('alive')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout == "alive\n", done.stderr


SLOW = {
    "env blanks before text": (parse_env, "a" + " " * 200_000 + "x"),
    "env blanks in a value": (parse_env, "a=x" + " " * 200_000 + "y"),
    "env open quotes": (parse_env, "A='x y\nB=\"\n" * 20_000),
    "ini blanks in a key": (parse_ini, "[a]\nk" + " " * 200_000 + "x"),
    "yaml base 60": (parse_yaml, "a: 1" + ":1" * 500_000),
    "yaml long number": (parse_yaml, "a: " + "1" * 1_000_000),
    "yaml keys in keys": (parse_yaml, "? " * 150 + "x"),
    "json commas": (parse_json, "[" + "," * 300_000),
}


@pytest.mark.parametrize("name", SLOW)
def test_input_made_to_take_quadratic_time_ends(name: str) -> None:
    """Each of these took minutes or more with a careless regular expression or conversion."""
    parse, text = SLOW[name]
    found = parse("f", text.encode())
    assert isinstance(found, DataFile | Problem)
    if isinstance(found, DataFile) and found.root is not None:
        plain(found.root)


@pytest.mark.parametrize("parse", PARSERS)
def test_text_that_is_not_utf8(parse: Parse) -> None:
    found = problem(parse, b"[a]\nb = \xff\n")
    assert (found.kind, found.line, found.column) == ("not-utf8", 2, 5)


@pytest.mark.parametrize("parse", PARSERS)
@given(data=st.binary(max_size=200) | st.text("[]{}:=,\"'\\-?&*!|>#%@ \n\tab10<.", max_size=60).map(str.encode))
def test_any_bytes_give_a_value_or_a_problem(parse: Parse, data: bytes) -> None:
    found = parse("f", data)
    assert isinstance(found, DataFile | Problem)
    if isinstance(found, DataFile):
        for document in found.documents:
            plain(document)


@given(st.text("[]{}:=,\"'\\-?&*!|>#% \n\tab10<.~", max_size=40))
@settings(max_examples=300)
def test_any_yaml_has_pyyamls_values(text: str) -> None:
    try:
        expected = list(yaml.load_all(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    except (yaml.YAMLError, ValueError, TypeError):
        return
    found = parse_yaml("f", text.encode())
    assert isinstance(found, DataFile)
    for document, value in zip(found.documents, expected, strict=True):
        if "!" not in text and "?" not in text and "[" not in text and "{" not in text:
            assert repr(plain(document)) == repr(value)


@given(st.text("[]{}=,\"'.#\nab1 ", max_size=30))
@settings(max_examples=300)
def test_any_toml_has_tomllibs_values(text: str) -> None:
    try:
        expected = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        assert problem(parse_toml, text).kind == "syntax"
        return
    assert plain(root(parse_toml, text)) == expected
