"""KServe: `InferenceService` (a predictor with Knative or plain scaling) and `LLMInferenceService` (vLLM pools).

Keys: `spec.predictor.{minReplicas, maxReplicas}`, `.model.{storageUri, resources, args}`; of the LLM kind
`spec.model.uri`, `spec.replicas`, `spec.template`, and `spec.prefill` as a second pool; `spec.worker` with
`spec.parallelism` spreads a replica over several pods, whose number follows from bases that the manifest only names.
Without a key (kserve `v1beta1/component.go`, `v1alpha2/llm_inference_service_types.go`): minReplicas 1; maxReplicas 0
stands for no bound; replicas 1; of `spec.scaling` least 1.
"""

from __future__ import annotations

from guard.facts.documents.document import At, Document
from guard.facts.documents.found import Found, written
from guard.facts.documents.read import Format
from guard.facts.documents.types import Served, Written
from guard.facts.hosting import pods
from guard.facts.hosting.replicas import count

_LLM, _PLAIN = "LLMInferenceService", "InferenceService"
_NO_GPU = "the manifest names no number of GPUs; its base or runtime may"


def _takes(document: Document) -> bool:
    kind, version = document.root.get("kind"), document.root.get("apiVersion")
    if kind is None or version is None or not str(version.value).startswith("serving.kserve.io/"):
        return False
    if kind.value == _LLM:
        return document.root.get("spec", "model") is not None
    predictor = document.root.get("spec", "predictor")
    return kind.value == _PLAIN and predictor is not None and _has_gpu(predictor)


def _has_gpu(predictor: At) -> bool:
    return any(
        at.get("resources", part, name) is not None
        for _, at in predictor.deep() for part in ("limits", "requests") for name in pods.GPU_RESOURCES
    )  # fmt: skip


def _collect(document: Document, found: Found) -> None:
    root = document.root
    spec = root.get("spec")
    kind = root.get("kind")
    if spec is None or kind is None:
        return
    if kind.value == _LLM:
        _llm(root, spec, found)
    else:
        _inference(root, spec, found)


def _llm(root: At, spec: At, found: Found) -> None:
    at = spec.get("model", "uri")
    found.setting(at, "model")
    model = _model(at)
    for pool, suffix in ((spec, ""), (spec.get("prefill"), "-prefill")):
        if pool is None:
            continue
        pod = pods.read(pool.get("template"), found)
        low, _ = count(pool.get("replicas"), "replicas", found, 1, root)
        high = low
        scaling = pool.get("scaling")
        if scaling is not None:
            low, _ = count(scaling.get("minReplicas"), "autoscaling", found, 1, root)
            most = scaling.get("maxReplicas")
            high = count(most, "autoscaling", found, 1, root)[0] if most is not None else None
        unknown = [] if low is not None else ["the number of replicas is filled in later"]
        gpus = pod.gpus or None
        if pool.get("worker") is not None or _many(pool):
            gpus = None
            unknown.append("how many pods a replica has follows from its parallelism and its base")
        elif gpus is None:
            unknown.append(_NO_GPU)
        found.served.append(
            _served(root, _LLM, suffix, pod._replace(model=model, runtime=pod.runtime or "vllm"), gpus, low, high,
                    tuple(unknown))
        )  # fmt: skip


def _many(pool: At) -> bool:
    """Whether a replica is spread over several pods."""
    for key in ("data", "pipeline"):
        at = pool.get("parallelism", key)
        if at is not None and at.number != 1:
            return True
    return False


def _inference(root: At, spec: At, found: Found) -> None:
    predictor = spec.get("predictor")
    if predictor is None:
        return
    low, _ = count(predictor.get("minReplicas"), "autoscaling", found, 1, root)
    most = predictor.get("maxReplicas")
    high = count(most, "autoscaling", found, 0, root)[0] if most is not None else None
    if high is not None and high.value == 0:
        high = None
    pod = pods.read(predictor, found)
    server = predictor.get("model")
    gpus, places, model, context = pod.gpus, pod.gpu_places, pod.model, pod.context
    if server is not None:
        uri = server.get("storageUri")
        found.setting(uri, "model")
        own, place = pods.gpus_of(server, found)
        gpus = None if own is None or gpus is None else own + gpus
        places = (*places, *((place,) if place is not None else ()))
        begun = pods.of_container(server, found)
        model, context = model or begun.model or _model(uri), context or begun.context
    unknown = [] if low is not None else ["the number of replicas is filled in later"]
    gpus = gpus or None
    if predictor.get("workerSpec") is not None:
        gpus = None
        unknown.append("a replica is spread over several pods by `workerSpec`")
    elif gpus is None:
        unknown.append(_NO_GPU)
    pod = pod._replace(gpu_places=places, model=model, context=context)
    found.served.append(_served(root, _PLAIN, "", pod, gpus, low, high, tuple(unknown)))


def _served(
    root: At, kind: str, suffix: str, pod: pods.Pod, gpus: int | None, low: Written | None, high: Written | None,
    unknown: tuple[str, ...],
) -> Served:  # fmt: skip
    name, space = root.get("metadata", "name"), root.get("metadata", "namespace")
    said = (name.text if name is not None else None) or ""
    return Served(
        "kserve", kind, said + suffix, (name or root).span, space.text if space is not None else None, pod.runtime,
        pod.model, pod.gpu_types, gpus, pod.gpu_places, low, high, None, pod.context, pod.spot, unknown,
    )  # fmt: skip


def _model(at: At | None) -> Written | None:
    """A model as `hf://owner/name` names it; of a bucket or volume the whole address."""
    one = written(at)
    if one is None or not isinstance(one.value, str):
        return None
    return Written(one.value.removeprefix("hf://"), one.span, one.key_path)


FORMAT = Format(
    name="kserve",
    kinds=("yaml", "json"),
    words=((b"serving.kserve.io/",), (b"InferenceService",)),
    takes=_takes,
    collect=_collect,
)
