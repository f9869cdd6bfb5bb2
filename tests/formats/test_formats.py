"""What guard reads in configuration files, case by case (README.md)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from format_cases import BLOCK, cases, section

from guard.config.types import Config
from guard.model import Priced, Report, Setting
from guard.run import scan


def setting_line(setting: Setting) -> str:
    value = list(setting.value) if isinstance(setting.value, tuple) else setting.value
    sure = "" if setting.confidence == "certain" else f" ({setting.confidence})"
    place = f"{setting.path}:{setting.line}:{setting.column}"
    shown = json.dumps(value, ensure_ascii=False)
    return f"{place} {setting.format} {setting.what} {shown} {setting.key_path}{sure}"


def request_line(priced: Priced) -> str:
    request = priced.request
    site = request.sites[0].span
    models = " | ".join(str(choice.value) for choice in request.model.choices) + ("?" if request.model.open else "")
    parts = [f"{site.path}:{site.line}", request.api, models, f"by {request.provider or '?'}"]
    limit = request.max_output
    values = [choice.value for choice in limit.choices if choice.value is not None]
    parts += [f"max_output={values[0]}"] if values else ["max_output=?"] if limit.open else []
    parts += [f"repeats={request.repeats.high}"] if request.repeats.high != 1 else []
    parts += [f"turns={request.turns.high}"] if request.turns.high != 1 else []
    parts += [f"attempts={request.attempts.low}-{request.attempts.high}"] if request.attempts.high != 1 else []
    roles = ",".join(message.role for message in request.prompt.messages)
    holes = [s.name for m in request.prompt.messages for s in m.segments if s.text is None]
    parts += [f"roles={roles}"] if roles else []
    parts += [f"holes={','.join(map(str, holes))}"] if holes else []
    parts += [f"tier={request.variants[0].tier}"] if request.variants and request.variants[0].tier else []
    parts += ["after another"] if request.after else []
    parts += ["one of a group"] if request.exclusive else []
    parts += [f"stage={request.stage}"] if request.stage != "production" else []
    entries = [reach.entry.partition("::")[2] for reach in request.reached_from]
    runs = [f" {reach.runs_per_month} a month" for reach in request.reached_from if reach.runs_per_month is not None]
    parts += [f"from {', '.join(entries)}{''.join(runs)}"] if entries else []
    parts += [] if request.counted else ["not counted"]
    return "; ".join(parts)


def found(report: Report) -> dict[str, str]:
    settings = sorted(report.settings, key=lambda one: (one.path, one.line, one.column, one.key_path))
    requests = sorted(report.requests, key=lambda one: (one.request.sites[0].span.path, one.request.sites[0].span.line))
    return {
        "settings": "".join(f"{setting_line(one)}\n" for one in settings),
        "requests": "".join(f"{request_line(one)}\n" for one in requests),
        "problems": "".join(f"{one.path}:{one.line} {one.kind} {one.message}\n" for one in report.problems),
    }


@pytest.mark.parametrize(("path", "title"), cases(), ids=lambda value: getattr(value, "stem", value))
def test_a_case(path: Path, title: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    text = section(path, title)
    expected = {}
    for block in BLOCK.finditer(text):
        _, _, name = block["info"].partition(" ")
        if name:
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block["body"].replace("␣BOM␣", "\ufeff"), "utf-8")
        else:
            expected[block["info"]] = block["body"]
    now = found(scan(tmp_path, Config()))
    assert expected, "a case that says nothing tests nothing"
    if request.config.getoption("--update"):
        written = BLOCK.sub(lambda m: f"{m['fence']}{m['info']}\n{now.get(m['info'], m['body'])}{m['fence']}\n", text)
        path.write_text(path.read_text("utf-8").replace(text, written), "utf-8")
        return
    for kind, lines in expected.items():
        assert now[kind] == lines, f"{kind} of {title!r}"
    assert "problems" in expected or not now["problems"], now["problems"]
