"""Whether an answer may come from a cache of the library, so that no request is sent and nothing is paid.

In: a target. Out: the reason in words, or None. A cache is an argument (role `answer_cache` of the catalogue:
`dspy.LM(cache=...)`, on by default), or a setting of the whole program (`set_llm_cache(...)`, `Setting.caches`). How
often it hits is not in the code: it takes the least that a call costs to nothing and says nothing of what is typical.
Neighbour: `requests` asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.facts.link import program_settings
from guard.facts.link.arguments import is_off
from guard.facts.link.roles import role

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine
    from guard.facts.link.sends import Target

ANSWERING = ("chat", "responses", "text_completion", "agent")


def reason(engine: Engine, target: Target) -> str | None:
    """Why an answer may come from a cache; None where nothing says so."""
    if target.spec.operation not in ANSWERING:
        return None
    value = role(engine, target, "answer_cache")
    if value is not None and value.result.alts:
        if any(not is_off(alt) for alt in value.result.alts):
            return f"an answer may come from a cache ({value.name or 'on by default'})"
        if value.name is not None:
            return None
    family = target.clients[0].client.family if target.clients else target.spec.family
    for setting in engine.project.catalog.settings.values():
        if setting.caches != family:
            continue
        found = program_settings.value(engine, setting, target.call, target.frame)
        if found is not None and (found.open or any(not is_off(alt) for alt in found.alts)):
            return "an answer may come from a cache that the program sets up"
    return None
