"""What collecting keeps and how much it takes for code that nobody writes by hand."""

from __future__ import annotations

import gc
import weakref

from guard.facts.collect import MAX_EARLIER, collect
from guard.facts.filefacts import FileFacts
from guard.parse.python import PythonSyntax, parse_python


def test_facts_do_not_keep_the_syntax_tree() -> None:
    """guard runs without the collector of cycles: one through the tree would keep it to the end."""
    syntax = parse_python("a.py", b"def f(x):\n    return g(x, [y for y in x], lambda z: z)\n")
    assert isinstance(syntax, PythonSyntax)
    tree = weakref.ref(syntax.tree)
    gc.disable()
    try:
        facts = collect("a.py", syntax)
        del syntax
        assert tree() is None
    finally:
        gc.enable()
    assert facts.by_name["g"]


def test_a_statement_in_ninety_finally_blocks_is_looked_at_once_per_level() -> None:
    """Asking twice on each level would take 2**90 steps: this test would never end."""
    lines = ["def f():"]
    for level in range(1, 90):
        lines += [" " * level + "try:", " " * level + " pass", " " * level + "finally:"]
    facts = _facts("\n".join([*lines, " " * 90 + "return 1"]))
    assert facts.scopes[1].leaves == "return"


def test_arms_share_the_conditions_of_earlier_arms() -> None:
    cases = "".join(f"        case {n}:\n            y = {n}\n" for n in range(3 * MAX_EARLIER))
    blocks = _facts(f"def f(x):\n    match x:\n{cases}").scopes[1].blocks
    assert [len(block.negated) for block in blocks[:3]] == [0, 1, 2]
    assert len(blocks[-1].negated) == MAX_EARLIER
    assert blocks[-1].negated is blocks[-2].negated


def _facts(source: str) -> FileFacts:
    syntax = parse_python("a.py", source.encode())
    assert isinstance(syntax, PythonSyntax)
    return collect("a.py", syntax)
