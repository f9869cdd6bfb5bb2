"""Prompt templates of LangChain: their messages with the variables as holes.

In: a template as an object (`ChatPromptTemplate.from_messages([...])`). Out: `Part`s, each a role with a text, a list
of messages that is put in, or a piece that is not known. Neighbours: `pipes` finds the template before a model,
`prompts` makes messages of the parts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from guard.facts.catalog_types import Arg
from guard.facts.link import containers, documents, objects, paths, prompt_files, templates
from guard.facts.link.arguments import CallArguments, is_absent
from guard.facts.link.things import Alt, DictOf, Entry, Ext, FilePath, Inst, ListOf, Lit, Made, Pieces, Result, Thunk

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

ROLES = {
    "system": "system", "human": "user", "user": "user", "ai": "assistant", "assistant": "assistant",
    "developer": "system", "tool": "tool", "function": "tool", "generic": "user", "chat": "user",
}  # fmt: skip
PLACEHOLDER = "placeholder"
STYLES = {"jinja2": "jinja", "mustache": "mustache"}
"""Languages of templates as LangChain calls them; any other is that of `str.format`."""
CLASSES = {
    "SystemMessagePromptTemplate": "system", "HumanMessagePromptTemplate": "user",
    "AIMessagePromptTemplate": "assistant", "ChatMessagePromptTemplate": "user",
}  # fmt: skip
_NONE = (Result(()), Result(()))
FROM_HUB = "a prompt that is loaded from a hub at run time"


class Part(NamedTuple):
    """A message of a template. `text`: None for messages that are put in, or a message that is not known."""

    role: str
    text: Result | None
    name: str = ""
    """For what is put in: the name of the variable."""
    why: str = ""


def parts(engine: Engine, alt: Alt, fields: DictOf | None = None) -> list[Part]:
    """The messages of a template; `fields` are values of its variables that are known."""
    thing = alt.thing
    if not isinstance(thing, Ext) or not thing.made:
        return [Part("user", None, "prompt", "a prompt that is built at run time")]
    fields = _partials(engine, thing, fields)
    made = thing.made[0]
    path = thing.chain.split("()")[0]
    name = next((n for n in reversed(path.split(".")) if n[:1].isupper()), "")
    maker = path.rsplit(".", 1)[-1]
    arguments = CallArguments(engine, made.call, made.frame)
    style = _style(arguments)
    if maker in ("pull", "pull_prompt"):
        return [Part("user", None, "prompt", FROM_HUB)]
    if name in CLASSES:
        return [_message_template(engine, thing, name, fields)]
    if maker == "from_messages" or (name == "ChatPromptTemplate" and maker == name):
        return _listed(engine, arguments.get("messages", 0), fields, made, style)
    if name == "FewShotPromptTemplate":
        return _few_shots(engine, arguments, fields, made, style)
    if maker == "load_prompt":
        return _loaded(engine, arguments, fields, made)
    if maker == "create_chat_prompt":
        return _of_prompty(engine, arguments, made)
    text = arguments.get("template", 0 if maker != name else None)
    if maker == "from_file":
        text = paths.read(engine, paths.as_paths(arguments.get("template_file", 0), made.frame))
    if not text.alts or all(is_absent(a) for a in text.alts):
        return [Part("user", None, "prompt", text.open[0] if text.open else "a prompt that is built at run time")]
    return [Part("user", _filled(engine, text, fields, made, style))]


def _of_prompty(engine: Engine, arguments: CallArguments, made: Made) -> list[Part]:
    """`create_chat_prompt("chat.prompty")`: the messages of the file; the model is not the file's."""
    call = prompt_files.opened(engine, made.call, made.frame, Arg(("path",), 0))
    said = CallArguments(engine, call, made.frame).get(prompt_files.FILE, None) if call is not None else Result(())
    thing = said.alts[0].thing if said.alts else None
    messages = containers.get(engine, thing, "messages") if isinstance(thing, DictOf) else None
    if messages is None:
        return [Part("user", None, "prompt", said.open[0] if said.open else "a prompt that is loaded at run time")]
    listed = messages.alts[0].thing if messages.alts else None
    found: list[Part] = []
    for cell in listed.items if isinstance(listed, ListOf) else ():
        message = engine.force(cell).alts[0].thing
        role, text = (engine.force(entry.value) for entry in message.entries) if isinstance(message, DictOf) else _NONE
        found += [Part(str(alt.thing.value), text) for alt in role.alts if isinstance(alt.thing, Lit)]
    return found


