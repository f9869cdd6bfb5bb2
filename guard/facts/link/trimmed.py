"""How many tokens a history has at most that the code cuts to a size. In: a value. Out: tokens, or None.

`trim_messages` of LangChain and of LiteLLM leave at most `max_tokens`; where the counter is `len`, LangChain counts
messages, which says nothing of tokens. Neighbour: `messages` asks for what it cannot follow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.facts.link.arguments import CallArguments
from guard.facts.link.things import Ext, Lit, Thing

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

TRIMMERS = frozenset(
    {
        "langchain_core.messages.trim_messages()", "langchain_core.messages.utils.trim_messages()",
        "langchain.messages.trim_messages()", "litellm.utils.trim_messages()", "litellm.trim_messages()",
    }
)  # fmt: skip
WHY = "what `trim_messages` leaves of it"


def most_tokens(engine: Engine, thing: Thing) -> int | None:
    """The tokens that a cut history has at most; None: it is not cut, or to an unknown size."""
    if not isinstance(thing, Ext) or thing.chain not in TRIMMERS or not thing.made:
        return None
    arguments = CallArguments(engine, thing.made[-1].call, thing.made[-1].frame)
    counter = arguments.get("token_counter", None)
    if any(isinstance(alt.thing, Ext) and alt.thing.chain.rpartition(".")[2] == "len" for alt in counter.alts):
        return None
    found = arguments.get("max_tokens", 2 if thing.chain.startswith("litellm") else None)
    sizes = [alt.thing.value if isinstance(alt.thing, Lit) else None for alt in found.alts]
    whole = [size for size in sizes if isinstance(size, int) and not isinstance(size, bool) and size >= 0]
    return max(whole) if whole and len(whole) == len(sizes) and not found.open else None
