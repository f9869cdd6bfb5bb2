"""Programs whose every value is decided: guard says what Python does, or that it does not know. Never anything else.

Each example is a generated program (`programs`), run by Python with a stand-in for the SDK and read by guard. The share
of examples in which all three values (model, limit, text) are closed, and just what Python sends, has a floor.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from profiles import LONG, examples
from programs import Programs
from running import Files, Sent, found, sent, text_of

from guard.model import Request, Value

CLOSED = 0.98
"""Share of programs of which guard knows every value, at least."""
PROGRAMS = 200


@st.composite
def written(draw: st.DrawFn, loops: bool) -> Files:
    """A program by the choices of hypothesis."""
    return Programs(lambda n: draw(st.integers(0, n - 1)), loops).files()


def differences(real: Sent, request: Request) -> tuple[list[str], bool]:
    """What guard says that is not so, in sentences; and whether it says of each value just what Python sends."""
    wrong: list[str] = []
    exact = True
    for what, value, said in (("model", real.model, request.model), ("limit", real.max_tokens, request.max_output)):
        known = [(type(c.value), c.value) for c in said.choices]
        if said.open:
            exact = False
        elif (type(value), value) not in known:
            wrong.append(f"{what}: Python sends {value!r}, guard says {_shown(said)}")
        exact = exact and len(known) == 1
    text = text_of(request)
    if text is None or request.prompt.others or request.prompt.unsure:
        exact = False
    elif text != real.text:
        wrong.append(f"text: Python sends {real.text!r}, guard says {text!r}")
    return wrong, exact


def _shown(value: Value) -> str:
    return f"{[c.value for c in value.choices]}{' or another' if value.open else ''}"


def check(folder: Path, files: Files) -> bool:
    """Whether guard knows every value of a program. Fails where it says anything that is not so."""
    ((place, rows),) = sent(files).items()
    assert len(rows) == 1
    requests = found(folder, files).get(place, [])
    shown = "\n".join(f"# {name}\n{text}" for name, text in files.items())
    assert len(requests) == 1, f"{len(requests)} requests at {place}\n{shown}"
    wrong, exact = differences(rows[0], requests[0])
    assert not wrong, "\n".join([*wrong, shown])
    return exact


@pytest.mark.parametrize("loops", [False, True], ids=["straight", "with loops"])
def test_what_python_sends_is_what_guard_says(loops: bool, tmp_path: Path) -> None:
    @examples(60)
    @given(files=written(loops))
    def run(files: Files) -> None:
        check(tmp_path, files)

    run()


@pytest.mark.parametrize("loops", [False, True], ids=["straight", "with loops"])
def test_nearly_all_values_are_known(loops: bool, tmp_path: Path) -> None:
    """Programs by number, so that the share means the same in each run."""
    number = 20 * PROGRAMS if LONG else PROGRAMS
    known = [check(tmp_path, Programs(random.Random(seed).randrange, loops).files()) for seed in range(number)]
    share = sum(known) / number
    print(f"\n{number} programs, {share:.1%} known in all three values")
    assert share >= CLOSED, [seed for seed, exact in enumerate(known) if not exact]


def test_the_comparison_notices_a_wrong_value(tmp_path: Path) -> None:
    """The check itself: a program and what guard says of another one."""
    files: dict[str, str] = {"app.py": _program("gpt-4o"), "lib.py": ""}
    ((_, rows),) = sent(files).items()
    ((_, (request,)),) = found(tmp_path, {**files, "app.py": _program("gpt-4o-mini")}).items()
    wrong, exact = differences(rows[0], request)
    assert exact and wrong == ["model: Python sends 'gpt-4o', guard says ['gpt-4o-mini']"]


def _program(model: str) -> Any:
    message = '[{"role": "user", "content": "Hi"}]'
    call = f'OpenAI().chat.completions.create(model="{model}", max_tokens=3, messages={message})'
    return f"from openai import OpenAI\n{call}\n"
