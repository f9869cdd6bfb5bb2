"""Kubernetes: workloads that serve a model on GPUs (Deployment, StatefulSet, LeaderWorkerSet, Knative Service), and
what scales them (HorizontalPodAutoscaler, KEDA's ScaledObject and HTTPScaledObject).

Keys: `spec.replicas`, `spec.leaderWorkerTemplate.size`, containers' GPUs and arguments, node selectors. A workload
counts where a container runs a known model server and asks for a GPU. Without a key: replicas 1 (LeaderWorkerSet: 1,
size 1), HPA minReplicas 1, KEDA minReplicaCount 0 and maxReplicaCount 100 (keda.sh, ScaledObject specification), HTTP
add-on 0 and 100, Knative's `min-scale` 0 and `max-scale` without bound (knative.dev, autoscaling scale bounds).
"""

from __future__ import annotations

from guard.facts.documents.document import At, Document
from guard.facts.documents.found import Found
from guard.facts.documents.read import Format
from guard.facts.documents.types import Scaler, Served, Written
from guard.facts.hosting import commands, pods
from guard.facts.hosting.replicas import count

_WORKLOADS = ("Deployment", "StatefulSet", "LeaderWorkerSet", "Service")
_SCALERS = ("HorizontalPodAutoscaler", "ScaledObject", "HTTPScaledObject")
_KEDA_MOST = 100


def _takes(document: Document) -> bool:
    root = document.root
    if root.node.kind != "map" or _text(root.get("apiVersion")) is None or root.get("metadata") is None:
        return False
    kind = _text(root.get("kind"))
    if kind in _SCALERS:
        return root.get("spec", "scaleTargetRef") is not None
    return kind in _WORKLOADS and any(_serves(spec) for spec in _templates(root))


def _templates(root: At) -> tuple[At, ...]:
    """The pod templates of a workload."""
    if _text(root.get("kind")) == "LeaderWorkerSet":
        group = root.get("spec", "leaderWorkerTemplate")
        found = [group.get(key, "spec") for key in ("leaderTemplate", "workerTemplate")] if group is not None else []
    else:
        found = [root.get("spec", "template", "spec")]
    return tuple(one for one in found if one is not None)


def _serves(spec: At) -> bool:
    """Whether a container of a pod is a model server, and one asks for a GPU."""
    if not pods.asks_gpu(spec):
        return False
    containers = spec.get("containers")
    for container in containers.items() if containers is not None else ():
        parts = [container.get(key) for key in ("image", "command", "args")]
        texts = [str(item.value) for part in parts if part is not None for item in (part, *part.items())]
        if commands.runtime_of(texts) is not None:
            return True
    return False


def _collect(document: Document, found: Found) -> None:
    root = document.root
    kind = _text(root.get("kind"))
    if kind in _SCALERS:
        _scaler(root, kind, found)
    elif kind == "LeaderWorkerSet":
        _group(root, found)
    else:
        _workload(root, kind or "", found)


def _workload(root: At, kind: str, found: Found) -> None:
    low: Written | None
    high: Written | None
    if kind == "Service":
        pod = pods.read(root.get("spec", "template", "spec"), found)
        low, high = _knative(root, found)
        format = "knative"
    else:
        format = f"k8s-{_first_runtime(root)}"
        found.format = format
        pod = pods.read(root.get("spec", "template", "spec"), found)
        low, _ = count(root.get("spec", "replicas"), "replicas", found, 1, root)
        high = low
    unknown = () if low is not None else ("the number of replicas is filled in later",)
    found.served.append(_served(root, format, kind, pod, pod.gpus, pod.gpu_places, low, high, unknown))


def _first_runtime(root: At) -> str:
    texts = []
    containers = root.get("spec", "template", "spec", "containers")
    for container in containers.items() if containers is not None else ():
        parts = [container.get(key) for key in ("image", "command", "args")]
        texts += [str(item.value) for part in parts if part is not None for item in (part, *part.items())]
    return commands.runtime_of(texts) or "server"


def _served(
    root: At, format: str, kind: str, pod: pods.Pod, gpus: int | None, places: tuple[Written, ...],
    low: Written | None, high: Written | None, unknown: tuple[str, ...],
) -> Served:  # fmt: skip
    name = root.get("metadata", "name")
    return Served(
        format, kind, _text(name) or "", (name or root).span, _text(root.get("metadata", "namespace")), pod.runtime,
        pod.model, pod.gpu_types, gpus, places, low, high, None, pod.context, pod.spot, unknown,
    )  # fmt: skip


