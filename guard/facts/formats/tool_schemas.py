"""MCP servers and tool schemas that are checked in: `.mcp.json` and the like, lists of tools as JSON or YAML.

`mcpServers.<name>` (`servers.<name>` of an editor's `mcp.json`) is a set of tools of unknown size that whoever uses
it sends with each request; a list of `{name, description, inputSchema | input_schema | parameters}` or of `{type:
function, function: {...}}` is one of known size. Settings of `what: tools`: of a server its name, of a schema the
tool's name. Secrets in `env` and `headers` are not read.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.facts.documents.document import At, Document
from guard.facts.documents.found import Found
from guard.facts.documents.read import Format

_SCHEMAS = ("inputSchema", "input_schema", "parameters")
_STARTS = ("command", "url", "serverUrl", "httpUrl", "type", "transport")


def _servers(root: At) -> Iterator[tuple[str, At]]:
    for key in ("mcpServers", "mcp_servers", "servers"):
        listed = root.get(key)
        for name, at in listed.pairs() if listed is not None else ():
            if at.node.kind == "map" and any(at.get(part) is not None for part in _STARTS):
                yield name, at


def _tools(root: At) -> Iterator[At]:
    """The name of each tool of a list at the top, or under `tools` or `functions`."""
    for listed in (root, root.get("tools"), root.get("functions")):
        for item in listed.items() if listed is not None else ():
            inner = item.get("function") or item
            name = inner.get("name")
            has_form = any((form := inner.get(key)) is not None and form.node.kind == "map" for key in _SCHEMAS)
            if name is not None and name.text and has_form and inner.get("description") is not None:
                yield name


def _takes(document: Document) -> bool:
    is_named = "mcp" in document.path.lower()
    servers = next(_servers(document.root), None)
    if servers is not None and (is_named or document.root.get("mcpServers") or document.root.get("mcp_servers")):
        return True
    return next(_tools(document.root), None) is not None


def _collect(document: Document, found: Found) -> None:
    for name, at in _servers(document.root):
        found.setting(at, "tools", value=name)
    for name_at in _tools(document.root):
        found.setting(name_at, "tools")


FORMAT = Format(
    name="tools",
    kinds=("json", "yaml"),
    words=(
        (b"mcpServers", b"mcp_servers", b'"servers"', b"inputSchema", b"input_schema", b"parameters"),
        (b"command", b"url", b"description"),
    ),
    takes=_takes,
    collect=_collect,
)
