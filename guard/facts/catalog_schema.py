"""The JSON Schema of a catalogue file. In: the words of `catalog_types`. Out: a dict.

Published as docs/catalog.schema.json by `tools/check_catalog.py --write`. What an argument is says
`guard.config.call_schema`, which also describes a user's own calls.
"""

from __future__ import annotations

from typing import Any, get_args

from guard.config.call_schema import argument, argument_keys
from guard.facts.catalog_holds import CASE_KEYS, HOLDS_KEYS, WORDING_KEYS
from guard.facts.catalog_load import CALL_KEYS, CLIENT_KEYS
from guard.facts.catalog_types import ROLES, Object, Use
from guard.facts.entry_catalog import ENTRY_KEYS
from guard.model import Billed, Operation

_NAME = {"type": "string", "minLength": 1}
_NAMES = {"type": "array", "items": _NAME, "minItems": 1, "uniqueItems": True}
_POSITIVE = {"type": "integer", "minimum": 1}
_SCALAR = {"type": ["string", "number", "boolean", "null"]}
_FORMULA = {
    "type": ["string", "integer"],
    "description": "Whole numbers, roles, + - * max() min(): `1 + client_retries`.",
}


def _object(text: str, required: list[str], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "description": text,
        "required": required,
        "properties": properties,
        "additionalProperties": False,
    }


def _shared() -> dict[str, Any]:
    """Keys that calls of the catalogue and of users have in common."""
    layer = _object("One layer of retries.", ["name", "attempts", "billed"], name=_NAME, attempts=_FORMULA,
                    billed={"enum": list(get_args(Billed))}, silent={"type": "boolean"})  # fmt: skip
    each = {**argument_keys(), "of": _NAME, "role": {"enum": list(ROLES)}}
    return {
        "operation": {"enum": list(get_args(Operation))},
        "provider": {"type": ["string", "null"], "description": "Where the call itself decides it."},
        "provider_in_model": {"type": "boolean", "description": "Models are named `provider/model`."},
        "each": {
            "description": "One request per element of this list argument; roles stand under key `of` of the element.",
            "anyOf": [_NAME, _object("", ["arg"], **each)],
        },
        "attempts": {
            "description": "HTTP tries at most.",
            "anyOf": [_FORMULA, {"type": "array", "items": layer, "minItems": 1}],
        },
        "turns": {**_FORMULA, "description": "Model calls in one call at most."},
        "turns_when": {**_NAMES, "description": "Roles of which one must be sent for `turns` to hold."},
        "not_when": {**_NAMES, "description": "Arguments whose presence means that no model is asked."},
    }


def _roles() -> dict[str, Any]:
    """All roles; null takes one away that a model entry (`like`) has."""
    return {role: {"anyOf": [{"$ref": "#/$defs/arg"}, {"type": "null"}]} for role in ROLES}


def _holds() -> dict[str, Any]:
    often: dict[str, Any] = {
        "times": {**_FORMULA, "description": "How often it is asked in one run of the holder; once where left out."},
        "typical": {"type": "integer", "description": "How often as a rule, where `times` is only a bound."},
        "reads": {**_FORMULA, "description": "Tokens that are looked up for one request, as a rule."},
    }
    values = {"type": "array", "items": _SCALAR, "minItems": 1}
    case = _object("What holds for values of `by`.", ["equals"], equals=values, why={"type": "string"}, **often)
    assert {*often, "equals", "why"} == CASE_KEYS
    own: dict[str, Any] = {
        **often,
        "calls": {**_NAMES, "description": "Apis of the calls in which it is asked; all where left out."},
        "by": {"$ref": "#/$defs/arg", "description": "Argument of the constructor that decides between `cases`."},
        "cases": {"type": "array", "items": case, "minItems": 1},
        "as": {"enum": list(get_args(Use)), "description": "What it is asked for; `run` where left out."},
        "each": {"type": "boolean", "description": "A list or dict of which every element is held."},
        "paths": {**_NAMES, "description": "Methods that add one later; `arg` is an argument of those."},
        "setting": {**_NAME, "description": "Setting that decides when it is not sent."},
        "object": {**_NAME, "description": "Constructor of the object that is made of a text or of nothing."},
        "when": {
            "description": "Conditions of which one must hold: an argument with its values.",
            "type": "array",
            "items": _object("", ["arg", "equals"], arg=_NAME, equals={"type": "array", "items": _SCALAR}),
            "minItems": 1,
        },
        "retries": {"$ref": "#/$defs/arg", "description": "How often a held function is run again after a failure."},
        "per": {"$ref": "#/$defs/arg", "description": "A list: it is asked as often for each element."},
        "dicts": {**_NAME, "description": "Constructor that a dict in its place stands for."},
        "hears": {**_NAME, "description": "What an element reads of those that were asked before it."},
        "takes_over": {"type": "boolean", "description": "It goes on in place of the holder, which gets no answer."},
    }
    assert own.keys() == HOLDS_KEYS
    return _object("Other objects that send when this one is invoked.", [], **argument_keys(), **own)