def _group(root: At, found: Found) -> None:
    """A LeaderWorkerSet: each replica is a leader and `size - 1` workers; without a leader's template all are alike."""
    found.format = "k8s-lws"
    group = root.get("spec", "leaderWorkerTemplate")
    leader_spec = group.get("leaderTemplate", "spec") if group is not None else None
    worker = pods.read(group.get("workerTemplate", "spec") if group is not None else None, found)
    leader = pods.read(leader_spec, found) if leader_spec is not None else worker
    size, _ = count(group.get("size") if group is not None else None, "replicas", found, 1, root)
    low, _ = count(root.get("spec", "replicas"), "replicas", found, 1, root)
    gpus = None
    unknown = [] if low is not None else ["the number of replicas is filled in later"]
    if size is not None and leader.gpus is not None and worker.gpus is not None and isinstance(size.value, int):
        gpus = leader.gpus + max(0, size.value - 1) * worker.gpus
    elif size is None:
        unknown.append("the number of pods of a group is filled in later")
    types = tuple(dict.fromkeys((*leader.gpu_types, *worker.gpu_types)))
    same = {one.value for one in leader.gpu_types} == {one.value for one in worker.gpu_types}
    if not same and leader.gpu_types and worker.gpu_types:
        unknown.append("leader and workers run on different GPUs")
    named = leader if leader.model is not None else worker
    pod = leader._replace(
        gpu_types=types, runtime=leader.runtime or worker.runtime, model=named.model,
        context=leader.context or worker.context, spot=leader.spot and worker.spot,
    )  # fmt: skip
    places = tuple(dict.fromkeys((*leader.gpu_places, *worker.gpu_places, *((size,) if size is not None else ()))))
    found.served.append(_served(root, "k8s-lws", "LeaderWorkerSet", pod, gpus, places, low, low, tuple(unknown)))


def _knative(root: At, found: Found) -> tuple[Written | None, Written | None]:
    notes = root.get("spec", "template", "metadata", "annotations")
    low, high = (
        notes.get(f"autoscaling.knative.dev/{key}") if notes is not None else None for key in ("min-scale", "max-scale")
    )
    least, _ = count(low, "autoscaling", found, 0, root)
    most, said = count(high, "autoscaling", found, 0, root)
    return least, most if said and most is not None and most.value != 0 else None


def _scaler(root: At, kind: str, found: Found) -> None:
    spec, target = root.get("spec"), root.get("spec", "scaleTargetRef")
    name = target.get("name") if target is not None else None
    if spec is None or target is None or _text(name) is None:
        return
    idle = None
    defaults: tuple[int, int | None]
    if kind == "HorizontalPodAutoscaler":
        format, keys, defaults = "k8s-hpa", ("minReplicas", "maxReplicas"), (1, None)
    elif kind == "ScaledObject":
        format, keys, defaults = "keda", ("minReplicaCount", "maxReplicaCount"), (0, _KEDA_MOST)
    else:
        format, keys, defaults = "keda", ("replicas.min", "replicas.max"), (0, _KEDA_MOST)
    found.format = format
    low, _ = count(spec.get(*keys[0].split(".")), "autoscaling", found, defaults[0], root)
    at = spec.get(*keys[1].split("."))
    high = None if at is None and defaults[1] is None else count(at, "autoscaling", found, defaults[1] or 0, root)[0]
    if kind == "ScaledObject" and spec.get("idleReplicaCount") is not None:
        idle, _ = count(spec.get("idleReplicaCount"), "autoscaling", found, 0, root)
    for key in ("cooldownPeriod", "scaledownPeriod", "pollingInterval"):
        found.setting(spec.get(key), "autoscaling")
    if low is None:
        return
    found.scalers.append(
        Scaler(
            format, _text(root.get("metadata", "name")) or "", root.span, _text(root.get("metadata", "namespace")),
            _text(target.get("kind")) or "Deployment", _text(name) or "", low, high, idle,
        )
    )  # fmt: skip


def _text(at: At | None) -> str | None:
    return at.text if at is not None else None


FORMAT = Format(
    name="kubernetes",
    kinds=("yaml", "json"),
    words=(
        (b"apiVersion",), (b"metadata",),
        (b"Deployment", b"StatefulSet", b"LeaderWorkerSet", b"serving.knative.dev", b"HorizontalPodAutoscaler",
         b"ScaledObject"),
        (b"/gpu", b"scaleTargetRef"),
    ),
    takes=_takes,
    collect=_collect,
    silent=True,
)  # fmt: skip
