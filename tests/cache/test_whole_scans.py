"""A second run says the same as the first without an analysis, and a run after any change says what a cold one says."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from guard.cli import main
from guard.model import Problem
from guard.sources.files import SourceFile
from guard.sources.tree import Folder

PROJECTS = Path(__file__).parents[1] / "projects"
CASES = sorted(folder.name for folder in PROJECTS.iterdir() if folder.is_dir())
FORMATS = ("text", "concise", "json", "jsonl", "markdown", "sarif")


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def models(root: Path, *options: str) -> list[str]:
    """Models of the requests of a folder, by the report of a run with the cache, which must be that of one without."""
    warm = run("cost", root, "--format", "json", *options)
    assert warm.exit_code == 0, warm.output
    assert warm.output == run("cost", root, "--format", "json", "--no-cache", *options).output
    report = json.loads(warm.output)
    return [choice["value"] for one in report["requests"] for choice in one["model"]["choices"]]


@pytest.mark.parametrize("name", CASES)
def test_the_second_run_says_the_same_in_every_format(
    name: str, cache: Path, tmp_path: Path, analysed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / name
    shutil.copytree(PROJECTS / name, root)
    monkeypatch.chdir(root)
    for command in ("check", "cost"):
        for form in FORMATS:
            options = [command, "--format", form, "--show-prompts"]
            cold = run(*options, "--no-cache")
            run(*options)
            analysed.clear()
            warm = run(*options)
            assert analysed == []
            assert (warm.output, warm.exit_code) == (cold.output, cold.exit_code)


def test_where_nothing_changed_nothing_is_analysed(cache: Path, shop: Path, analysed: list[str]) -> None:
    first = run("cost", shop)
    assert first.exit_code == 0, first.output
    assert analysed == ["shop"]
    assert run("cost", shop).output == first.output
    run("check", shop)
    run("explain", "app/ask.py:11", shop)
    assert analysed == ["shop"]


@pytest.mark.parametrize("with_git", [True, False])
def test_a_cache_in_the_scanned_folder_is_no_part_of_it(
    shop: Path, cache: Path, analysed: list[str], monkeypatch: pytest.MonkeyPatch, with_git: bool
) -> None:
    """Where a job of CI may keep files below its checkout alone."""
    if with_git:
        subprocess.run(["git", "init", "-q"], cwd=shop, check=True)
    monkeypatch.setenv("GUARD_CACHE_DIR", str(shop / ".guard-cache"))
    first = run("cost", shop, "--format", "json")
    assert json.loads(first.output)["looked"]["files"] == 5
    assert run("cost", shop, "--format", "json").output == first.output
    assert analysed == ["shop"]


def test_no_cache_keeps_nothing_and_uses_nothing(cache: Path, shop: Path, analysed: list[str]) -> None:
    run("cost", shop, "--no-cache")
    assert not cache.exists()
    run("cost", shop)
    run("cost", shop, "--no-cache")
    assert analysed == ["shop"] * 3


@pytest.mark.usefixtures("cache", "settled")
class TestChanges:
    """What changes a result is seen, whatever it is."""

    def test_of_code(self, shop: Path) -> None:
        assert models(shop) == ["gpt-4o", "gpt-4o-mini"]
        other = shop / "app/other.py"
        other.write_text(other.read_text().replace("gpt-4o-mini", "gpt-4.1"))
        assert models(shop) == ["gpt-4o", "gpt-4.1"]

    def test_of_a_file_that_code_reads(self, shop: Path) -> None:
        models(shop)
        (shop / "prompts/rules.txt").write_text("Answer at length. " * 200)
        models(shop)

    def test_of_settings(self, shop: Path) -> None:
        models(shop)
        (shop / ".env").write_text("SHOP_MODEL=gpt-4.1\n")
        assert models(shop) == ["gpt-4.1", "gpt-4o-mini"]
        (shop / ".env").unlink()
        models(shop)

    def test_of_a_configuration_file_of_a_known_format(self, shop: Path) -> None:
        """It is read because it is listed, not because code leads to it."""
        file = shop / "litellm.yaml"
        text = "model_list:\n  - model_name: fast\n    litellm_params: {model: openai/gpt-4o}\n"
        for now in (text, text.replace("4o", "4.1"), text + "#" * 1_100_000, text):
            file.write_text(now)
            models(shop)
        assert '"openai/gpt-4o"' in run("cost", shop, "--format", "json").output

    def test_of_the_names_of_files(self, shop: Path) -> None:
        models(shop)
        shutil.copy(shop / "app/other.py", shop / "app/third.py")
        assert models(shop) == ["gpt-4o", "gpt-4o-mini", "gpt-4o-mini"]
        (shop / "app/third.py").unlink()
        assert models(shop) == ["gpt-4o", "gpt-4o-mini"]

    def test_of_the_root_s_name(self, shop: Path) -> None:
        models(shop)
        models(shop.rename(shop.parent / "store"))

    def test_of_the_configuration(self, shop: Path) -> None:
        models(shop)
        for text in (
            "version: 1\nexclude: [app/other.py]\n",
            "version: 1\nusage: {default: {hole_tokens: 9000}}\n",
            "version: 1\nextends: []\n",
        ):
            (shop / "guard.yaml").write_text(text)
            models(shop)

    def test_that_a_status_does_not_show(self, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Same size, same time: written twice within one step of the file system's clock."""
        monkeypatch.setattr("guard.cache.contents.RACY_SECONDS", 3.0)
        other = shop / "app/other.py"
        models(shop)
        status = other.stat()
        other.write_text(other.read_text().replace("gpt-4o-mini", "gpt-4o-nano"))
        os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
        assert models(shop) == ["gpt-4o", "gpt-4o-nano"]


