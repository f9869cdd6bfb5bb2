"""Compares the catalogue's defaults with those that signatures and fields of installed packages show.

In: an argument of an entry and a function, class or pydantic model that takes it; a part of `check_catalog.py`. Out:
what was compared. A default that code sets later (a signature then says None, or a mark such as NOT_GIVEN) cannot be
read from a signature and counts as not checkable.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from guard.facts.catalog_types import Arg

CHECKED = ("model", "max_output", "client_retries", "max_retries", "max_turns", "top_k", "outputs", "chunk_size")
"""Roles whose default decides a cost."""
Say = Callable[[bool, str], None]


def shown_default(maker: Any, name: str) -> tuple[bool, Any]:
    """Whether a default of a parameter or field is shown, and that default (`Parameter.empty`: it is required)."""
    try:
        parameters: Mapping[str, inspect.Parameter] = inspect.signature(maker).parameters
    except (TypeError, ValueError):
        parameters = {}
    if name in parameters and parameters[name].default is not inspect.Parameter.empty:
        return True, parameters[name].default
    for field_name, field in (getattr(maker, "model_fields", None) or {} if isinstance(maker, type) else {}).items():
        aliases = [field_name, field.alias, field.validation_alias, *getattr(field.validation_alias, "choices", ())]
        if name in aliases:
            return field.default_factory is None, inspect.Parameter.empty if field.is_required() else field.default
    found = parameters.get(name)
    return (False, None) if found is None else (True, found.default)


def compare(where: str, role: str, arg: Arg, maker: Any, say: Say, unclear: list[str]) -> None:
    """One argument of one function: by the first of its names that the function has, where it is no part of another."""
    if role not in CHECKED:
        return
    for name in arg.names:
        known, default = shown_default(maker, name) if "." not in name else (False, None)
        if not known:
            continue
        text = f"{where}: {role}: the default of {name} is {default!r}, the catalogue says "
        if default is inspect.Parameter.empty:
            say(arg.how != "default", f"{where}: {role}: {name} is required, the catalogue says {_says(arg)}")
        elif isinstance(default, bool) or not isinstance(default, str | int | float) or default == "":
            # An empty text is taken for "none", as None is.
            unclear.append(f"{text}{_says(arg)}")
        elif arg.how == "default" and not arg.env:
            as_default = arg.as_retries(default, name) if isinstance(default, int) and arg.counts else default
            say(as_default == arg.default, text + _says(arg))
        elif arg.how in ("default", "unknown"):
            unclear.append(text + _says(arg))
        else:
            # -1 and 0 mean "none" in several SDKs.
            say(default in (-1, 0), text + _says(arg))
        return


def _says(arg: Arg) -> str:
    return repr(arg.default) if arg.how == "default" else arg.how