def _wording() -> dict[str, Any]:
    count = {"type": "integer", "minimum": 0}
    roles = {"type": "array", "items": {"enum": list(ROLES)}, "minItems": 1}
    own: dict[str, Any] = {
        "tokens": {
            "description": "How long it is; a list: at least, as a rule, at most. Without: what is found at run time.",
            "anyOf": [count, {"type": "array", "items": count, "minItems": 3, "maxItems": 3}],
        },
        "says": {**_NAME, "description": "What it says, in a few words."},
        "role": {"enum": ["system", "user"]},
        "given": {**roles, "description": "Roles of which one must be sent."},
        "without": {**roles, "description": "Roles of which none may be sent."},
    }
    assert own.keys() == WORDING_KEYS
    return _object("Text of the library's own around what the program gives.", ["says"], **own)


def _methods(text: str) -> dict[str, Any]:
    holds = {"type": "array", "items": {"$ref": "#/$defs/holds"}}
    full = _object("Methods with arguments of their own.", ["paths"], paths=_NAMES, holds=holds, **_roles())
    return {"description": text, "type": "array", "items": {"anyOf": [_NAME, full]}, "minItems": 1}


def _client() -> dict[str, Any]:
    own: dict[str, Any] = {
        "id": _NAME,
        "names": {**_NAMES, "description": "Chains whose call makes one: `boto3.Session().client`."},
        "legacy_names": {**_NAMES, "description": "Such chains that only older releases have."},
        "modules": {**_NAMES, "description": "Modules that offer the same paths as functions."},
        "on": {**_NAMES, "description": "Clients whose `paths`, when called, make this one."},
        "paths": _NAMES,
        "provider": {"type": ["string", "null"]},
        "provider_in_model": {"type": "boolean"},
        "like": {**_NAME, "description": "Another client whose keys hold where they are not given here."},
        "is": {**_NAME, "description": "The same as `like`, and its calls and derived clients are this one's too."},
        "derive": _methods("Methods that return the same client with arguments overridden."),
        "makers": _methods("Class methods that make one as the constructor does."),
        "object": {"enum": list(get_args(Object)), "description": "Kind of object of a framework."},
        "one_model": {"type": "boolean", "description": "Made for one model: a site where it names one."},
        "site": {"type": "boolean", "description": "Making one is a site even where it names no model."},
        "holds": {"type": "array", "items": {"$ref": "#/$defs/holds"}, "minItems": 1},
        "wording": {"type": "array", "items": {"$ref": "#/$defs/wording"}},
        "transparent": {**_NAMES, "description": "Attributes that may stand anywhere in a path."},
        "wraps": {"$ref": "#/$defs/arg", "description": "Argument that holds the client that does the work."},
        "when": _object("Condition on an argument.", ["arg", "equals"], arg=_NAME, pos={"type": "integer"},
                        equals={"type": "array", "items": _SCALAR, "minItems": 1}),
        "handover": _object("The tool by which others hand over to it; `{x}` is an argument.",
                            ["name", "description"], name=_NAME, description=_NAME),
        "tries": {"$ref": "#/$defs/arg", "description": "A list of configurations, tried one after the other."},
        "file": {"$ref": "#/$defs/arg", "description": "Path of a prompt file, which is the further argument `file`."},
        "groups": _object("List of model groups.", ["arg", "name", "params"], arg=_NAME, name=_NAME, params=_NAME),
    }  # fmt: skip
    assert own.keys() == CLIENT_KEYS
    return _object("An object that holds settings of later calls.", ["id"], **own, **_roles())


