"""Programs that branch on the environment: what guard calls closed holds everything that Python sends.

Each example is run by Python under every combination of its environment. Where guard says that no other value may
arrive, each value that Python sends must be among its choices, and each pair of model and limit among its variants.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from branching import Branching, outcomes
from hypothesis import given
from hypothesis import strategies as st
from profiles import LONG, examples
from running import Files, Sent, found

from guard.model import Message, Request

PROGRAMS = 120
EXACT = 0.85
"""Share of the programs closed in model and limit in which guard's choices are just what Python sends, at least."""


@st.composite
def branching(draw: st.DrawFn, loops: bool) -> tuple[Files, list[str]]:
    """A program and the variables that it asks, by the choices of hypothesis."""
    made = Branching(lambda n: draw(st.integers(0, n - 1)), loops)
    return made.files(), made.flags


def usable(real: Sent) -> bool:
    """Whether all that is sent is a name, a limit and a text: else guard rightly takes it for no choice."""
    named = isinstance(real.model, str) and 0 < len(real.model) < 300
    return named and type(real.max_tokens) is int and real.max_tokens > 0 and isinstance(real.text, str)


def text_of(messages: tuple[Message, ...]) -> str | None:
    """The content of the only message, when all of it is known."""
    if len(messages) != 1 or any(s.text is None for s in messages[0].segments):
        return None
    return "".join(s.text or "" for s in messages[0].segments)


def missing(real: list[Sent], request: Request) -> list[str]:
    """What Python sends and guard says cannot be sent, in sentences."""
    wrong = []
    for what, sent, said in (
        ("model", {r.model for r in real}, request.model),
        ("limit", {r.max_tokens for r in real}, request.max_output),
    ):
        known = {c.value for c in said.choices}
        if not said.open and not sent <= known:
            wrong.append(f"{what}: Python may send {sent - known}, guard says only {known}")
    texts = {text_of(m) for m in (request.prompt.messages, *request.prompt.others)}
    sent_texts = {r.text for r in real}
    if None not in texts and not request.prompt.unsure and not request.prompt.open and not sent_texts <= texts:
        wrong.append(f"text: Python may send {sent_texts - texts}, guard says only {texts}")
    pairs = {(v.model.value, v.max_output.value) for v in request.variants if v.model and v.max_output}
    cut = any("merged" in words for words in request.assumed)
    sent_pairs = {(r.model, r.max_tokens) for r in real}
    if not (request.model.open or request.max_output.open or cut) and not sent_pairs <= pairs:
        wrong.append(f"variants: Python may send {sent_pairs - pairs}, guard says only {pairs}")
    return wrong


def compared(folder: Path, files: Files, flags: list[str]) -> bool | None:
    """Whether guard's choices are just what Python may send; None where not all of it is closed, or could be.

    Fails where anything that Python may send is missing.
    """
    real, well = outcomes(files, flags)
    if not real or not all(map(usable, real)):
        return None
    requests = [r for (path, _), rows in found(folder, files).items() if path == "app.py" for r in rows]
    shown = "\n".join(f"# {name}\n{text}" for name, text in files.items())
    assert len(requests) == 1, f"{len(requests)} requests\n{shown}"
    (request,) = requests
    wrong = missing(real, request)
    assert not wrong, "\n".join([*wrong, shown])
    if not well or request.model.open or request.max_output.open:
        return None
    same_model = {r.model for r in real} == {c.value for c in request.model.choices}
    return same_model and {r.max_tokens for r in real} == {c.value for c in request.max_output.choices}


@pytest.mark.parametrize("loops", [False, True], ids=["straight", "with loops"])
def test_nothing_that_python_may_send_is_missing(loops: bool, tmp_path: Path) -> None:
    @examples(40)
    @given(made=branching(loops))
    def run(made: tuple[Files, list[str]]) -> None:
        compared(tmp_path, *made)

    run()


def test_closed_choices_are_mostly_just_what_python_may_send(tmp_path: Path) -> None:
    """Programs by number. What guard says beyond that are pairs of decisions that exclude one another in ways that it
    does not see; it is never less."""
    exact: list[bool] = []
    for seed in range(20 * PROGRAMS if LONG else PROGRAMS):
        made = Branching(random.Random(seed).randrange)
        same = compared(tmp_path, made.files(), made.flags)
        exact += [] if same is None else [same]
    share = sum(exact) / len(exact)
    print(f"\n{len(exact)} programs closed in model and limit, {share:.1%} exactly")
    assert len(exact) >= PROGRAMS // 5 and share >= EXACT
