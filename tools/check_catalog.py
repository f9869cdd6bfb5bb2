"""Compares the SDK catalogue with installed SDKs. In: guard/facts/catalog/*.yaml and the importable packages.

Run it in an environment that has the SDKs (and PyYAML), from the root of the repository:

    python tools/check_catalog.py              # everything that can be imported
    python tools/check_catalog.py openai groq  # these packages only
    python tools/check_catalog.py --write

Says for each name, path and argument of the catalogue whether the installed release has it, for positions whether the
argument stands there, and for defaults whether a signature or field shows the same. Exit code 1 when something is
wrong. Names under `legacy_names` may be missing. What cannot be read from a signature (`**kwargs`, methods made at run
time as in boto3) is counted as not checkable.
"""

from __future__ import annotations

import argparse
import importlib.util
import inspect
import json
import os
import sys
import typing
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "tools"))

import check_frameworks  # noqa: E402
from check_defaults import compare  # noqa: E402

from guard.facts.catalog_index import COMPILED, build, compiled, read_documents  # noqa: E402
from guard.facts.catalog_load import expand  # noqa: E402
from guard.facts.catalog_types import Arg, Call, Client  # noqa: E402

# What constructors need to be called without keys of one's own; none of these reaches a network.
CONSTRUCTOR_ARGUMENTS: dict[str, dict[str, Any]] = {
    "openai.AzureOpenAI": {"api_version": "x", "azure_endpoint": "https://x.openai.azure.com"},
    "openai.AsyncAzureOpenAI": {"api_version": "x", "azure_endpoint": "https://x.openai.azure.com"},
    "anthropic.AnthropicVertex": {"region": "x", "project_id": "x", "access_token": "x"},
    "anthropic.AsyncAnthropicVertex": {"region": "x", "project_id": "x", "access_token": "x"},
    "anthropic.AnthropicBedrock": {"aws_access_key": "x", "aws_secret_key": "x", "aws_region": "us-east-1"},
    "anthropic.AsyncAnthropicBedrock": {"aws_access_key": "x", "aws_secret_key": "x", "aws_region": "us-east-1"},
    "anthropic.AnthropicAWS": {"workspace_id": "x"},
    "anthropic.AsyncAnthropicAWS": {"workspace_id": "x"},
    "anthropic.AnthropicFoundry": {"resource": "x"},
    "anthropic.AsyncAnthropicFoundry": {"resource": "x"},
    "cerebras.cloud.sdk.Cerebras": {"warm_tcp_connection": False},
    "cerebras.cloud.sdk.AsyncCerebras": {"warm_tcp_connection": False},
    "fireworks.Fireworks": {"account_id": "x"},
    "fireworks.AsyncFireworks": {"account_id": "x"},
}


Signature = tuple[list[str], set[str], bool]
"""Positional names, all names, and whether anything more is taken."""


class Findings:
    """What was compared: good ones are counted, the others listed."""

    def __init__(self) -> None:
        self.good = 0
        self.entries: set[str] = set()
        """Clients and calls of which anything was compared."""
        self.wrong: list[str] = []
        self.unclear: list[str] = []

    def say(self, good: bool, text: str) -> None:
        """Note one comparison: counted when it is good, else listed with this text, which begins with the entry."""
        self.entries.add(text.partition(": ")[0])
        if good:
            self.good += 1
        else:
            self.wrong.append(text)


def find(name: str) -> Any:
    """The object of a dotted name. Raises LookupError when the package is there but the name is not, ImportError when
    the package is not installed."""
    parts = name.split(".")
    package = importlib.import_module(parts[0])
    found: Any = package
    for i, part in enumerate(parts[1:], 1):
        submodule = ".".join(parts[: i + 1])
        try:
            found = getattr(found, part)
        except (AttributeError, ImportError) as missing:
            try:
                found = importlib.import_module(submodule)
            except ImportError as error:
                # `google` is a folder shared by many packages: a part of it may not be installed. Neither may be what
                # a part of a package needs (an extra).
                absent = [e.name or "" for e in (missing, error) if isinstance(e, ImportError)]
                if getattr(found, "__file__", "") is None or any(not n.startswith(parts[0]) for n in absent):
                    raise
                raise LookupError(name) from error
    return found


def make(name: str) -> Any:
    """An instance of the client class `name`, made with stand-in keys. Raises what the constructor raises."""
    maker = find(name)
    arguments = dict(CONSTRUCTOR_ARGUMENTS.get(name.replace(".lib.azure", "").replace(".lib.vertex", ""), {}))
    names = inspect.signature(maker).parameters
    if not any("aws" in key for key in arguments):
        arguments.update({key: "x" for key in ("api_key", "api_token") if key in names and key not in arguments})
    return maker(**arguments)


