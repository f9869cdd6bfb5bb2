"""Which comment a job wants, from its environment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from integrations.wish import Wish, wish

NOTHING = {"usd": None, "usd_per_month": None, "counted": 0}


def environment(folder: Path, text: str = "All good.\n", findings: Any = (), **variables: str) -> dict[str, str]:
    """That of a job that compared with nothing; `variables` are set, too."""
    report: dict[str, Any] = {"findings": findings, "totals": NOTHING, "difference": None}
    (folder / "guard.json").write_text(json.dumps(report))
    (folder / "guard.md").write_text(text, "utf-8")
    paths = {"GUARD_REPORT": str(folder / "guard.json"), "GUARD_MARKDOWN": str(folder / "guard.md")}
    return {"GUARD_EXIT_CODE": "0", **paths, **variables}


def test_without_options_one_comment_is_kept(tmp_path: Path) -> None:
    made = wish(environment(tmp_path), "abc", 1000)
    assert made == Wish("update", "guard", "All good.\n\n<sub>guard, for commit abc</sub>\n", False)


def test_findings_are_worth_a_comment(tmp_path: Path) -> None:
    variables = {"GUARD_EXIT_CODE": "1", "GUARD_COMMENT": "replace", "GUARD_COMMENT_KEY": "web"}
    made = wish(environment(tmp_path, "Bad.\n", [{"id": "a", "forgiven": None}], **variables), None, 1000)
    assert made == Wish("replace", "web", "Bad.\n", True)


def test_a_report_that_is_too_long_is_left_out(tmp_path: Path) -> None:
    """Counted with the hidden mark, since the service counts that, too."""
    short = environment(tmp_path, "x" * 100)
    assert isinstance(made := wish(short, None, 200), Wish) and made.text.startswith("xxx")
    for longest in (100, 110, 129):
        made = wish(short, None, longest)
        assert isinstance(made, Wish) and "too long for a comment" in made.text and "xxx" not in made.text


@pytest.mark.parametrize(
    ("variables", "why"),
    [({"GUARD_COMMENT": "off"}, "switched off"), ({"GUARD_EXIT_CODE": "2"}, "guard itself failed")],
)
def test_none_is_wanted(tmp_path: Path, variables: dict[str, str], why: str) -> None:
    assert wish(environment(tmp_path, **variables), None, 1000) == why


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"GUARD_COMMENT": "yes"}, "update, replace or off, not `yes`"),
        ({"GUARD_COMMENT_KEY": "-->"}, "the key of a comment"),
        ({"GUARD_COMMENT_THRESHOLD": "5 EUR"}, "a threshold is"),
        ({"GUARD_REPORT": "/nowhere"}, "cannot be read"),
        ({"GUARD_MARKDOWN": "/nowhere"}, "Markdown cannot be read"),
    ],
)
def test_what_means_nothing_is_refused(tmp_path: Path, variables: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        wish(environment(tmp_path, **variables), None, 1000)