def test_rules_that_only_judge_need_no_new_analysis(cache: Path, shop: Path, analysed: list[str]) -> None:
    assert run("check", shop).exit_code == 0
    (shop / "guard.yaml").write_text(
        "version: 1\nextends: []\npolicies: [{id: small, deny: request.max_output > 200, enforce: block}]\n"
    )
    judged = run("check", shop)
    assert judged.exit_code == 1
    assert analysed == ["shop"]
    assert run("check", shop, "--no-cache").output == judged.output


def test_a_file_that_changes_while_it_is_read_is_kept_as_it_was_read(
    cache: Path, shop: Path, settled: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Folder.read
    changed: list[str] = []

    def read(self: Folder, file: SourceFile, limit: int | None = None) -> bytes | Problem:
        found = real(self, file, limit)
        if file.path == "app/other.py" and not changed:
            changed.append(file.path)
            (shop / file.path).write_text((shop / file.path).read_text().replace("4o-mini", "4o"))
        return found

    monkeypatch.setattr(Folder, "read", read)
    first = json.loads(run("cost", shop, "--format", "json").output)
    assert changed
    assert len(first["requests"]) == 2
    assert models(shop) == ["gpt-4o", "gpt-4o"]


def test_a_scan_that_could_not_read_a_file_is_not_kept(
    cache: Path, shop: Path, monkeypatch: pytest.MonkeyPatch, analysed: list[str]
) -> None:
    real = Folder.read

    def read(self: Folder, file: SourceFile, limit: int | None = None) -> bytes | Problem:
        if file.path == "app/other.py":
            return Problem(file.path, None, None, "unreadable", "could not be read (Input/output error)")
        return real(self, file, limit)

    with monkeypatch.context() as patched:
        patched.setattr(Folder, "read", read)
        run("cost", shop)
        run("cost", shop)
    assert len(analysed) == 2
    assert models(shop) == ["gpt-4o", "gpt-4o-mini"]


def test_where_all_counts_are_known_no_tokenizer_is_loaded(
    cache: Path, shop: Path, monkeypatch: pytest.MonkeyPatch, analysed: list[str]
) -> None:
    forget_counts()
    first = json.loads(run("cost", shop, "--format", "json").output)
    shutil.copy(shop / "app/other.py", shop / "app/third.py")
    forget_counts()

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} was loaded")

    monkeypatch.setattr("guard.estimate.encodings.encoding", refuse)
    second = json.loads(run("cost", shop, "--format", "json").output)
    assert len(analysed) == 2
    assert len(second["requests"]) == len(first["requests"]) + 1


def test_no_file_is_left_out_for_a_size_that_the_key_does_not_hold() -> None:
    from guard.facts.documents.read import LIMITS
    from guard.kept import LARGE_BYTES

    assert min(LIMITS.values()) > LARGE_BYTES


def test_all_that_a_scan_finds_can_be_kept() -> None:
    """A field of a type that cannot be kept would make every run a cold one, and nobody would be told."""
    from guard.cache.plain import Plain
    from guard.scanned import Scanned

    Plain(Scanned)


def test_values_of_keys_like_secrets_are_not_in_the_cache(cache: Path, shop: Path) -> None:
    secret = "sk-proj-" + "Ab3" * 12
    (shop / "app/key.py").write_text(
        f"from openai import OpenAI\nOpenAI(api_key={secret!r}).responses.create(model='gpt-4o', input='hi')\n"
    )
    (shop / ".env").write_text(f"SHOP_MODEL=gpt-4o\nOPENAI_API_KEY={secret}\n")
    assert run("cost", shop).exit_code == 0
    assert secret.encode() not in b"".join(everything(cache))