def _call() -> dict[str, Any]:
    duck = _object("Keywords that must be sent.", ["needs"], needs=_NAMES)
    reference = {"$ref": "#/$defs/arg"}
    own = {
        **_shared(),
        "api": {**_NAME, "description": "Name in reports; left out: one for each path, the family before it."},
        "on": {**_NAMES, "description": "Ids of the clients that have the paths."},
        "paths": {**_NAMES, "description": "Attribute paths on a client: `chat.completions.create`; `()`: called."},
        "legacy_paths": {**_NAMES, "description": "Paths that only older releases have."},
        "names": {**_NAMES, "description": "Functions by full name: `litellm.completion`."},
        "legacy_names": {**_NAMES, "description": "Functions that only older releases have."},
        "like": {**_NAME, "description": "Another call (by api) whose keys hold where they are not given here."},
        "duck": {"description": "Taken on an unknown receiver too.", "anyOf": [{"type": "boolean"}, duck]},
        "of": {**reference, "description": "Argument that holds the object whose model is asked."},
        "class_paths": {**_NAMES, "description": "Methods on the client's class itself: `from_documents`."},
        "at_most": {
            "type": "array",
            "description": "What a provider takes in one request for embeddings.",
            "minItems": 1,
            "items": _object("", ["provider"], provider=_NAME, inputs=_POSITIVE, tokens=_POSITIVE),
        },
        "keeps_history": {"type": "boolean", "description": "The receiver sends earlier turns again."},
        "gives": {**reference, "description": "Argument that the call gives back, itself or a copy that works alike."},
        "any_deployment": {"type": "boolean", "description": "The client's deployment has no say in it."},
        "file": {**reference, "description": "Path of a prompt file, or an object that was made of one."},
        "by_model": {
            "type": "object",
            "description": "Operation by glob over the model's name.",
            "additionalProperties": {"enum": list(get_args(Operation))},
        },
    }
    assert own.keys() == CALL_KEYS
    return _object("A callee that sends requests to a model.", [], **own, **_roles())


def _http() -> dict[str, Any]:
    arg = {"$ref": "#/$defs/arg"}
    caller = _object("Functions that send HTTP requests.", ["names", "url", "body"], names=_NAMES, url=arg, body=arg,
                     method=arg, base=arg, duck={"type": "boolean"})  # fmt: skip
    endpoint = _object(
        "A URL of a known API. Roles: only where the wire's names differ from the SDK's.",
        ["url", "api"],
        url={**_NAMES, "description": "`host/path`, with {model}, {model*}, {deployment} and *; `*/path`: any host."},
        api=_NAME,
        provider=_NAME,
        **_roles(),
    )
    return _object("Requests over plain HTTP.", [], packages=_NAMES, callers={"type": "array", "items": caller},
                   endpoints={"type": "array", "items": endpoint})  # fmt: skip


