"""What an answer rests on: facts noted directly, through answers that were made before, and through memos."""

from __future__ import annotations

from pathlib import Path

import pytest

from guard.facts.link.engine import Engine
from guard.facts.link.project import Project
from guard.facts.link.reads import CIRCLE, NOTHING, Fact, Memo, Recorder
from guard.facts.registry import load
from guard.sources.walk import listing


def _rests_on(recorder: Recorder, *facts: Fact) -> set[Fact]:
    with recorder.stretch() as code:
        for fact in facts:
            recorder.note(fact)
    return recorder.rests_on(code[0])


def test_a_stretch_rests_on_what_was_noted_in_it_and_on_nothing_else() -> None:
    recorder = Recorder()
    recorder.note(("file", "before.py"))

    assert _rests_on(recorder, ("file", "a.py"), ("name", "ask")) == {("file", "a.py"), ("name", "ask")}
    assert _rests_on(recorder) == set()
    assert recorder.rests_on(NOTHING) == set()


def test_a_fact_that_was_noted_before_a_stretch_began_is_noted_in_it_again() -> None:
    recorder = Recorder()
    with recorder.stretch() as outer:
        recorder.note_file("a.py")
        with recorder.stretch() as inner:
            recorder.note_file("a.py")
        recorder.note_file("b.py")

    assert recorder.rests_on(inner[0]) == {("file", "a.py")}
    assert recorder.rests_on(outer[0]) == {("file", "a.py"), ("file", "b.py")}


def test_a_memo_hands_what_it_rests_on_to_each_asker() -> None:
    recorder = Recorder()
    memo: Memo[str, int] = Memo(recorder)

    def make() -> int:
        recorder.note(("file", "a.py"))
        recorder.note(("file", "b.py"))
        return 1

    found = []
    for _ in range(3):
        with recorder.stretch() as code:
            memo.once("x", make)
        found.append(recorder.rests_on(code[0]))

    assert found == [{("file", "a.py"), ("file", "b.py")}] * 3


def test_a_memo_that_is_asked_while_it_is_being_made_says_so() -> None:
    recorder = Recorder()
    memo: Memo[str, int] = Memo(recorder)

    def make() -> int:
        return memo.once("x", make, 0) + 1

    with recorder.stretch() as code:
        assert memo.once("x", make, 0) == 1
    assert recorder.rests_on(code[0]) == {CIRCLE}


def test_a_memo_that_fails_is_no_answer_and_leaves_the_stretch_around_it_whole() -> None:
    recorder = Recorder()
    memo: Memo[str, int] = Memo(recorder)

    def fails() -> int:
        recorder.note(("file", "a.py"))
        raise LookupError

    with recorder.stretch() as code:
        with pytest.raises(LookupError):
            memo.once("x", fails)
        recorder.note(("file", "b.py"))

    assert recorder.rests_on(code[0]) == {("file", "a.py"), ("file", "b.py")}


def test_an_answer_that_is_used_again_rests_on_the_same_files(tmp_path: Path) -> None:
    (tmp_path / "settings.py").write_text('MODEL = "gpt-4o"\n')
    (tmp_path / "app.py").write_text("from settings import MODEL\nmodel = MODEL\n")
    engine = Engine(Project(tmp_path, listing(tmp_path), load()))
    facts = engine.project.sure_facts("app.py")
    value = facts.scopes[0].bindings["model"][0].value
    assert value is not None

    found = []
    for _ in range(2):
        with engine.recorder.stretch() as code:
            engine.ask({})
            engine.eval(value, engine.module("app.py"))
        found.append({fact[1] for fact in engine.recorder.rests_on(code[0]) if fact[0] == "file"})

    assert found == [{"app.py", "settings.py"}] * 2


def test_what_a_question_aside_reads_is_noted_for_the_question_around_it(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("x = 1\n")
    engine = Engine(Project(tmp_path, listing(tmp_path), load()))

    with engine.recorder.stretch() as code:
        engine.ask({})
        with engine.aside({}):
            engine.project.sure_facts("app.py")

    assert ("file", "app.py") in engine.recorder.rests_on(code[0])