def everything(cache: Path) -> list[bytes]:
    """All values of the cache, unpacked."""
    from guard.cache.store import NAME, _opened

    connection = sqlite3.connect(cache / NAME)
    values = [_opened(value) or b"" for (value,) in connection.execute("SELECT value FROM kept")]
    connection.close()
    assert values
    return values


class TestDamage:
    """Values that are well kept and say something else than guard would are passed over."""

    @pytest.mark.parametrize(
        "value",
        [
            b"",
            b"\n",
            b"{}",
            b"{}\n{}",
            b'[{}, [], "x"]\n[]',
            b'[{}, [-1], ""]\n',
            b'[{"a": 1}, [], ""]\nnull',
            b"[" * 100_000,
            b'[{}, [], "6"]\n{"Scanned": []}',
            b'[{}, [99999], ""]\n{}',
        ],
    )
    def test_of_a_scan(self, cache: Path, shop: Path, value: bytes, analysed: list[str]) -> None:
        cold = run("cost", shop).output
        rewrite(cache, "scan", lambda _: value)
        assert run("cost", shop).output == cold
        assert len(analysed) == 2

    def test_of_any_field(self, cache: Path, shop: Path) -> None:
        cold = run("cost", shop).output
        values = [data for kind, _, data in rows(cache) if kind == "scan"]
        head, _, body = values[0].partition(b"\n")
        columns = json.loads(body)
        for name, column in columns.items():
            for at in range(len(column) if isinstance(column, list) else 0):
                for wrong in (-1, 10**9, {"a": 1}, [[["x"]]]):
                    harmed = json.loads(body)
                    harmed[name][at] = [wrong] * max(len(column[at]), 1)
                    rewrite(cache, "scan", lambda _, harmed=harmed: head + b"\n" + json.dumps(harmed).encode())
                    done = run("cost", shop)
                    assert done.exit_code == 0, (name, at, wrong, done.output)
        run("cache", "clean")
        assert run("cost", shop).output == cold

    @pytest.mark.parametrize("value", [b"", b"12345678", b"\xff" * 8, b"\0" * 8, b"x" * 9])
    def test_of_a_count(self, cache: Path, shop: Path, value: bytes) -> None:
        forget_counts()
        cold = run("cost", shop).output
        rewrite(cache, "tokens", lambda _: value)
        rewrite(cache, "scan", lambda _: b"")
        forget_counts()
        assert run("cost", shop).output == cold

    @pytest.mark.parametrize("value", [b"", b"[]", b"nonsense", b'{"app/ask.py": [1, 2]}', b"[" * 100_000])
    def test_of_the_notes_on_a_folder(self, cache: Path, shop: Path, value: bytes, settled: None) -> None:
        cold = run("cost", shop).output
        rewrite(cache, "status", lambda _: value)
        assert run("cost", shop).output == cold


def forget_counts() -> None:
    """As a new process begins."""
    from guard.estimate import encodings, tokens

    encodings._counted.clear()
    tokens.count.cache_clear()


def rows(cache: Path) -> list[tuple[str, bytes, bytes]]:
    from guard.cache.store import NAME, _opened

    connection = sqlite3.connect(cache / NAME)
    found = connection.execute("SELECT kind, key, value FROM kept").fetchall()
    connection.close()
    return [(kind, key, _opened(value) or b"") for kind, key, value in found]


def rewrite(cache: Path, kind: str, change: Any) -> None:
    """Puts other values in the place of those of a kind, with the right checksums."""
    from guard.cache.store import Store

    store = Store(cache)
    found = [(key, data) for other, key, data in rows(cache) if other == kind]
    assert found
    for key, data in found:
        store.put(kind, key, change(data))
    store.close()


def test_the_economics_of_a_feature_and_added_lines_are_no_change(shop: Path, cache: Path, analysed: list[str]) -> None:
    rules = "version: 1\nfeatures:\n  ask: {{paths: [app/**]{more}}}\nusage:\n  rules: [{{runs_per_month: 10}}]\n"
    for more in ("", ", unit: query, revenue_per_unit: 1 USD, customers: 5", ",\n    unit: query"):
        (shop / "guard.yaml").write_text(rules.format(more=more))
        run("cost", shop)
    assert analysed == ["shop"]
    (shop / "guard.yaml").write_text(rules.format(more=", owner: ana"))
    run("cost", shop)
    assert analysed == ["shop", "shop"]
