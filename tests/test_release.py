"""What `tools/release.py` refuses, without network; the release itself is made and checked by running it."""

from __future__ import annotations

import tomllib
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def release() -> ModuleType:
    spec = spec_from_file_location("release", ROOT / "tools" / "release.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_dependency_of_users_has_both_bounds(release: ModuleType) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert project["project"]["dependencies"] and release.unbounded(project) == []


def test_a_dependency_without_an_upper_bound_is_named(release: ModuleType) -> None:
    assert release.unbounded({"project": {"dependencies": ["a>=1,<2", "b>=1", "c<3"]}}) == ["b>=1", "c<3"]


@pytest.mark.parametrize("licence", ["GPL-3.0-only", "UNKNOWN", "GNU Affero General Public License v3", "LGPLv3"])
def test_a_licence_that_asks_something_of_users_is_named(release: ModuleType, licence: str) -> None:
    rows = [{"Name": "a", "Version": "1", "License": licence}, {"Name": "b", "Version": "2", "License": "MIT License"}]
    assert release.other_licences(rows) == [f"a 1: {licence}"]


def test_one_of_two_licences_is_enough_where_users_may_choose(release: ModuleType) -> None:
    rows = [{"Name": "a", "Version": "1", "License": "GPL-2.0-only OR Apache-2.0"}]
    assert release.other_licences(rows) == []


def test_both_of_two_licences_hold_where_they_must(release: ModuleType) -> None:
    rows = [{"Name": "a", "Version": "1", "License": "MIT AND GPL-2.0-only"}]
    assert release.other_licences(rows) == ["a 1: MIT AND GPL-2.0-only"]


def test_a_package_that_was_not_audited_is_named_like_one_with_a_hole(release: ModuleType) -> None:
    answer = {
        "dependencies": [
            {"name": "a", "version": "1", "vulns": []},
            {"name": "b", "version": "2", "vulns": [{"id": "PYSEC-1"}]},
            {"name": "c", "skip_reason": "not found"},
        ]
    }
    assert release.holes(answer) == ["b 2: PYSEC-1", "c: not audited: not found"]


def test_two_builds_that_differ_are_no_release(
    release: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def built(python: Path, folder: Path) -> dict[str, Path]:
        folder.mkdir(parents=True)
        (folder / "a.whl").write_text(folder.name)
        return {"wheel": folder / "a.whl"}

    monkeypatch.setattr(release, "built", built)
    with pytest.raises(release.Refused, match="not reproducible"):
        release.reproducible(Path("python"), tmp_path / "one", tmp_path / "two")
