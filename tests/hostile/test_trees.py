"""Trees of git that no checkout can have: names that lead elsewhere, trees in themselves, contents without measure."""

from __future__ import annotations

import json
import resource
from pathlib import Path

import pytest
from attack import CALL, blobs, commit_of, guard, tree, written
from repository import committed, git

from guard.sources import entries, revision_tree
from guard.sources.git import ask, program
from guard.sources.revision import Repository, RevisionError

STRICT = "version: 1\npolicies:\n  - {id: mine, check: model-allowed, params: {allow: [nothing]}, enforce: block}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A repository with one call, in a folder that holds something else, too."""
    return committed(tmp_path / "around" / "scanned", {"app.py": CALL})


def based_on(folder: Path, rows: list[tuple[str, bytes, str]]) -> str:
    """A base with such a tree, which HEAD follows."""
    base = commit_of(folder, tree(folder, rows))
    top = git(folder, "rev-parse", "HEAD^{tree}")
    git(folder, "reset", "-q", "--soft", commit_of(folder, top, base))
    return base


@pytest.mark.parametrize("name", [b"..", b".", b".git", b".GIT", b"../..", b"x/../../..", b"/"])
def test_a_name_of_the_base_that_leads_elsewhere_is_not_followed(folder: Path, name: bytes) -> None:
    for above in (folder.parent, folder.parent.parent):
        (above / "guard.yaml").write_text("version: 1\nSECRET: [\n")
    inner = tree(folder, blobs(folder, {b"guard.yaml": STRICT, b"app.py": CALL}))
    base = based_on(folder, [*blobs(folder, {b"app.py": CALL}), ("040000", name, inner)])
    (folder / "app.py").write_text(CALL.replace("100", "200"))
    done = guard(folder, "check", "--base", base, "--policy-from", "base", "--format", "json")
    assert "SECRET" not in done.stdout + done.stderr
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)["difference"]["problems"]
    assert {one["kind"] for one in said} == {"bad-name"} and len(said) == 2


def test_a_tree_that_git_itself_refuses_ends_the_run(folder: Path) -> None:
    base = based_on(folder, [("040000", b"", tree(folder, blobs(folder, {b"app.py": CALL})))])
    done = guard(folder, "check", "--base", base)
    assert (done.returncode, done.stdout) == (2, "")
    assert "git could not list the files (fatal: empty filename in tree entry)" in done.stderr


def test_a_folder_that_moved_out_of_the_tree_is_not_looked_for(folder: Path) -> None:
    (folder / "svc").mkdir()
    git(folder, "mv", "app.py", "svc/app.py")
    (folder.parent / "guard.yaml").write_text("version: 1\nSECRET: [\n")
    inner = tree(folder, blobs(folder, {b"app.py": CALL}))
    base = based_on(folder, [("040000", b"..", inner)])
    git(folder, "commit", "-q", "-m", "moved")
    done = guard(folder, "check", "svc", "--base", base, "--format", "json")
    assert (done.returncode, "SECRET" in done.stdout + done.stderr) == (0, False)
    assert "the base has no folder svc" in done.stdout


def test_a_file_below_a_file_is_left_out(folder: Path) -> None:
    file, pack = written(folder, "blob", STRICT.encode()), tree(folder, blobs(folder, {b"x.yaml": STRICT}))
    app = written(folder, "blob", CALL.encode())
    base = based_on(
        folder, [("100644", b"app.py", app), ("100644", b"guard.yaml", file), ("040000", b"guard.yaml", pack)]
    )
    found = Repository(folder).tree(base)
    assert found is not None
    assert sorted(found.entries) == ["app.py", "guard.yaml"]
    assert [problem.path for problem in found.listing().problems] == ["guard.yaml/x.yaml"]
    assert guard(folder, "check", "--base", base, "--policy-from", "base").returncode == 0


def test_a_base_with_a_pack_whose_name_no_file_can_have(folder: Path) -> None:
    long = "x" * 300 + ".yaml"
    files = {b"app.py": CALL, b"guard.yaml": f"version: 1\nextends: [{long}]\n", long.encode(): STRICT}
    base = based_on(folder, blobs(folder, files))
    done = guard(folder, "check", "--base", base, "--policy-from", "base")
    assert done.returncode == 2
    assert "cannot be used: the file cannot be read" in done.stderr


def test_a_tree_that_holds_itself_over_and_over_is_refused(folder: Path) -> None:
    inner = tree(folder, blobs(folder, {b"app.py": CALL}))
    for _ in range(8):
        inner = tree(folder, [("040000", f"{number:02}".encode(), inner) for number in range(30)])
    base = based_on(folder, [("040000", b"a", inner)])
    done = guard(folder, "diff", base)
    assert done.returncode == 2
    assert "guard: git could not list the files (git wrote more than" in done.stderr.replace("Error", "guard")


def test_too_many_files_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entries, "MAX_FILES", 3)
    base = based_on(folder, blobs(folder, {f"{number}.py".encode(): CALL for number in range(4)}))
    with pytest.raises(RevisionError, match="more than 3 files"):
        Repository(folder).tree(base)


def test_contents_of_a_base_are_fetched_in_batches_and_forgotten(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revision_tree, "BATCH", 3_000)
    monkeypatch.setattr(revision_tree, "MOST_KEPT", 10_000)
    texts = {f"m{number:03}.py".encode(): f"# {number}\n" + "#" * 1_000 for number in range(60)}
    base = based_on(folder, blobs(folder, texts))
    found = Repository(folder).tree(base)
    assert found is not None
    asked: list[int] = []
    monkeypatch.setattr(revision_tree.git, "ask", lambda *a, **k: (asked.append(k["most"]), ask(*a, **k))[1])
    files = found.listing().files
    assert [found.read(file) for file in files] == [text.encode() for text in texts.values()]
    assert len(asked) == 20 and max(asked) < 5_000
    assert sum(len(data or b"") for data in found._contents.values()) <= 10_000
    assert found.read(files[0]) == texts[b"m000.py"].encode()
    assert len(asked) == 21


def test_large_contents_of_a_base_are_not_fetched(folder: Path) -> None:
    large = [(f"{number}.py".encode(), " " * 48_000_000 + f"# {number}") for number in range(12)]
    base = based_on(folder, [*blobs(folder, dict(large)), *blobs(folder, {b"app.py": CALL})])
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    done = guard(folder, "check", "--base", base, "--format", "json")
    assert done.returncode == 0
    assert {one["kind"] for one in json.loads(done.stdout)["difference"]["problems"]} == {"too-large"}
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss <= max(before, 600_000)


def test_git_that_writes_without_end_is_stopped(folder: Path) -> None:
    git_ = program(str(folder))
    assert git_ is not None
    written(folder, "blob", b"x" * 2_000_000)
    name = git(folder, "rev-parse", "HEAD:app.py")
    found = ask(git_, str(folder), "cat-file", "--batch", given=f"{name}\n".encode() * 50_000, most=1_000_000)
    assert (found.code, found.error) == (None, "git wrote more than 1 MB")