def _loaded(engine: Engine, arguments: CallArguments, fields: DictOf | None, made: Made) -> list[Part]:
    """`load_prompt("prompt.yaml")`: a template with a prefix, a suffix and examples, or the path of a text file."""
    found: list[Part] = []
    for alt in paths.as_paths(arguments.get("path", 0), made.frame).alts[:1]:
        if not isinstance(alt.thing, FilePath):
            continue
        kind = "json" if alt.thing.path.endswith(".json") else "yaml"
        data = documents.document(engine.project, alt.thing, kind)
        thing = data.alts[0].thing if data.alts else None
        if not isinstance(thing, DictOf):
            return [Part("user", None, "prompt", data.open[0] if data.open else "a prompt that is built at run time")]
        declared = containers.get(engine, thing, "template_format")
        formats = [a.thing.value for a in declared.alts if isinstance(a.thing, Lit)] if declared is not None else []
        style = STYLES.get(str(formats[0]), "format") if formats else "format"
        for key in ("prefix", "template", "suffix"):
            text = containers.get(engine, thing, key)
            if text is None and (beside := containers.get(engine, thing, f"{key}_path")) is not None:
                text = paths.read(engine, paths.as_paths(beside, made.frame))
            if text is not None:
                found.append(Part("user", _filled(engine, text, fields, made, style)))
            if key == "prefix" and containers.get(engine, thing, "examples") is not None:
                found.append(Part("user", None, "examples", "examples that are chosen and formatted at run time"))
    return found or [Part("user", None, "prompt", "a prompt that is loaded at run time")]


def _style(arguments: CallArguments) -> str:
    given = [a.thing.value for a in arguments.get("template_format", None).alts if isinstance(a.thing, Lit)]
    return STYLES.get(str(given[0]), "format") if given else "format"


def _partials(engine: Engine, thing: Ext, fields: DictOf | None) -> DictOf | None:
    """Variables that `.partial(...)`, `partial_variables={...}` or a `.format(...)` of the template fill."""
    entries: list[Entry] = list(fields.entries) if fields is not None else []
    names = thing.chain.split("()")[1:-1] if thing.chain.endswith("()") else thing.chain.split("()")[1:]
    for number, name in enumerate(names, 1):
        if name.lstrip(".") == "partial" and number < len(thing.made):
            made = thing.made[number]
            entries += [Entry(k, Thunk(v, made.frame)) for k, v in made.call.keywords if k is not None]
    given = CallArguments(engine, thing.made[0].call, thing.made[0].frame).get("partial_variables", None)
    for alt in given.alts[:1]:
        if isinstance(alt.thing, DictOf):
            entries += alt.thing.entries
    return DictOf(tuple(entries)) if entries else None


def _filled(engine: Engine, text: Result, fields: DictOf | None, made: Made, style: str) -> Result:
    return templates.filled(engine, text, fields, (), made.call, made.frame, style)


def _listed(engine: Engine, messages: Result, fields: DictOf | None, made: Made, style: str) -> list[Part]:
    found: list[Part] = []
    thing = messages.alts[0].thing if len(messages.alts) == 1 else None
    if not isinstance(thing, ListOf):
        why = messages.open[0] if messages.open else "a prompt that is built at run time"
        return [Part("user", None, "prompt", why)]
    for cell in thing.items:
        result = engine.force(cell)
        if not result.alts:
            found.append(Part("user", None, "message", result.open[0] if result.open else "not known"))
            continue
        found += _message(engine, result, fields, made, style)
    if thing.open:
        found.append(Part("user", None, "messages", thing.open[0]))
    return found


