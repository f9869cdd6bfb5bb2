"""Files that nobody writes by hand: bombs, floods, binary data, links and pipes. All end in a `ConfigError`."""

import os
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from guard.cli import main
from guard.config.load import ConfigError, load
from guard.config.toml_places import places
from guard.config.toml_reader import read_toml
from guard.config.yaml_reader import read_yaml

BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 10)}]\n" for i in range(20)
)
DEEP_KEY = ".".join(["a"] * 300_000)

# Case -> (file name, content, part of the message)
CASES: dict[str, tuple[str, bytes, str]] = {
    "alias bomb": ("guard.yaml", BOMB.encode(), "more than 50000 values"),
    "alias within itself": ("guard.yaml", b"a: &a [*a]", "there is no anchor '&a' before this"),
    "5,000 lists": ("guard.yaml", b"[" * 5000 + b"]" * 5000, "nested more than 32 levels deep"),
    "5,000 mappings": ("guard.yaml", b"{a: " * 5000 + b"}" * 5000, "nested more than 32 levels deep"),
    "300,000 brackets": ("guard.yaml", b"[" * 300_000, "nested more than 32 levels deep"),
    "5,000 levels of indentation": (
        "guard.yaml",
        "".join(" " * i + "a:\n" for i in range(1300)).encode(),
        "nested more than 32 levels deep",
    ),
    "aliases that nest": (
        "guard.yaml",
        ("x0: &x0 [[[[1]]]]\n" + "".join(f"x{i}: &x{i} [[[[*x{i - 1}]]]]\n" for i in range(1, 12))).encode(),
        "nested more than 32 levels deep",
    ),
    "200,000 items": ("guard.yaml", b"[" + b"1," * 200_000 + b"]", "more than 50000 values"),
    "40,000 equal keys": ("guard.yaml", b"a: 1\n" * 40_000, "key 'a' is written twice"),
    "40,000 unknown keys": ("guard.yaml", "".join(f"k{i}: 1\n" for i in range(40_000)).encode(), "unknown key 'k0'"),
    "number of a million digits": ("guard.yaml", b"version: " + b"9" * 900_000, "is out of range"),
    "enormous exponent": ("guard.yaml", b"version: 1e999999999", "is out of range"),
    "binary": ("guard.yaml", bytes(range(256)), "byte 0x80 is not UTF-8"),
    "NUL": ("guard.yaml", b"a\0b", "character U+0000 is not allowed"),
    "50 MB": ("guard.yaml", b"a" * 50_000_000, "larger than 1 MB"),
    "TOML: 5,000 lists": ("pyproject.toml", b"[tool.guard]\na = " + b"[" * 5000, "nested more than 32 levels deep"),
    "TOML: deep key": ("pyproject.toml", f"[tool.guard]\n{DEEP_KEY} = 1".encode(), "nested more than 32 levels deep"),
    "TOML: deep header": ("pyproject.toml", f"[tool.guard.{DEEP_KEY}]".encode(), "nested more than 32 levels deep"),
    "TOML: deep inline tables": (
        "pyproject.toml",
        b"[tool.guard]\na = " + b"{a = " * 5000,
        "nested more than 32 levels deep",
    ),
    "TOML: number of 10,000 digits": ("pyproject.toml", b"[tool.guard]\nversion = " + b"9" * 10_000, "bad TOML"),
    "TOML: large number": ("pyproject.toml", b"[tool.guard]\nversion = " + b"9" * 20, "the number is out of range"),
    "TOML: 200,000 items": ("pyproject.toml", b"[tool.guard]\na = [" + b"1," * 200_000 + b"]", "more than 50000"),
    "TOML: unclosed strings": ("pyproject.toml", b'[tool.guard]\na = """' + b'\\"""' * 200_000, "bad TOML"),
    "TOML: 50 MB": ("pyproject.toml", b"[tool.guard]\n" + b"#" * 50_000_000, "larger than 1 MB"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_clear_error_and_nothing_hangs(tmp_path: Path, case: str) -> None:
    name, content, part = CASES[case]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load(tmp_path)
    assert part in str(caught.value)
    assert len(str(caught.value)) < 100_000


SNIPPETS = st.sampled_from([
    "version: 1", "\nbudgets:", "\n- ", "  ", "{", "}", "[", "]", ", ", ": ", "&a ", "*a", "!!int ", "'", '"', "\\",
    "|\n", "#", "name", "per_call", "usage", "rules", "5 USD", "80%", "null", "2027-01-31", "-", "? ", "<<", "---\n",
    "\t", "é",
])  # fmt: skip
TOML_SNIPPETS = st.sampled_from([
    "[tool.guard]\n", "[[tool.guard.budgets]]\n", "version = 1\n", "a", ".", " = ", "'", '"', '"""', "\'\'\'", "[", "]",
    "{", "}", ",", "\n", "#", "1979-05-27", "nan", "-inf", "1e5", "budgets", "tool", "guard", "é", "\\u0041", "\r\n",
    "\\",
])  # fmt: skip
ONE_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)


@ONE_FOLDER
@given(st.binary() | st.text().map(str.encode) | st.lists(SNIPPETS, max_size=40).map("".join).map(str.encode))
@example(b"? - a\n: - b\n?")
@example(b"\xef\xbb\xbfversion: 1")
def test_any_bytes_as_guard_yaml(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "guard.yaml").write_bytes(content)
    try:
        load(tmp_path)
    except ConfigError as error:
        assert error.errors and str(error)


@ONE_FOLDER
@given(st.lists(TOML_SNIPPETS, max_size=40).map("".join).map(lambda text: b"[tool.guard]\n" + text.encode()))
def test_any_text_as_pyproject(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "pyproject.toml").write_bytes(content)
    try:
        load(tmp_path)
    except ConfigError as error:
        assert error.errors and str(error)


@given(st.lists(TOML_SNIPPETS, max_size=30).map("".join))
def test_every_value_of_a_toml_text_has_a_place(text: str) -> None:
    try:
        found = read_toml(b"[tool.guard]\n" + text.encode(), "pyproject.toml")
    except ConfigError:
        return
    assert found is not None

    def known(value: object, where: tuple[str | int, ...]) -> None:
        assert where in found.values
        parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, item in parts:
            known(item, (*where, key))

    known(found.data, ())


def test_a_scan_for_places_never_fails_on_what_is_not_toml() -> None:
    assert places("= [1")[0] == {}


TEXT = st.text("ab :#-*&!%@'\"\n\té7._", max_size=6)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=10,
)


