"""Schemas of classes that name one another: the work for one schema is bounded, and a larger one is not known."""

from __future__ import annotations

from pathlib import Path

import pytest

from guard.facts.link import field_types, tool_schemas
from guard.facts.link.engine import Engine
from guard.facts.link.project import Project
from guard.facts.link.things import ClassThing
from guard.facts.registry import load
from guard.sources.walk import listing


def _schema(folder: Path, number: int, monkeypatch: pytest.MonkeyPatch) -> tuple[object, int]:
    """The schema of the first of so many classes that all name one another, and the annotations read for it."""
    fields = "".join(f'    f{i}: "M{i}"\n' for i in range(number))
    text = "".join(f"class M{i}(BaseModel):\n{fields}\n" for i in range(number))
    (folder / "app.py").write_text(f"from pydantic import BaseModel\n\n{text}")
    engine = Engine(Project(folder, listing(folder), load()))
    read = 0
    spend = field_types.Around.spend

    def counted(around: field_types.Around) -> None:
        nonlocal read
        read += 1
        spend(around)

    monkeypatch.setattr(field_types.Around, "spend", counted)
    scopes = engine.project.sure_facts("app.py").scopes
    first = next(number for number, scope in enumerate(scopes) if scope.name == "M0")
    return tool_schemas.class_schema(engine, ClassThing("app.py", first)), read


def test_a_few_classes_that_name_one_another_are_written_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    schema, _ = _schema(tmp_path, 3, monkeypatch)
    assert isinstance(schema, dict)
    assert schema["properties"]["f1"]["properties"]["f2"]["title"] == "M2"


@pytest.mark.parametrize("number", [20, 40])
def test_many_classes_that_name_one_another_are_not_known(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema, read = _schema(tmp_path, number, monkeypatch)
    assert schema is None
    assert read == field_types.MAX_ANNOTATIONS + 1