def walk(owner: Any, path: str) -> Any:
    """The attribute at `path`, None when there is none."""
    if hasattr(owner, "meta"):
        return boto_method(owner, path)
    for part in path.split("."):
        try:
            owner = getattr(owner, part)
        except Exception:
            return None
    return owner


def boto_method(client: Any, name: str) -> Signature | None:
    """boto3 makes its methods from a model of the service: the parameters stand there, down to the inner keys."""
    operation = client.meta.method_to_api_mapping.get(name)
    if operation is None:
        return None
    names: set[str] = set()

    def collect(shape: Any, prefix: str, depth: int) -> None:
        for key, member in getattr(shape, "members", {}).items():
            names.add(prefix + key)
            if depth:
                collect(member, f"{prefix}{key}.", depth - 1)

    collect(client.meta.service_model.operation_model(operation).input_shape, "", 5)
    return [], names, False


def parameters(function: Any) -> Signature | None:
    """The signature of a function; None: it has none."""
    if isinstance(function, tuple):
        return function
    try:
        found = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return None
    if found and found[0].name == "self":
        found = found[1:]
    positional = [p.name for p in found if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    is_open = any(p.kind in (p.VAR_KEYWORD, p.VAR_POSITIONAL) for p in found)
    # `**kwargs: Unpack[SomeTypedDict]` says its names in an annotation.
    names = {p.name for p in found}
    for parameter in found:
        if parameter.kind is parameter.VAR_KEYWORD:
            names |= set(getattr(next(iter(typing.get_args(parameter.annotation)), None), "__annotations__", {}))
    return positional, names, is_open


def check_args(
    functions: list[tuple[str, Any]],
    args: Mapping[str, Arg],
    where: str,
    findings: Findings,
    set_before: Sequence[str] = (),
) -> None:
    """Compare the roles with the signatures: an argument is right when one of the functions has it, a position when
    all that have the argument agree. `set_before`: roles whose default the client decides."""
    for how, function in functions:
        for role, arg in args.items():
            # A method of boto3 is known by its parameters alone.
            if not isinstance(function, tuple) and role not in set_before:
                compare(f"{where}: {how}", role, arg, function, findings.say, findings.unclear)
    signatures = [(how, known) for how, function in functions if (known := parameters(function)) is not None]
    if not signatures:
        findings.unclear.append(f"{where}: no signature")
        return
    is_open = any(known[2] for _, known in signatures)
    for role, arg in args.items():
        for i, name in enumerate(arg.names):
            head = name.partition(".")[0]
            dotted = any(inner.startswith(head + ".") for _, known in signatures for inner in known[1])
            wanted = name if dotted else head
            having = [(how, known) for how, known in signatures if wanted in known[1]]
            if not having and is_open:
                findings.unclear.append(f"{where}: {role}: {wanted} may pass through **kwargs")
                continue
            findings.say(
                bool(having), f"{where}: {role}: no parameter {wanted}; there are {sorted(signatures[0][1][1])}"
            )
            for how, (positional, _, _) in having if i == 0 and arg.pos is not None else ():
                at = positional.index(head) if head in positional else None
                findings.say(at == arg.pos, f"{where}: {how}: {role}: {head} stands at position {at}, not {arg.pos}")


def check_wrapper(client: Client, others: list[Any], findings: Findings) -> list[tuple[str, Any]]:
    """Compare the arguments of functions that take another client. Returns what they make of one of `others`."""
    assert client.wraps is not None
    made = []
    for name in client.names:
        try:
            function = find(name)
        except (ImportError, LookupError):
            findings.unclear.append(f"client {client.id}: no {name}")
            continue
        check_args([(name, function)], {"wraps": client.wraps}, f"client {client.id}: {name}", findings)
        for other in others:
            try:
                made.append((name, function(other)))
                break
            except Exception:
                # It takes clients of another SDK.
                continue
    return made


def objects(client: Client, legacy: set[str], wanted: Callable[[str], bool]) -> Iterator[tuple[str, Any]]:
    """Instances of a client that can be made here: (how, object); None for a name that is missing."""
    for name in filter(wanted, client.names):
        if "()" in name or client.when is not None or client.wraps is not None:
            continue
        try:
            yield name, make(name)
        except ImportError:
            continue
        except LookupError:
            if name not in legacy:
                yield name, None
        except TypeError:
            # Needs a model's name or the like: the class itself shows the same methods; a function shows none.
            maker = find(name.removesuffix(".from_pretrained"))
            if isinstance(maker, type):
                yield name, maker
        except Exception as error:
            print(f"  cannot make {name}: {type(error).__name__}: {str(error)[:100]}", file=sys.stderr)


def check_call(
    call: Call, clients: Mapping[str, Client], made: Mapping[str, list[Any]], legacy: set[str], findings: Findings
) -> None:
    """Every path must be on one of the objects, every argument in one of the signatures."""
    functions: list[tuple[str, Any]] = []
    for path in call.paths:
        found = [
            (f"{how}().{prefix}{path}", function)
            for client_id in call.on
            for how, instance in made.get(client_id, [])
            for prefix in ("", *(f"{name}." for name in clients[client_id].transparent))
            if (function := walk(instance, prefix + path)) is not None
        ]
        if not found and path in legacy:
            continue
        findings.say(bool(found), f"{call.api}: no path {path} on clients {', '.join(call.on)}")
        functions += found
    for name in call.names:
        try:
            functions.append((name, find(name)))
        except (ImportError, LookupError) as error:
            findings.unclear.append(f"{call.api}: {name}: {type(error).__name__}")
    if functions:
        # With `each` the roles are keys of the elements, which no signature shows.
        on_client = [role for client_id in call.on for role in clients[client_id].roles]
        roles = {"each": call.each.arg} if call.each else call.roles
        check_args(functions, roles, call.api, findings, on_client)


def main() -> int:
    """Command line. Returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("packages", nargs="*", help="top-level modules to check (all that can be imported)")
    parser.add_argument("--write", action="store_true", help="write the schema and the compiled catalogue, and stop")
    parser.add_argument("--verbose", action="store_true", help="list what was compared and what could not be, too")
    options = parser.parse_args()
    if options.write:
        from guard.facts.catalog_schema import schema

        folder = ROOT / "guard" / "facts" / "catalog"
        (folder / COMPILED).write_text(compiled(folder), encoding="utf-8")
        (ROOT / "docs" / "catalog.schema.json").write_text(json.dumps(schema(), indent=1) + "\n", encoding="utf-8")
        return 0
    warnings.simplefilter("ignore")
    os.environ.setdefault("TOGETHER_NO_BANNER", "1")
    for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "REPLICATE_API_TOKEN"):
        os.environ.setdefault(key, "us-east-1")
    documents = read_documents()
    legacy = {
        name
        for _, document in documents
        for entry in (*document.get("clients", ()), *document.get("calls", ()))
        for name in expand((*entry.get("legacy_names", ()), *entry.get("legacy_paths", ())))
    }
    catalog = build(documents)
    findings = Findings()

    def wanted(name: str) -> bool:
        return not options.packages or name.partition(".")[0] in options.packages

    def installed(name: str) -> bool:
        return importlib.util.find_spec(name.partition(".")[0]) is not None

    raws = {raw["id"]: raw for _, document in documents for raw in document.get("clients", ())}
    check_frameworks.check(catalog, raws, legacy, find, wanted, findings.say, findings.unclear)
    made: dict[str, list[Any]] = {}
    for client in catalog.clients.values():
        if client.object is not None:
            continue
        for name, instance in objects(client, legacy, wanted):
            findings.say(instance is not None, f"client {client.id}: no {name}")
            if instance is not None:
                made.setdefault(client.id, []).append((name, instance))
                check_args([(name, find(name))], client.roles, f"client {client.id}: {name}", findings)
    for client in catalog.clients.values():
        if client.when is not None and "boto3.client" in client.names and wanted("boto3"):
            made.update({client.id: found} if (found := _boto(client)) else {})
    plain = [found for instances in made.values() for _, found in instances]
    for client in catalog.clients.values():
        if client.wraps is not None and any(map(wanted, client.names)):
            made.update({client.id: found} if (found := check_wrapper(client, plain, findings)) else {})
    calls = list({id(call): call for call in (*catalog.calls.values(), *catalog._call_on.values())}.values())
    for call in calls:
        if call.invoke:
            continue
        if any(map(installed, filter(wanted, call.names))) or any(client_id in made for client_id in call.on):
            check_call(call, catalog.clients, made, legacy, findings)
    for text in findings.wrong:
        print(f"wrong: {text}")
    for text in findings.unclear if options.verbose else ():
        print(f"unclear: {text}")
    for entry in sorted(findings.entries) if options.verbose else ():
        print(f"compared: {entry}")
    every = len(catalog.clients) + len(calls)
    print(f"{len(findings.entries)} of {every} entries compared")
    print(f"{findings.good} right, {len(findings.wrong)} wrong, {len(findings.unclear)} not checkable here")
    return 1 if findings.wrong else 0


def _boto(client: Client) -> list[Any]:
    """A boto3 client for the service; its methods exist, their parameters are in botocore's model."""
    try:
        boto3: Any = importlib.import_module("boto3")
    except ImportError:
        return []
    assert client.when is not None
    service = str(client.when.equals[0])
    return [(f"boto3.client({service!r})", boto3.client(service, region_name="us-east-1"))]


if __name__ == "__main__":
    sys.exit(main())