def _frameworks() -> dict[str, Any]:
    """Keys of a family file that frameworks need."""
    function = _object("Functions that set it.", ["names"], names=_NAMES, **argument_keys())
    functions = {"type": "array", "items": function}
    setting = _object(
        "An object that holds for a whole program until it is replaced.",
        ["id"],
        id=_NAME,
        names={**_NAMES, "description": "Attributes that are assigned, by full name."},
        setters=functions,
        scoped={**functions, "description": "Context managers: it holds inside the `with` block."},
        object={**_NAME, "description": "Constructor of the object that holds when none was set."},
        caches={**_NAME, "description": "Family of the models whose answers it keeps."},
    )
    base = _object(
        "A class that users subclass: calling `paths` runs methods of the subclass.",
        ["names", "paths"],
        names=_NAMES,
        paths=_NAMES,
        runs=_NAMES,
        decorated={**_NAMES, "description": "Decorators whose methods run."},
    )
    texts = {"type": "object", "additionalProperties": _NAME}
    gathers = _object(
        "A class decorator that fills attributes of its class.",
        ["decorators"],
        decorators=_NAMES,
        lists={**texts, "description": "Attribute: decorator of the methods whose results it lists."},
        documents={**texts, "description": "Attribute: data file that is loaded into it, from the class's folder."},
        references={**texts, "description": "Key in such a file: decorator of the methods that a text there names."},
    )
    served = _object(
        "Objects that a framework's own server runs.",
        ["call"],
        call={**_NAME, "description": "Method of the object, or of `makes`."},
        document={**_NAME, "description": "JSON file that names them: `file.py:variable`."},
        key={**_NAME, "description": "Key of the document whose values they are."},
        variables={**_NAMES, "description": "Module variables that hold them."},
        makes={**_NAME, "description": "Constructor of what they are run with."},
        arg={**_NAME, "description": "Argument of that which holds them."},
        runners={**_NAMES, "description": "Further constructors with which code runs them itself, by last name."},
    )
    kin = _object(
        "Classes that are not listed: by module and name they are like a listed client. Globs; `*` is any text.",
        ["modules", "classes", "like"],
        modules=_NAMES,
        classes=_NAMES,
        but={**_NAMES, "description": "Class names that are something else."},
        like=_NAME,
    )
    names = {"anyOf": [_NAME, _NAMES]}
    return {
        "needles": {**_NAMES, "description": "Texts of which an interesting file holds one; else from `packages`."},
        "common_packages": {**_NAMES, "description": "Modules named like a common word: the repository's go first."},
        "distributions": {
            "type": "object",
            "description": "Distributions that hold a module, where they have another name.",
            "additionalProperties": names,
        },
        "settings": {"type": "array", "items": setting},
        "bases": {"type": "array", "items": base},
        "gathers": {"type": "array", "items": gathers},
        "families": {"type": "array", "items": kin},
        "served": {"type": "array", "items": served},
    }


def _entry_points() -> dict[str, Any]:
    """Keys of a family file that say what frameworks run."""
    arg = {"$ref": "#/$defs/arg"}
    text = {"type": "string"}
    own: dict[str, Any] = {
        "kind": _NAME,
        "decorators": {**_NAMES, "description": "Decorators that make a function one."},
        "calls": {**_NAMES, "description": "Calls that are given the function."},
        "bases": {**_NAMES, "description": "Base classes of which methods are run."},
        "modules": {**_NAMES, "description": "Modules whose import makes a script one."},
        "function": {**arg, "description": "Of a call: the argument that holds the function."},
        "path": {**arg, "description": "The route."},
        "methods": {"anyOf": [{"const": "name"}, arg], "description": "HTTP methods; `name`: the decorator's name."},
        "class_methods": {"type": "object", "additionalProperties": text, "description": "Methods with HTTP methods."},
        "started": {"type": "boolean", "description": "The repository may start it itself."},
    }
    assert own.keys() == ENTRY_KEYS
    entry = _object("How a framework takes functions.", ["kind"], **own)
    mount = _object("Puts one router below another.", ["calls", "child", "prefix"], calls=_NAMES,
                    child=arg, prefix=arg, replaces={"type": "boolean"})  # fmt: skip
    prefix = _object("A router with a prefix of its own.", ["names", "arg"], names=_NAMES, arg=arg)
    return {
        "entries": {"type": "array", "items": entry},
        "mounts": {"type": "array", "items": mount},
        "router_prefixes": {"type": "array", "items": prefix},
        "include": {**_NAMES, "description": "Functions that stand for the routes of a module by its name."},
    }


def schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a file in `catalog/`."""
    host = _object("Whose a host is.", ["host", "provider"], host=_NAME, provider=_NAME)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "guard: SDK catalogue",
        "description": "One file describes one family of SDKs: its clients, its calls that send requests to a model.",
        "type": "object",
        "required": ["family"],
        "properties": {
            "family": _NAME,
            "packages": {**_NAMES, "description": "Modules whose import makes a file interesting."},
            "prefixes": {
                "type": "object",
                "description": "First part of a model name -> provider.",
                "additionalProperties": _NAME,
            },
            "clients": {"type": "array", "items": {"$ref": "#/$defs/client"}},
            "calls": {"type": "array", "items": {"$ref": "#/$defs/call"}},
            "http": _http(),
            "hosts": {"type": "array", "items": host},
            **_frameworks(),
            **_entry_points(),
        },
        "additionalProperties": False,
        "$defs": {
            "arg": argument(),
            "holds": _holds(),
            "wording": _wording(),
            "client": _client(),
            "call": _call(),
        },
    }
