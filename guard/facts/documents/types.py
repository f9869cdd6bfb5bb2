"""What a configuration file says, as plain facts. In: nothing. Out: the types; collectors fill them, `link` reads them.

Frozen, made of plain data, without syntax nodes: the facts of a file depend on its bytes and path alone, so they can be
kept. Places are `guard.model.Span`s.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from guard.model import Count, Layer, Message, Operation, Problem, Scalar, Setting, Span, Stage

ONE = Count()


class Rows(NamedTuple):
    """A file whose rows are tests or requests: it is read when the facts of all files meet."""

    path: str
    """As written, relative to the file that names it."""
    span: Span
    times: int = 1
    """What its number of rows is multiplied with."""


class Entry(NamedTuple):
    """What starts a declared request."""

    name: str
    """`on: pull_request`."""
    kind: str
    """`ci`, `cli`, `app`."""
    aliases: tuple[str, ...] = ()
    runs_per_month: Decimal | None = None
    """Where the file itself says how often: a schedule."""


@dataclass(frozen=True, slots=True)
class Written:
    """A value as a file has it, with its place."""

    value: Scalar
    span: Span
    key_path: str = ""
    default: bool = False
    """It is what the format's own program takes where the file has no such key; then the place is that of the model."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a gateway sends requests for an alias to: one deployment of a group."""

    alias: str
    """The name that code uses."""
    model: Written
    """As the gateway is told: `openai/gpt-4o`. A `base_model` that tells the true one goes before a deployment."""
    limit: Written | None = None
    """Output limit in tokens that is sent where the request names none."""
    certain: bool = True
    """False: the name is free text (an Azure deployment), not surely a model's."""
    provider: str | None = None
    """Who is asked, where the file says so apart from the model's name."""
    policy: str | None = None
    """Name of the policy that says how often it is tried."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """A file of aliases: what the models of requests by these names really are, and what happens after failures."""

    path: str
    format: str
    targets: tuple[Target, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    """Aliases of aliases."""
    fallbacks: tuple[tuple[str, tuple[Written, ...]], ...] = ()
    """By alias (`*`: of all), the aliases that are tried after a failure, in order."""
    context_fallbacks: tuple[tuple[str, tuple[Written, ...]], ...] = ()
    """Likewise, where the prompt is too long for the model."""
    rotations: tuple[tuple[str, tuple[Written, ...]], ...] = ()
    """By alias, the aliases of which one is asked in turn."""
    policies: tuple[tuple[str, Written], ...] = ()
    """Further tries by the name of a policy."""
    policy_of: tuple[tuple[str, str], ...] = ()
    """The policy of an alias that goes through others."""
    retries: Written | None = None
    """Further tries of a request; None: the gateway's own default."""


@dataclass(frozen=True, slots=True)
class Declared:
    """A request that a file declares."""

    format: str
    api: str
    name: str
    """What it is called in its file, without values: part of the request's identity."""
    span: Span
    models: tuple[Written, ...] = ()
    """Of which one is asked; none: not known, `model_why` says why."""
    model_why: str | None = None
    provider: str | None = None
    operation: Operation = "chat"
    limit: Written | None = None
    """Output limit in tokens; None: none is sent."""
    limit_why: str | None = None
    """Why the limit is not known; None: it is."""
    reasoning: Scalar = None
    messages: tuple[Message, ...] = ()
    prompt_why: str | None = None
    """Why further messages may be sent; None: these are all."""
    repeats: Count = ONE
    rows: tuple[Rows, ...] = ()
    """Files whose rows add to `repeats`."""
    prompt_file: str | None = None
    """The file that the prompt stands in, relative to this one."""
    runs_file: str | None = None
    """Path from the root of the file whose declared request this one runs; what is not said here, that says."""
    turns: Count = ONE
    layers: tuple[Layer, ...] = ()
    outputs: int | None = 1
    tier: str | None = None
    client: str | None = None
    """The alias that is asked, which a file of the same format declares; then that says model, limit and retries."""
    stage: Stage | None = None
    """None: that of the file's path."""
    entries: tuple[Entry, ...] = ()
    """What starts it; none: the file as a whole."""
    after: str | None = None
    """Name of the declared request whose failure leads here."""
    exclusive: str | None = None
    """Declared requests of one word exclude one another."""
    default: bool = False
    """Of those, the one that runs without overrides."""
    conditional: bool = False
    used_by: tuple[str, ...] = ()
    """Texts of which code must hold one for the request to count (the file's name); none: it counts."""
    called_as: str | None = None
    """Name of the function that code calls to send it (BAML); then those calls are its sites."""
    why_not: str | None = None
    """Why it does not count whatever code there is."""
    assumed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reference:
    """A name in a file that stands for something in code: a graph of `langgraph.json`."""

    format: str
    kind: str
    name: str
    target: str
    """As written: `./src/agent.py:graph`."""
    span: Span


@dataclass(frozen=True, slots=True)
class Served:
    """A pool of equal replicas that serve a model on GPUs, as one manifest says it."""

    format: str
    kind: str
    """`Deployment`, `LLMInferenceService`, ...: what a scaler names beside the name."""
    name: str
    span: Span
    namespace: str | None = None
    runtime: str | None = None
    """`vllm`, `tgi`, `triton`, `sglang`, `llama.cpp`, `ollama`, `ray`; None: the manifest does not say."""
    model: Written | None = None
    gpu_types: tuple[Written, ...] = ()
    """As written (`nvidia-l4`, `g5.xlarge`, `H100:2`); of several one will be used. None: the manifest does not say."""
    gpus: int | None = None
    """GPUs of one replica, of all its pods together; None: not known."""
    gpu_places: tuple[Written, ...] = ()
    """Where that number comes from."""
    low: Written | None = None
    """Least replicas; a place of the whole where it is the default."""
    high: Written | None = None
    """Most replicas; None: nothing bounds them."""
    idle: Written | None = None
    """Replicas that stay when nothing is asked, where that is not `low`."""
    context: Written | None = None
    """Tokens that the server takes for prompt and answer together."""
    spot: bool = False
    """Whether it asks for interruptible machines."""
    unknown: tuple[str, ...] = ()
    """What the manifest leaves open, as sentences."""


@dataclass(frozen=True, slots=True)
class Scaler:
    """What sets the replicas of something else: a HorizontalPodAutoscaler, a ScaledObject."""

    format: str
    name: str
    span: Span
    namespace: str | None
    target_kind: str
    target_name: str
    low: Written
    high: Written | None
    """None: it has none, or it is filled in later."""
    idle: Written | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """All that one file says."""

    path: str
    settings: tuple[Setting, ...] = ()
    gateways: tuple[Gateway, ...] = ()
    calls: tuple[Declared, ...] = ()
    references: tuple[Reference, ...] = ()
    problems: tuple[Problem, ...] = ()
    served: tuple[Served, ...] = ()
    scalers: tuple[Scaler, ...] = ()
