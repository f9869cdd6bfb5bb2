"""Questions asked in the midst of others: what is kept of them must not depend on who asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from guard.facts.link.above import Above, node_of
from guard.facts.link.answers import MAX_WORK
from guard.facts.link.callers import Callers
from guard.facts.link.engine import Engine
from guard.facts.link.project import Project
from guard.facts.link.things import Root, Stop
from guard.facts.registry import load
from guard.sources.walk import listing

PROGRAM = """
from fastapi import FastAPI
from tenacity import retry, stop_after_attempt

TIMES = 1 + 3
app = FastAPI()


@retry(stop=stop_after_attempt(TIMES))
def ask(text):
    return text


@app.post("/ask")
def route(text):
    for _ in range(TIMES):
        ask(text)
"""


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    (tmp_path / "app.py").write_text(PROGRAM)
    return Engine(Project(tmp_path, listing(tmp_path), load()))


def _scope(engine: Engine, name: str) -> int:
    return next(n for n, scope in enumerate(engine.project.sure_facts("app.py").scopes) if scope.name == name)


def test_what_is_above_a_function_is_found_whole_inside_a_question_that_may_take_little(engine: Engine) -> None:
    engine.ask({}, effort=1)
    facts = engine.project.sure_facts("app.py")
    above = Above(engine, Callers(engine))
    ask, route = (node_of(facts, _scope(engine, name)) for name in ("ask", "route"))

    assert [edge.around.repeats.high for edge in above.edges(ask)] == [4]
    assert [layer.attempts for layer in above.own(ask)] == [4]
    mark = above.marks.of(facts, facts.scopes[route[1]])
    assert mark is not None and mark.aliases == ("POST /ask",)


def test_a_question_aside_leaves_the_other_as_it_was(engine: Engine) -> None:
    root = Root("callers", "app.py", _scope(engine, "ask"))
    decided: dict[Root, Stop] = {root: Stop("given")}
    engine.ask(dict(decided), effort=7)
    engine.consult(root, "text")
    engine.work = 3
    before = dict(engine.consulted)

    with pytest.raises(LookupError), engine.aside({}):
        assert (engine.work, engine.effort) == (0, MAX_WORK)
        assert engine.consult(root, "text") is None
        engine.project.sure_facts("app.py")
        raise LookupError

    assert engine.context == decided
    assert engine.consulted == before
    assert (engine.work, engine.effort) == (3, 7)
