"""production-stack of vLLM: Helm values with `servingEngineSpec.modelSpec[]`.

Keys of a model: `modelURL`, `replicaCount`, `requestGPU`, `requestGPUType`, `vllmConfig.{maxModelLen, extraArgs}`,
`keda.{enabled, minReplicaCount, maxReplicaCount, idleReplicaCount}`, `nodeSelectorTerms`. Without a key (the chart's
`values.yaml` and templates): replicas 1; no GPU is asked for without `requestGPU`; KEDA's own defaults 0 and 100. With
`raySpec` the replica spreads over a cluster whose size the values alone do not tell.
"""

from __future__ import annotations

from guard.facts.documents.document import At, Document
from guard.facts.documents.found import Found, limit_of, written
from guard.facts.documents.read import Format
from guard.facts.documents.types import Served, Written
from guard.facts.hosting import pods
from guard.facts.hosting.replicas import count

_GPU = "nvidia.com/gpu"
_WHOLE = (_GPU, "amd.com/gpu")


def _takes(document: Document) -> bool:
    models = document.root.get("servingEngineSpec", "modelSpec")
    return models is not None and any(item.get("modelURL") is not None for item in models.items())


def _collect(document: Document, found: Found) -> None:
    engines = document.root.get("servingEngineSpec")
    models = engines.get("modelSpec") if engines is not None else None
    for item in models.items() if models is not None else ():
        if item.node.kind == "map":
            _model(item, found)


def _model(item: At, found: Found) -> None:
    url, wanted, kind = item.get("modelURL"), item.get("requestGPU"), item.get("requestGPUType")
    found.setting(url, "model")
    found.setting(wanted, "gpu")
    resource = kind.text if kind is not None else None
    if resource is not None and resource != _GPU:
        found.setting(kind, "gpu")
    context = item.get("vllmConfig", "maxModelLen")
    found.setting(context, "context_limit")
    low, _ = count(item.get("replicaCount"), "replicas", found, 1, item)
    high, idle, unknown = low, None, [] if low is not None else ["the number of replicas is filled in later"]
    keda = item.get("keda")
    if keda is not None and (on := keda.get("enabled")) is not None and on.truth:
        low, _ = count(keda.get("minReplicaCount"), "autoscaling", found, 0, item)
        high, _ = count(keda.get("maxReplicaCount"), "autoscaling", found, 100, item)
        if keda.get("idleReplicaCount") is not None:
            idle, _ = count(keda.get("idleReplicaCount"), "autoscaling", found, 0, item)
    gpus = wanted.number if wanted is not None else 0
    places = (Written(gpus, wanted.span, wanted.path),) if wanted is not None and gpus is not None else ()
    if item.get("raySpec") is not None:
        gpus = None
        unknown.append("a replica is spread over a Ray cluster by `raySpec`")
    elif resource is not None and resource not in _WHOLE:
        gpus = None
        unknown.append(f"`{resource}` is a part of a GPU")
    elif gpus == 0:
        return
    name = item.get("name")
    types = _types(item, found)
    if not types and kind is not None and resource == "amd.com/gpu":
        types = (Written(pods.AMD, kind.span, kind.path),)
    found.served.append(
        Served(
            "helm-values", "Deployment", (name.text if name is not None else None) or "", (name or item).span, None,
            "vllm", written(url), types, gpus, places, low, high, idle, limit_of(context), False, tuple(unknown),
        )
    )  # fmt: skip


def _types(item: At, found: Found) -> tuple[Written, ...]:
    """What `nodeSelectorTerms` of a model say, which the chart makes a required affinity of."""
    made: list[Written] = []
    terms = item.get("nodeSelectorTerms")
    for term in terms.items() if terms is not None else ():
        for condition in listed.items() if (listed := term.get("matchExpressions")) is not None else ():
            key, values = condition.get("key"), condition.get("values")
            if key is not None and key.text in pods.TYPE_LABELS and values is not None:
                for value in values.items():
                    one = written(value)
                    if one is not None:
                        found.setting(value, "gpu")
                        made.append(one)
    return tuple(made)


FORMAT = Format(
    name="helm-values",
    kinds=("yaml",),
    words=((b"servingEngineSpec",), (b"modelSpec",)),
    takes=_takes,
    collect=_collect,
    silent=True,
)