def _message(engine: Engine, result: Result, fields: DictOf | None, made: Made, style: str) -> list[Part]:
    """One element of a list of messages."""
    alt = result.alts[0]
    thing = alt.thing
    if isinstance(thing, (Lit, Pieces)):
        return [Part("user", _filled(engine, result, fields, made, style))]
    if isinstance(thing, ListOf) and len(thing.items) == 2:
        return _pair(engine, thing, fields, made, style)
    if isinstance(thing, DictOf):
        entries = {e.key: e.value for e in thing.entries}
        if "role" in entries and "content" in entries:
            return _pair(engine, ListOf((entries["role"], entries["content"])), fields, made, style)
    if isinstance(thing, Ext) and thing.made:
        name = thing.chain.split("()")[0]
        classes = name.split(".")
        if "MessagesPlaceholder" in classes:
            return [Part(PLACEHOLDER, None, _variable(engine, thing), "messages that are put in at run time")]
        if any(c in CLASSES for c in classes):
            return [_message_template(engine, thing, next(c for c in classes if c in CLASSES), fields)]
        content = CallArguments(engine, thing.made[0].call, thing.made[0].frame).get("content", 0)
        role = {"SystemMessage": "system", "AIMessage": "assistant", "ToolMessage": "tool"}.get(classes[-1], "user")
        if classes[-1].endswith("Message") and content.alts:
            return [Part(role, content)]
        if classes[-1].endswith("PromptTemplate") or "PromptTemplate" in name:
            return parts(engine, alt, fields)
    if isinstance(thing, Inst) and objects.order(engine, thing.cls)[1]:
        return [Part("user", None, "message", "a message that is built at run time")]
    return [Part("user", None, "message", "a message that is not followed")]


def _pair(engine: Engine, thing: ListOf, fields: DictOf | None, made: Made, style: str) -> list[Part]:
    """`("system", "text {variable}")`"""
    who, text = engine.force(thing.items[0]), engine.force(thing.items[1])
    named = [a.thing.value for a in who.alts if isinstance(a.thing, Lit)]
    role = str(named[0]) if named else "user"
    if role == PLACEHOLDER:
        given = [a.thing.value for a in text.alts if isinstance(a.thing, Lit)]
        variable = str(given[0]).strip("{} ") if given else "messages"
        return [Part(PLACEHOLDER, None, variable, "messages that are put in at run time")]
    if any(isinstance(a.thing, (Lit, Pieces)) for a in text.alts):
        return [Part(ROLES.get(role, role), _filled(engine, text, fields, made, style))]
    return [Part(ROLES.get(role, role), None, "content", text.open[0] if text.open else "built at run time")]


def _message_template(engine: Engine, thing: Ext, name: str, fields: DictOf | None) -> Part:
    """`SystemMessagePromptTemplate.from_template("...")`, or of a template: `(prompt=PromptTemplate(...))`."""
    made = thing.made[0]
    arguments = CallArguments(engine, made.call, made.frame)
    text = arguments.get("template", 0)
    if not any(isinstance(a.thing, (Lit, Pieces)) for a in text.alts):
        inner = [a for a in (*arguments.get("prompt", 0).alts, *text.alts) if isinstance(a.thing, Ext) and a.thing.made]
        for alt in inner[:1]:
            found = parts(engine, alt, fields)
            return found[0]._replace(role=CLASSES[name]) if found else Part(CLASSES[name], None, "prompt")
        return Part(CLASSES[name], None, "prompt", text.open[0] if text.open else "built at run time")
    return Part(CLASSES[name], _filled(engine, text, fields, made, _style(arguments)))


def _variable(engine: Engine, thing: Ext) -> str:
    made = thing.made[0]
    given = CallArguments(engine, made.call, made.frame).get("variable_name", 0)
    return next((str(a.thing.value) for a in given.alts if isinstance(a.thing, Lit)), "messages")


def _few_shots(
    engine: Engine, arguments: CallArguments, fields: DictOf | None, made: Made, style: str
) -> list[Part]:  # fmt: skip
    found = []
    for name in ("prefix", "suffix"):
        text = arguments.get(name, None)
        if any(isinstance(a.thing, (Lit, Pieces)) for a in text.alts):
            found.append(Part("user", _filled(engine, text, fields, made, style)))
        if name == "prefix":
            found.append(Part("user", None, "examples", "examples that are chosen and formatted at run time"))
    return found
