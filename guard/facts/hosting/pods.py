"""Pod templates. In: a template's `spec`. Out: its GPUs, their type, and what its server is started with.

GPUs are those of `resources.limits` (else `requests`): Kubernetes takes the two as equal for extended resources. The
type is that of a node selector or a required affinity; a preferred one binds nothing. What the manifest does not say
is left open: any node that has a GPU may serve it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from guard.facts.documents.document import At
from guard.facts.documents.found import Found, is_filled_later, written
from guard.facts.documents.types import Written
from guard.facts.hosting import commands

GPU_RESOURCES = ("nvidia.com/gpu", "amd.com/gpu")
AMD = "GPU of AMD"
"""Type of a GPU of which only the maker is known: prices of others do not hold for it."""
TYPE_LABELS = frozenset(
    {
        "cloud.google.com/gke-accelerator", "nvidia.com/gpu.product", "node.kubernetes.io/instance-type",
        "beta.kubernetes.io/instance-type", "karpenter.k8s.aws/instance-gpu-name", "k8s.amazonaws.com/accelerator",
        "eks.amazonaws.com/instance-gpu-name", "gpu.nvidia.com/class", "gpu.nvidia.com/model", "accelerator",
    }
)  # fmt: skip
"""Labels of nodes that say which GPU, or which machine."""
_SPOT = {
    "cloud.google.com/gke-spot": "true", "karpenter.sh/capacity-type": "spot", "eks.amazonaws.com/capacityType": "SPOT",
    "kubernetes.azure.com/scalesetpriority": "spot", "cloud.google.com/gke-provisioning": "spot",
}  # fmt: skip


class Pod(NamedTuple):
    """What a pod template says."""

    gpus: int | None
    """None: no number that is known; 0: it asks for none."""
    gpu_places: tuple[Written, ...]
    gpu_types: tuple[Written, ...]
    runtime: str | None
    model: Written | None
    context: Written | None
    spot: bool


def read(spec: At | None, found: Found) -> Pod:
    """The pod of a template's `spec`, with its settings put into `found`."""
    gpus: int | None = 0
    places: list[Written] = []
    server = commands.Started(None, None, None)
    for container in _items(spec, "containers"):
        count, place = gpus_of(container, found)
        gpus = None if gpus is None or count is None else gpus + count
        places += [place] if place is not None else []
        begun = of_container(container, found)
        if server.runtime is None or (server.model is None and begun.model is not None):
            server = begun if begun.runtime is not None else server
    types, spot = node_types(spec, found)
    if not types:
        types = tuple(Written(AMD, one.span, one.key_path) for one in places if "amd.com/gpu" in one.key_path)
    return Pod(gpus, tuple(places), types, server.runtime, server.model, server.context, spot)


def asks_gpu(spec: At | None) -> bool:
    """Whether a container of a pod template asks for a GPU."""
    return any(_resource(container) is not None for container in _items(spec, "containers"))


def of_container(container: At, found: Found) -> commands.Started:
    """What a container starts."""
    items = [item for key in ("command", "args") for item in _listed(container.get(key))]
    image = container.get("image")
    return commands.started(image.text if image is not None else None, items, variables(container), found)


def variables(container: At) -> dict[str, At]:
    """The variables of a container that have a value in the manifest."""
    made: dict[str, At] = {}
    for item in _items(container, "env"):
        name, value = item.get("name"), item.get("value")
        if name is not None and name.text is not None and value is not None:
            made[name.text] = value
    return made


def gpus_of(container: At, found: Found) -> tuple[int | None, Written | None]:
    """How many GPUs a container asks for, and where; 0 and None where it asks for none, None where it is filled in."""
    at = _resource(container)
    if at is None:
        return 0, None
    found.setting(at, "gpu")
    count = at.number
    return count, None if count is None else Written(count, at.span, at.path)


def _resource(container: At) -> At | None:
    for part in ("limits", "requests"):
        for name in GPU_RESOURCES:
            at = container.get("resources", part, name)
            if at is not None:
                return at
    return None


def node_types(spec: At | None, found: Found) -> tuple[tuple[Written, ...], bool]:
    """The GPUs or machines that a pod may run on as written (none: any), and whether they are interruptible."""
    types: list[Written] = []
    spot = False
    if spec is None:
        return (), False
    selector = spec.get("nodeSelector")
    for key, value in selector.pairs() if selector is not None else ():
        spot = spot or str(value.value).lower() == _SPOT.get(key, "-").lower()
        types += _types(key, (value,), found)
    terms = spec.get("affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")
    for term in terms.items() if terms is not None else ():
        for condition in _items(term, "matchExpressions"):
            key_at, operator = condition.get("key"), condition.get("operator")
            if key_at is not None and key_at.text is not None and operator is not None and operator.value == "In":
                values = tuple(_items(condition, "values"))
                types += _types(key_at.text, values, found)
                wanted = _SPOT.get(key_at.text, "-").lower()
                spot = spot or [str(value.value).lower() for value in values] == [wanted]
    return tuple(dict.fromkeys(types)), spot


def _types(label: str, values: tuple[At, ...], found: Found) -> list[Written]:
    made = []
    for value in values if label in TYPE_LABELS else ():
        one = written(value)
        if one is not None and isinstance(one.value, str) and not is_filled_later(one.value):
            found.setting(value, "gpu")
            made.append(one)
    return made


def _items(at: At | None, key: str) -> Iterator[At]:
    listed = at.get(key) if at is not None else None
    if listed is not None:
        yield from listed.items()


def _listed(at: At | None) -> list[At]:
    """The items of a list of scalars; a text by itself is one item."""
    if at is None:
        return []
    return [at] if at.node.kind == "scalar" else [item for item in at.items() if item.node.kind == "scalar"]
