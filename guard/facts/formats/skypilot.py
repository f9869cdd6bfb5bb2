"""SkyPilot: a task that serves a model, with the accelerators that it may be given.

Keys: `resources.accelerators` (`H100:8`, a list, or a map, of which one is taken), `use_spot`, `any_of`/`ordered`,
`num_nodes`, `service.replicas` or `service.replica_policy.{min_replicas, max_replicas}`, models in `envs` that the
`run` text serves. Without a key (docs.skypilot.co, yaml-spec): one accelerator, one node, no spot; a task without
`service` is one replica; of `replica_policy` the maximum is the minimum.
"""

from __future__ import annotations

import re

from guard.facts.documents.document import At, Document
from guard.facts.documents.found import Found
from guard.facts.documents.read import Format
from guard.facts.documents.types import Served, Written
from guard.facts.hosting import commands
from guard.facts.hosting.replicas import count

_ACCELERATOR = re.compile(r"^(?P<name>[A-Za-z][\w.-]*?)(?::(?P<count>\d{1,4}))?$")


def _takes(document: Document) -> bool:
    root, resources = document.root, document.root.get("resources")
    run = root.get("run")
    if resources is None or resources.node.kind not in ("map", "list") or run is None or run.text is None:
        return False
    serves = commands.runtime_of(run.text.split()) is not None
    return serves and any(True for _, at in resources.deep() if at.get("accelerators") is not None)


def _collect(document: Document, found: Found) -> None:
    root = document.root
    resources, run = root.get("resources"), root.get("run")
    if resources is None or run is None:
        return
    set_in = root.get("envs")
    variables = dict(set_in.pairs()) if set_in is not None else {}
    begun = commands.started(None, [run], variables, found)
    types: list[Written] = []
    counts: set[int] = set()
    spots: list[bool] = []
    for _, at in resources.deep():
        listed = at.get("accelerators")
        if listed is not None:
            found.setting(listed, "gpu", value=_shown(listed))
            for one, number in _candidates(listed):
                types.append(one)
                counts.add(number)
        spot = at.get("use_spot")
        spots += [bool(spot.truth)] if spot is not None else []
    nodes, _ = count(root.get("num_nodes"), "replicas", found, 1, root)
    low, high, unknown = _replicas(root, found)
    each = next(iter(counts)) if len(counts) == 1 else None
    if each is None:
        unknown.append("candidates differ in the number of GPUs" if counts else "accelerators are filled in later")
    gpus = each * nodes.value if each is not None and nodes is not None and isinstance(nodes.value, int) else None
    name = root.get("name")
    title = (name.text if name is not None else None) or _stem(found.path)
    found.served.append(
        Served(
            "skypilot", "task", title, (name or resources).span,
            None, begun.runtime, begun.model, tuple(types), gpus, tuple(types), low, high, None, begun.context,
            bool(spots) and all(spots), tuple(unknown),
        )
    )  # fmt: skip


def _replicas(root: At, found: Found) -> tuple[Written | None, Written | None, list[str]]:
    policy = root.get("service", "replica_policy")
    if policy is not None:
        low, _ = count(policy.get("min_replicas"), "autoscaling", found, 1, root)
        most = policy.get("max_replicas")
        high = count(most, "autoscaling", found, 1, root)[0] if most is not None else low
        found.setting(policy.get("target_qps_per_replica"), "autoscaling")
    else:
        low, _ = count(root.get("service", "replicas"), "replicas", found, 1, root)
        high = low
    return low, high, [] if low is not None else ["the number of replicas is filled in later"]


def _candidates(listed: At) -> list[tuple[Written, int]]:
    """Accelerators of which one is taken, each with its number."""
    texts: list[tuple[str, At, int | None]] = []
    if listed.node.kind == "scalar":
        texts = [(str(listed.value), listed, None)]
    elif listed.node.kind == "list":
        texts = [(str(item.value), item, None) for item in listed.items() if item.node.kind == "scalar"]
    else:
        texts = [(key, listed, value.number) for key, value in listed.pairs()]
    made = []
    for text, at, number in texts:
        one = _ACCELERATOR.match(text.strip())
        if one is not None:
            made.append((Written(one["name"], at.span, at.path), int(one["count"] or number or 1)))
    return made


def _shown(listed: At) -> str | None:
    """A map of candidates as the text that Python's reader would make of it; None: as the node has it."""
    if listed.node.kind != "map":
        return None
    return str({key: value.value if value.node.kind == "scalar" else None for key, value in listed.pairs()})


def _stem(path: str) -> str:
    return path.rpartition("/")[2].split(".", 1)[0]


FORMAT = Format(
    name="skypilot",
    kinds=("yaml",),
    words=((b"accelerators",), (b"run",)),
    takes=_takes,
    collect=_collect,
    silent=True,
)
