"""Compares the catalogue's frameworks with installed packages; a part of `check_catalog.py`.

In: the catalogue, its raw entries, what was asked for. Out: findings. Objects of frameworks are not made (they want
models, keys and more): the classes themselves show which methods there are, signatures and fields which arguments.
Only what an entry writes itself is compared, not what it takes from the entry that it is like.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from check_defaults import compare

from guard.facts.catalog_types import Arg, Call, Client, Holds
from guard.facts.registry import Catalog

Say = Callable[[bool, str], None]
Find = Callable[[str], Any]


def argument_names(maker: Any) -> tuple[list[str], set[str], bool] | None:
    """Positional names, all names, and whether anything more is taken, of a class, a pydantic model or a function."""
    fields = getattr(maker, "model_fields", None) if isinstance(maker, type) else None
    try:
        found = list(inspect.signature(maker).parameters.values())
    except (TypeError, ValueError):
        found = []
        if fields is None:
            return None
    names = {p.name for p in found}
    positional = [p.name for p in found if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) and p.name != "self"]
    is_open = any(p.kind in (p.VAR_KEYWORD, p.VAR_POSITIONAL) for p in found)
    if isinstance(fields, Mapping):
        names |= set(fields)
        for field in fields.values():
            names |= {text for text in (field.alias, field.validation_alias) if isinstance(text, str)}
            names |= {text for text in getattr(field.validation_alias, "choices", ()) if isinstance(text, str)}
        is_open = False
    return positional, names, is_open


def check_arguments(
    makers: Sequence[tuple[str, Any]], args: Sequence[tuple[str, Arg]], say: Say, unclear: list[str]
) -> None:
    """At least one of the makers (with what they are called in messages) must have one name of each argument; where it
    may stand by position, it must stand there in all that have it so."""
    known = [(where, names) for where, maker in makers if (names := argument_names(maker)) is not None]
    unclear += [f"{where}: no signature" for where, maker in makers if argument_names(maker) is None]
    for what, arg in args if known else ():
        for where, maker in makers:
            compare(where, what, arg, maker, say, unclear)
        heads = [name.partition(".")[0] for name in arg.names if name not in ("*", "**")]
        if not heads:
            continue
        if any(head in names for head in heads for _, (_, names, _) in known):
            say(True, known[0][0])
        elif any(is_open for _, (_, _, is_open) in known):
            unclear.append(f"{known[0][0]}: {what}: {heads} may pass through **kwargs")
        else:
            say(False, f"{known[0][0]}: {what}: no parameter among {heads}; there are {sorted(known[0][1][1])}")
        for where, (positional, _, _) in known if arg.pos is not None else ():
            if heads[0] in positional:
                at = positional.index(heads[0])
                say(at == arg.pos, f"{where}: {what}: {heads[0]} stands at position {at}, not {arg.pos}")


def _held(holds: Sequence[Holds], paths: bool) -> list[tuple[str, Arg]]:
    return [(f"holds {hold.arg.names}", hold.arg) for hold in holds if bool(hold.paths) == paths]


def check_client(
    client: Client, raw: Mapping[str, Any], legacy: Callable[[str], bool], find: Find, wanted: Callable[[str], bool],
    say: Say, unclear: list[str],
) -> list[Any]:  # fmt: skip
    """Compare the constructors of an entry. Returns the classes (or functions) that were found."""
    made: list[Any] = []
    makers: list[tuple[str, Any]] = []
    methods: dict[str, list[tuple[str, Any]]] = {}
    for name in client.names:
        if "()" in name or not wanted(name):
            continue
        try:
            maker = find(name)
        except ImportError:
            continue
        except LookupError:
            say(legacy(name), f"client {client.id}: no {name}")
            continue
        except Exception as error:
            unclear.append(f"client {client.id}: {name}: {type(error).__name__}")
            continue
        where = f"client {client.id}: {name}"
        say(True, where)
        if not legacy(name):
            makers.append((where, maker))
        if not isinstance(maker, type):
            continue
        made.append((maker, legacy(name)))
        for method in () if legacy(name) else (*client.derive, *client.makers):
            function = getattr(maker, method, None)
            if function is None:
                unclear.append(f"{where}: no method {method}")
            else:
                methods.setdefault(method, []).append((f"{where}.{method}", _bound(function)))
    own = [(role, arg) for role, arg in client.roles.items() if role in raw]
    check_arguments(makers, own + (_held(client.holds, False) if "holds" in raw else []), say, unclear)
    for method, functions in methods.items():
        variant = client.variants.get(method)
        if variant is not None:
            check_arguments(functions, [*variant.roles.items(), *_held(variant.holds, False)], say, unclear)
    return made


def _bound(function: Any) -> Any:
    """A method without its receiver, so that positions count from the first real argument."""
    if inspect.ismethod(function) or not inspect.isfunction(function):
        return function
    parameters = list(inspect.signature(function).parameters.values())

    def plain() -> None: ...

    plain.__signature__ = inspect.Signature(parameters[1:])  # type: ignore[attr-defined]
    return plain


def check_call(
    call: Call, classes: Sequence[Any], legacy: Callable[[str], bool], find: Find, wanted: Callable[[str], bool],
    say: Say, unclear: list[str],
) -> None:  # fmt: skip
    """Every path must be on one of the classes; positions must be right where a signature shows the argument."""
    args = list(call.roles.items()) + ([("of", call.of)] if call.of else [])
    for path in call.paths or call.class_paths:
        name = path or ("__call__" if call.paths else "__init__")
        found = [(maker, function) for maker, _ in classes if (function := getattr(maker, name, None)) is not None]
        if classes and not all(old for _, old in classes):
            say(bool(found) or legacy(path), f"{call.api}: no path {name}")
        for maker, function in found[:3]:
            known = argument_names(_bound(function))
            for what, arg in args if known else ():
                compare(f"{call.api}: {maker.__name__}.{name}", what, arg, _bound(function), say, unclear)
                head = arg.names[0].partition(".")[0] if arg.names else ""
                if arg.pos is not None and head in known[0]:  # type: ignore[index]
                    at = known[0].index(head)  # type: ignore[index]
                    say(at == arg.pos, f"{call.api}: {maker.__name__}.{name}: {what}: {head} at {at}, not {arg.pos}")
    for name in filter(wanted, call.names):
        try:
            check_arguments([(f"{call.api}: {name}", find(name))], args, say, unclear)
        except ImportError:
            continue
        except LookupError:
            say(legacy(name), f"{call.api}: no {name}")


def check(
    catalog: Catalog, raws: Mapping[str, Mapping[str, Any]], old: set[str], find: Find, wanted: Callable[[str], bool],
    say: Say, unclear: list[str],
) -> None:  # fmt: skip
    """Compare all frameworks. `raws`: entries of clients as written, by id; `old`: names of older releases."""
    classes: dict[str, list[Any]] = {}
    for client in catalog.clients.values():
        if client.object is not None:
            made = check_client(client, raws[client.id], old.__contains__, find, wanted, say, unclear)
            for kind in client.kinds:
                classes.setdefault(kind, []).extend(made)
    calls = {id(c): c for c in (*catalog.calls.values(), *catalog._call_on.values(), *catalog._class_on.values())}
    for call in calls.values():
        if call.invoke:
            found = [maker for client_id in call.on for maker in classes.get(client_id, ())]
            check_call(call, found, old.__contains__, find, wanted, say, unclear)