@given(PLAIN, st.booleans())
def test_what_was_written_is_read_with_and_without_libyaml(data: object, flow: bool) -> None:
    text = yaml.safe_dump(data, default_flow_style=flow, allow_unicode=True).encode()
    fast = read_yaml(text, "guard.yaml")
    assert fast.data == data
    with pytest.MonkeyPatch.context() as patch:
        patch.delattr(yaml, "CSafeLoader")
        assert read_yaml(text, "guard.yaml") == fast


# --- files that are not files ----------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="links and pipes of POSIX")
class TestLinks:
    def error(self, root: Path) -> str:
        with pytest.raises(ConfigError) as caught:
            load(root)
        return str(caught.value)

    def test_a_link_out_of_the_project_is_not_read(self, tmp_path: Path) -> None:
        (tmp_path / "secret").write_text("password: 12345")
        (tmp_path / "repo" / ".git").mkdir(parents=True)
        (tmp_path / "repo" / "guard.yaml").symlink_to(tmp_path / "secret")
        text = self.error(tmp_path / "repo")
        assert text.startswith("guard.yaml:1:1: this path leads out of the project, where guard reads nothing")
        assert "password" not in text

    def test_a_pack_that_is_a_link_out_of_the_project_is_not_read(self, tmp_path: Path) -> None:
        (tmp_path / "secret").write_text("password: 12345")
        (tmp_path / "repo").mkdir()
        (tmp_path / "repo" / "pack.yaml").symlink_to("../secret")
        (tmp_path / "repo" / "guard.yaml").write_text("version: 1\nextends: [pack.yaml]")
        text = self.error(tmp_path / "repo")
        assert "pack 'pack.yaml' cannot be used: this path leads out of the project" in text
        assert "password" not in text

    def test_a_link_within_the_project_is_read(self, tmp_path: Path) -> None:
        (tmp_path / "ci").mkdir()
        (tmp_path / "ci" / "guard.yaml").write_text("version: 1\nexclude: [a]")
        (tmp_path / "guard.yaml").symlink_to("ci/guard.yaml")
        assert load(tmp_path).exclude == ("a",)

    def test_a_link_to_nowhere(self, tmp_path: Path) -> None:
        (tmp_path / "guard.yaml").symlink_to("gone.yaml")
        assert self.error(tmp_path) == "guard.yaml:1:1: there is no such file"

    def test_a_link_to_itself(self, tmp_path: Path) -> None:
        (tmp_path / "guard.yaml").symlink_to("guard.yaml")
        assert self.error(tmp_path).startswith("guard.yaml:1:1: the file cannot be read (")

    def test_a_named_pipe_is_not_waited_for(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "guard.yaml")
        assert self.error(tmp_path) == "guard.yaml:1:1: this is not a regular file"

    def test_a_folder(self, tmp_path: Path) -> None:
        (tmp_path / "guard.yaml").mkdir()
        assert self.error(tmp_path) == "guard.yaml:1:1: this is a folder, not a file"


@pytest.mark.parametrize("name", [".env", ".git/config", "prompts/key.txt"])
@pytest.mark.parametrize("linked", [False, True])
def test_no_line_of_a_file_that_is_no_configuration_is_shown(tmp_path: Path, name: str, linked: bool) -> None:
    (tmp_path / ".git").mkdir()
    secret = tmp_path / name
    secret.parent.mkdir(exist_ok=True)
    secret.write_text("[core]\n\tpass: [hunter2\nword = hunter2\n")
    if linked:
        (tmp_path / "guard.yaml").symlink_to(name)
    else:
        (tmp_path / "guard.yaml").write_text(f"version: 1\nextends: [{name}]\n")
    with pytest.raises(ConfigError) as error:
        load(tmp_path)
    assert "hunter2" not in str(error.value)
    assert "into .git" in str(error.value) or "no configuration by its name" in str(error.value)


def test_a_secret_in_a_faulty_line_is_dotted_in_the_message(tmp_path: Path) -> None:
    (tmp_path / "guard.yaml").write_text("version: 1\napi_key: hunter2hunter2\n")
    done = CliRunner().invoke(main, ["check", str(tmp_path)])
    assert done.exit_code == 2
    assert "api_key: ......" in done.stderr
    assert "hunter2" not in done.stderr
