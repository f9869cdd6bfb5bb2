"""`langgraph.json`: the graphs that LangGraph's server runs. It names no model; it ties names to code.

`graphs.<name>` is `path.py:symbol`, or a map with `path`. `link` makes these graphs invoked objects (`served`), and a
client's run of a name is a run of that graph.
"""

from __future__ import annotations

from guard.facts.documents.document import Document
from guard.facts.documents.found import Found
from guard.facts.documents.read import Format
from guard.facts.documents.types import Reference


def _takes(document: Document) -> bool:
    graphs = document.root.get("graphs")
    return graphs is not None and graphs.node.kind == "map" and document.path.rpartition("/")[2].startswith("langgraph")


def _collect(document: Document, found: Found) -> None:
    for name, at in graphs.pairs() if (graphs := document.root.get("graphs")) is not None else ():
        target = at if at.text is not None else at.get("path")
        if target is not None and target.text is not None:
            found.references.append(Reference(found.format, "graph", name, target.text, target.span))


FORMAT = Format(
    name="langgraph",
    kinds=("json",),
    words=((b'"graphs"',),),
    takes=_takes,
    collect=_collect,
)
