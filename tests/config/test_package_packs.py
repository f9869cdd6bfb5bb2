"""Packs of installed packages: found by their entry point, read without importing anything."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from guard.config.issues import ConfigError
from guard.config.load import load

NAMES = {"acme": "team", "gone": "gone", "lost": "lost"}
PACK = "version: 1\npolicies: [{id: team, check: output-limit, enforce: block}]\n"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as pip leaves it, with one distribution whose package must not be imported."""
    folder = tmp_path / "site"
    package = folder / "acme_policies"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('imported')\n")
    (package / "team.yaml").write_text(PACK)
    info = folder / "acme_policies-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-policies\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[guard.packs]\n" + "".join(f"{name} = acme_policies:{file}.yaml\n" for name, file in NAMES.items())
    )
    (info / "RECORD").write_text("acme_policies/__init__.py,,\nacme_policies/team.yaml,,\nacme_policies/lost.yaml,,\n")
    monkeypatch.syspath_prepend(str(folder))
    return folder


def config(tmp_path: Path, extends: str) -> Path:
    project = tmp_path / "project"
    project.mkdir()
    (project / "guard.yaml").write_text(f"version: 1\nextends: [{extends}]\n")
    return project


def message(tmp_path: Path, extends: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(config(tmp_path, extends))
    return str(caught.value).split("\n")[0]


def test_a_pack_of_an_installed_package_holds(tmp_path: Path, site: Path) -> None:
    (policy,) = load(config(tmp_path, "package:acme")).policies
    assert (policy.id, policy.enforce, policy.place.path) == ("team", "block", "package:acme")
    assert "acme_policies" not in sys.modules


def test_a_pack_that_is_not_installed_is_refused_with_what_is(tmp_path: Path, site: Path) -> None:
    text = "guard.yaml:2:11: no installed package has a pack 'acmi'; did you mean 'package:acme'?"
    assert message(tmp_path, "package:acmi") == text


def test_without_any_there_are_none(tmp_path: Path) -> None:
    text = "guard.yaml:2:11: no installed package has a pack 'acme'; installed are none"
    assert message(tmp_path, "package:acme") == text


def test_a_file_that_the_package_does_not_list_is_not_read(tmp_path: Path, site: Path) -> None:
    assert message(tmp_path, "package:gone") == (
        "guard.yaml:2:11: pack 'gone' of acme-policies is said to be 'acme_policies/gone.yaml', which the package does "
        "not list; install the package anew (not in editable mode)"
    )


def test_a_listed_file_that_is_gone_is_told(tmp_path: Path, site: Path) -> None:
    assert message(tmp_path, "package:lost") == (
        "guard.yaml:2:11: pack 'lost' of acme-policies cannot be read (No such file or directory); install the package "
        "anew"
    )


def test_a_mistake_in_the_pack_names_the_pack(tmp_path: Path, site: Path) -> None:
    (site / "acme_policies" / "team.yaml").write_text("version: 1\npolicies: [{id: a, chek: b}]\n")
    text = "package:acme:2:20: unknown key 'chek' in policies[0]; did you mean 'check'?"
    assert message(tmp_path, "package:acme") == text
