"""Ray Serve's configuration and KubeRay's `RayService`, which has it as a text beside a cluster's worker groups.

Keys: `applications[].args.llm_configs[]` with `model_loading_config.{model_source, model_id}`, `accelerator_type`,
`engine_kwargs.{max_model_len, tensor_parallel_size, pipeline_parallel_size}`, `deployment_config.num_replicas` or
`.autoscaling_config.{min_replicas, max_replicas}`; `rayClusterConfig.workerGroupSpecs[].{replicas, minReplicas,
maxReplicas, numOfHosts}` with GPU limits.
Without a key (docs.ray.io, AutoscalingConfig, and RayCluster's CRD): num_replicas 1, min_replicas 1, max_replicas 1,
tensor_parallel_size 1; of a group replicas and minReplicas 0, maxReplicas without bound, and groups do not scale
without `enableInTreeAutoscaling`.

Two layers scale: replicas inside the cluster, machines of the cluster. What is paid are machines, so a RayService is
its groups; a serve configuration alone is its replicas.
"""

from __future__ import annotations

from guard.facts.documents.document import At, Document, inner
from guard.facts.documents.found import Found, limit_of, written
from guard.facts.documents.read import Format
from guard.facts.documents.types import Served, Written
from guard.facts.hosting import pods
from guard.facts.hosting.replicas import count

_FORMAT = "ray-serve"


def _takes(document: Document) -> bool:
    root = document.root
    if _is_service(root):
        return root.get("spec", "rayClusterConfig") is not None
    return root.get("applications") is not None and any(True for _ in _configs(root))


def _is_service(root: At) -> bool:
    kind = root.get("kind")
    return kind is not None and kind.value == "RayService"


def _configs(serve: At) -> list[At]:
    """The models of a serve configuration."""
    applications = serve.get("applications")
    found = []
    for application in applications.items() if applications is not None else ():
        listed = application.get("args", "llm_configs")
        found += [one for one in (listed.items() if listed is not None else ()) if one.node.kind == "map"]
    return found


def _collect(document: Document, found: Found) -> None:
    root = document.root
    if not _is_service(root):
        for config in _configs(root):
            found.served.append(_application(config, found))
        return
    text = root.get("spec", "serveConfigV2")
    serve = inner(text) if text is not None else None
    inside = [_application(config, found) for config in _configs(serve)] if serve is not None else []
    scales = root.get("spec", "rayClusterConfig", "enableInTreeAutoscaling")
    groups = root.get("spec", "rayClusterConfig", "workerGroupSpecs")
    for group in groups.items() if groups is not None else ():
        made = _group(root, group, inside, bool(scales is not None and scales.truth), found)
        found.served += [made] if made is not None else []


def _application(config: At, found: Found) -> Served:
    loading = config.get("model_loading_config")
    source = loading.get("model_source") if loading is not None else None
    if source is None or source.text is None:
        source = loading.get("model_id") if loading is not None else None
    found.setting(source, "model")
    kind = config.get("accelerator_type")
    found.setting(kind, "gpu")
    context = config.get("engine_kwargs", "max_model_len")
    found.setting(context, "context_limit")
    gpus, places = 1, []
    unknown: list[str] = []
    for key in ("tensor_parallel_size", "pipeline_parallel_size"):
        at = config.get("engine_kwargs", key)
        if at is not None:
            found.setting(at, "gpu")
            number = at.number
            gpus *= number or 0
            if number is None:
                unknown.append(f"`{key}` is filled in later")
            else:
                places.append(Written(number, at.span, at.path))
    scaling = config.get("deployment_config", "autoscaling_config")
    if scaling is not None:
        low, _ = count(scaling.get("min_replicas"), "autoscaling", found, 1, config)
        high, _ = count(scaling.get("max_replicas"), "autoscaling", found, 1, config)
    else:
        low, _ = count(config.get("deployment_config", "num_replicas"), "replicas", found, 1, config)
        high = low
    name, one = loading.get("model_id") if loading is not None else None, written(kind)
    return Served(
        _FORMAT, "llm_config", (name.text if name is not None else None) or "", (name or config).span, None, "ray",
        written(source), (one,) if one is not None else (), gpus or None, tuple(places), low, high, None,
        limit_of(context), False, tuple(unknown),
    )  # fmt: skip


def _group(root: At, group: At, inside: list[Served], scales: bool, found: Found) -> Served | None:
    """A group of machines with GPUs; None: it has none."""
    spec = group.get("template", "spec")
    if not pods.asks_gpu(spec):
        return None
    pod = pods.read(spec, found)
    start, _ = count(group.get("replicas"), "replicas", found, 0, group)
    least, _ = count(group.get("minReplicas"), "autoscaling", found, 0, group)
    most_at = group.get("maxReplicas")
    most = count(most_at, "autoscaling", found, 0, group)[0] if most_at is not None else None
    hosts, _ = count(group.get("numOfHosts"), "replicas", found, 1, group)
    unknown = [f"{what} is filled in later" for what, at in (
        ("the number of replicas", least if scales else start), ("the number of hosts of a replica", hosts),
    ) if at is None]  # fmt: skip
    gpus = pod.gpus * hosts.value if pod.gpus and hosts is not None and isinstance(hosts.value, int) else None
    name = group.get("groupName")
    service, space = root.get("metadata", "name"), root.get("metadata", "namespace")
    full = "/".join(at.text for at in (service, name) if at is not None and at.text is not None)
    only = inside[0] if len(inside) == 1 else None
    if len(inside) > 1:
        unknown.append("several models share the machines of this group")
    return Served(
        _FORMAT, "RayService", full, (name or group).span, space.text if space is not None else None,
        pod.runtime or "ray", pod.model or (only.model if only is not None else None), pod.gpu_types or tuple(
            dict.fromkeys(one for served in inside for one in served.gpu_types)
        ), gpus, pod.gpu_places, least if scales else start, most if scales else start, None,
        pod.context or (only.context if only is not None else None), pod.spot, tuple(unknown),
    )  # fmt: skip


FORMAT = Format(
    name=_FORMAT,
    kinds=("yaml",),
    words=((b"llm_configs", b"RayService"), (b"applications", b"serveConfigV2", b"rayClusterConfig")),
    takes=_takes,
    collect=_collect,
)
