"""The types that cross a border between rooms.

Frozen, slotted and made of plain data: no syntax nodes, no open files, no configuration objects. Any room may import
this module and this module imports none. Lines and columns are 1-based, paths are POSIX and relative to the root of
the scan, money is `Decimal` US dollars, token counts are `int`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

Scalar = str | int | float | bool | None
"""What a resolved choice can be. `None` together with a trail ending in `not_sent` means "nothing is sent"."""

How = Literal[
    "literal", "constant", "default", "env_default", "config_file", "argument", "attribute", "return", "computed",
    "catalog_default", "not_sent", "declared", "inline",
]  # fmt: skip
Role = Literal["send", "model", "invoke", "wrapper", "config"]
Billed = Literal["yes", "maybe", "no"]
Confidence = Literal["certain", "likely", "assumed"]
Stage = Literal["production", "batch", "evaluation", "ci", "development", "test"]
Operation = Literal[
    "chat", "responses", "text_completion", "embedding", "image", "video", "audio_tts", "audio_stt", "moderation",
    "rerank", "realtime", "batch", "agent", "ocr", "unknown",
]  # fmt: skip


# --- places -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a file: from the first character to just behind the last one."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    cell: int | None = None
    """Notebook cell, all cells counted from 0; `line` then counts through the joined code cells (see `cell_line`)."""
    cell_line: int | None = None
    """Line within the cell, from 1."""


@dataclass(frozen=True, slots=True)
class Step:
    """One hop of a trail: how a value got from there towards the request."""

    span: Span
    how: How
    note: str = ""
    """A few words for people, e.g. `RANK_MODEL` for an environment default. Never a secret, never prompt text."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A file that could not be read or understood. The scan goes on."""

    path: str
    line: int | None
    column: int | None
    kind: str
    """Stable word in kebab-case: `not-utf8`, `syntax`, `too-large`, `outside-root`, `not-a-file`, `too-deep`, ..."""
    message: str
    """What is wrong and what it means for the report."""
    hint: str = ""
    """What to do."""


# --- values -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Choice:
    """One value that can arrive at the request, with the way it came (origin first)."""

    value: Scalar
    trail: tuple[Step, ...] = ()
    price_id: str | None = None
    """For model names: the normalised name that the price table knows, else None."""


@dataclass(frozen=True, slots=True)
class Value:
    """What the analysis knows of a quantity. Nothing known: no choices, open, `why` says the reason."""

    choices: tuple[Choice, ...] = ()
    open: bool = True
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """A multiplier (attempts, turns, repeats) as bounds. `high` None: no bound was found, `why` says the reason."""

    low: int = 1
    typical: float = 1
    high: int | None = 1
    why: tuple[str, ...] = ()
    trail: tuple[Step, ...] = field(default=(), compare=False)
    """Where the number comes from: loop heads, and the way of every figure in them. May lack steps, names no others."""
    guessed: tuple[str, ...] = field(default=(), compare=False)
    """Loops in it of whose length nothing is known, so that `typical` counts one round of each, which is a guess."""


ONCE = Count()


@dataclass(frozen=True, slots=True)
class Variant:
    """Choices that are made together (same branch, constructor or configuration object)."""

    model: Choice | None
    provider: str | None
    max_output: Choice | None
    """Output limit in tokens; a choice whose value is None: nothing is sent; None: unknown."""
    reasoning: Scalar = None
    """Reasoning effort as written, or thinking budget in tokens; None: not sent or unknown."""
    tier: str | None = None
    """`batch`, `flex`, `priority` or None for the standard tier."""
    default: bool = False
    """True for the variant that runs without overrides, whose price is typical. In a report, where none is known to,
    for the dearest, which then stands in for it (the estimate lists that as an assumption)."""


# --- requests ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Site:
    """A call expression (or configuration key) that belongs to a request."""

    span: Span
    role: Role
    repeats: Count
    """How often it runs per call of the function that it stands in, of a closure per call of the outermost function
    around it; retry loops are not counted here."""
    qualname: str
    """Qualified name of the enclosing function or class, `<module>` at the top level."""
    callee: str
    """What is called, as written: `client.chat.completions.create`, `ask`."""
    inner: Count | None = None
    """The share of `repeats` that loops in the closure itself have; None: all of it."""

    @property
    def own(self) -> Count:
        """How often it runs per call of the innermost function that it stands in, be it a closure."""
        return self.repeats if self.inner is None else self.inner


MEDIA = "media or data in the message"
"""How the `why` of a hole begins that stands for something else than text."""
LOW_DETAIL = f"{MEDIA}, in low detail"
"""The same of an image for which the code sends `detail: low`."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of prompt, in order. Static text, or a hole that is filled at run time."""

    text: str | None
    """Static text; None for a hole. Reports leave it out unless `--show-prompts` is given."""
    name: str | None = None
    """Name of the hole, e.g. `docs`."""
    span: Span | None = None
    max_chars: int | None = None
    """Bound of a hole in characters where the code cuts it (`docs[:2000]`)."""
    why: str = ""
    """For a hole: where it comes from, in words."""
    max_tokens: int | None = None
    """Bound of a hole in tokens where the code cuts it to a number of them (`trim_messages(max_tokens=...)`)."""
    tokens: tuple[int, int, int | None] | None = None
    """Of a hole that a library fills: its size in tokens at least, as a rule and at most. Wording of its own has all
    three; what it looks up at run time (passages) has no known most."""
    passages: int | None = None
    """Of a hole that passages fill: how many of them `tokens` is made of, each as long as the others; None: it is not
    made of passages, or their number is not known."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a prompt. `role` is `text` for text that is sent without framing (completions, embeddings)."""

    role: str
    segments: tuple[Segment, ...]
    name: str | None = None
    inputs: Count | None = None
    """Of a request for embeddings: how many inputs of its like it stands for; None: it is one."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Of a request for embeddings, whose messages are inputs that each have the model's window to themselves: what the
    provider takes in one request. None: no limit is known, or the library makes several requests of it."""

    inputs: int | None = None
    tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Prompt:
    """All that is known of the input. `open` is true when further messages may be sent that are not listed."""

    messages: tuple[Message, ...] = ()
    open: bool = False
    why: str | None = None
    tools_json: str | None = None
    """Tool and schema definitions as canonical JSON text where they are static."""
    tools: int = 0
    """Number of tools that are sent (of those that are known)."""
    tools_open: bool = False
    others: tuple[tuple[Message, ...], ...] = ()
    """Other whole message lists that may be sent instead of `messages`, which are those of the default or the first."""
    rounds: tuple[int, ...] = ()
    """How often `messages` and each of `others` is sent while a loop runs once over its elements, which alone decide
    between them; empty: something else decides."""
    unsure: str | None = None
    """Why text may be sent that stands in neither `messages` nor `others`, so that neither bounds the input."""
    tools_trail: tuple[Step, ...] = ()
    """Where the tools that are sent come from."""
    caches: bool = False
    """True when the prompt asks for its beginning to be cached (`cache_control`), which writes at a rate of its own."""
    caches_hour: bool = False
    """True where it is to be kept for an hour (`ttl: 1h`), which is dearer to write than the usual five minutes."""
    batch: Batch | None = None
    """Where each message is an input by itself: the limits of a request; None: the messages are one prompt."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of retries around a request; layers multiply."""

    name: str
    """`openai SDK`, `tenacity`, `for attempt in range(3)`."""
    attempts: int | None
    """HTTP tries at worst including the first; None: unbounded."""
    billed: Billed
    span: Span | None = None
    why: str = ""
    trail: tuple[Step, ...] = field(default=(), compare=False)
    """The way of the number of tries, where it is written somewhere."""


@dataclass(frozen=True, slots=True)
class Reach:
    """An entry point from which the request is reached."""

    entry: str
    """`path::qualname`."""
    kind: str
    """`function`, `main`, `module`, `notebook`, `cli`, `route`, `task`, `app`, `tool`, `test`, `example`."""
    repeats: Count
    """Calls of the request per run of the entry point."""
    aliases: tuple[str, ...] = ()
    """Other names of the same entry point: `module:function`, `POST /ask`."""
    chain: tuple[Span, ...] = ()
    """Call sites from the entry point down to the outermost site of the request (one example)."""
    runs_per_month: Decimal | None = None
    """Where a file of the repository says how often it runs (`schedule` of a workflow); None: nothing says so."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A quantity of a request that is not known, with the reason."""

    what: str
    """`model`, `max_output`, `attempts`, `repeats`, `prompt`, `price`, ..."""
    why: str
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """The unit of cost: one (model object, send site, context)."""

    id: str
    api: str
    """`openai.chat.completions.create`."""
    operation: Operation
    provider: str | None
    sites: tuple[Site, ...]
    """Outermost first; the last one sends."""
    model: Value
    max_output: Value
    variants: tuple[Variant, ...]
    attempts: Count
    turns: Count
    repeats: Count
    """Calls per run of the function (a closure is one) that the first site stands in: product of the sites' `own`."""
    layers: tuple[Layer, ...]
    prompt: Prompt
    reached_from: tuple[Reach, ...]
    counted: bool = True
    why_not: str | None = None
    exclusive: str | None = None
    """Requests of the same group exclude one another in a run."""
    exclusive_default: bool = False
    after: str | None = None
    """Id of the request whose failure leads here (fallbacks); typical attempts are then 0."""
    callers: int = 1
    caller_examples: tuple[tuple[Span, ...], ...] = ()
    stage: Stage = "production"
    conditional: bool = False
    """The call stands under a condition, so the low of everything is 0."""
    outputs: int | None = 1
    """Answers per request (`n=`); None: unknown."""
    size: Value = Value((), False)
    """Size of an image as sent, a choice of None: nothing is sent; without choices and not open: there is no such
    argument, or the price depends on more."""
    quality: Value = Value((), False)
    """Quality of an image, likewise."""
    region: Value = Value((), False)
    """Where the provider is told to run the request (`inference_geo="us"`), likewise."""
    unknown: tuple[Unknown, ...] = ()
    assumed: tuple[str, ...] = ()
    """Assumptions that the analysis made (dearest variant as typical, duck-typed receiver, ...)."""
    inline: Mapping[str, str] = field(default_factory=dict)
    """`# guard: assume ...` values at the request's sites, as written."""


# --- estimates --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tokens:
    """An interval of tokens. `high` None: no bound."""

    low: int
    typical: float
    high: int | None


@dataclass(frozen=True, slots=True)
class Money:
    """An interval of US dollars. `high` None: no bound was found (the reasons stand in the estimate's `why`)."""

    low: Decimal
    typical: Decimal
    high: Decimal | None


@dataclass(frozen=True, slots=True)
class Part:
    """A line of the arithmetic: quantity x rate, for one attempt of one turn of one call."""

    name: str
    """`uncached input`, `output`, ..."""
    quantity: Tokens
    usd_per_million: Decimal
    usd: Money
    variant: int = 0
    """Index into the request's variants."""


@dataclass(frozen=True, slots=True)
class Hole:
    """A hole with the size that was taken for it."""

    name: str
    tokens: Tokens
    source: str
    """`default` (shipped), `usage.default`, `usage.rules[0]`, `inline`, `slice [:2000]`."""


@dataclass(frozen=True, slots=True)
class EntryCost:
    """What one call of a request costs when it comes from one of its entry points, by the usage rules for that one."""

    entry: str
    """`Reach.entry`."""
    usd: Money
    """Of a call, the mean over the rounds of a loop in which the prompt grows."""
    rules: tuple[str, ...]
    """Sources of the usage rules that say something about its sizes, most specific first."""
    assumed_share: float | None
    """Share of typical `usd` that rests on assumptions (0 to 1)."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What one call of a request costs, with its turns and attempts. `usd` is None when it cannot be priced."""

    priced: bool
    why: tuple[str, ...]
    """Reasons: why it is not priced, or why `usd.high` has no bound."""
    input_tokens: Tokens | None
    """Of one turn of one call."""
    output_tokens: Tokens | None
    usd: Money | None
    usd_per_run: Money | None
    usd_per_month: Money | None
    runs_per_month: Decimal | None
    runs_source: str | None
    static_tokens: int | None
    segment_tokens: tuple[tuple[int, ...], ...]
    """Tokens of each segment of each message (0 for holes), parallel to `prompt.messages`."""
    holes: tuple[Hole, ...]
    parts: tuple[Part, ...]
    assumptions: tuple[str, ...]
    approximate: str | None = None
    """How tokens were counted when not exactly: `o200k_base x 1.25 +/- 15 %`."""
    assumed_share: float | None = None
    """Share of typical `usd` that rests on assumptions (0 to 1)."""
    known_only: tuple[str, ...] = ()
    """Why the figures cover only what is known and priced, so that their low and high are no bounds: another model may
    be used, a variant has no price. Empty: they cover all that may run."""
    assumed_share_month: float | None = None
    """Share of typical `usd_per_month` that rests on assumptions: all that comes through a loop of unknown length does.
    None: there is no month, or it was read from a stored report."""
    runs_assumed: bool = False
    """Whether a traffic profile says how often some entry points run, of which nobody declared it."""
    by_entry: tuple[EntryCost, ...] = ()
    """What a call costs from each entry point, by name, where usage rules size them differently; `usd` then spans them
    and its typical is their mean by calls a month, or the dearest where runs are not declared. Empty: it is the same.
    """


# --- policies and findings --------------------------------------------------------------------------------------

Severity = Literal["low", "medium", "high"]
Enforce = Literal["off", "warn", "block"]
VerdictWord = Literal["violated", "undecided"]


@dataclass(frozen=True, slots=True)
class Label:
    """A span of a finding with the words beside it. The first label of a finding is the primary one."""

    span: Span
    text: str = ""


@dataclass(frozen=True, slots=True)
class Forgiven:
    """Why a finding does not count: an inline ignore, an exception, or the baseline."""

    by: str
    """`inline`, `exception` or `baseline`."""
    reason: str
    span: Span | None = None


FixKind = Literal["output-limit", "attempts", "retry-stop", "turns", "candidates", "timeout", "model", "order"]


@dataclass(frozen=True, slots=True)
class Fix:
    """An edit that would keep a policy, as a check asks for it; `guard.fix` turns it into text."""

    kind: FixKind
    span: Span
    """Of the value where it is written, or of the call that lacks an argument (`argument` then names it)."""
    value: Scalar
    """What is written there."""
    argument: str = ""
    """Keyword argument that is added to the call at `span`, a path where it lies in another one
    (`generation_config.max_output_tokens`); empty: `span` is a value, which `value` replaces."""
    safe: bool = True
    """Whether the program does the same with it, apart from what the policy is about. Others need `--unsafe`."""
    words: str = ""
    """What it does, for people: `limit the answer to 4,096 tokens`."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How far a finding of a budget goes, so that a rise can be told from what was there before."""

    quantity: Decimal
    unit: Literal["usd", "requests", "tokens"]
    """US dollars of the compared figure; or how many requests (entry points for runs) have no figure; or the tokens
    of a
    prompt."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict to report."""

    id: str
    """Stable: policy, request id, offending non-numeric value."""
    policy: str
    verdict: VerdictWord
    severity: Severity
    enforce: Enforce
    message: str
    labels: tuple[Label, ...]
    notes: tuple[str, ...] = ()
    """Lines below the frame, `cost: $0.01 per call`."""
    help: str = ""
    request: str | None = None
    """Id of the request; None for sums and for findings about the configuration."""
    confidence: Confidence = "certain"
    forgiven: Forgiven | None = None
    also: tuple[str, ...] = ()
    """Ids of further requests of which the same was found at the same place, and which this finding stands for."""
    extent: Extent | None = None
    """Of a budget that is exceeded, nearly so or undecided: by how much; None: nothing that could grow is known."""
    fixes: tuple[Fix, ...] = ()
    """Edits that belong together: all of them or none. Not in stored reports."""


# --- configuration of other formats -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Setting:
    """A cost-relevant key of a known configuration format."""

    path: str
    line: int
    """On which the value stands; of a text over several lines its first, or that of the part that is meant."""
    format: str
    """`litellm-proxy`, `promptfoo`, ...: docs/formats.md lists them."""
    key_path: str
    what: str
    """`model`, `max_tokens`, `retries`, ..."""
    value: Scalar
    """As the file says; None where `items` has it. Of a prompt the whole text: reports hide it."""
    column: int = 1
    confidence: Confidence = "certain"
    """`certain`: the format says what the key means; `likely`: an application's own key, by its name and value."""
    items: tuple[Scalar, ...] | None = None
    """Of a list its items; None: it is no list."""


# --- self-hosted models -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bounds:
    """US dollars from a least to a most; `high` None: nothing bounds it."""

    low: Decimal
    high: Decimal | None


@dataclass(frozen=True, slots=True)
class Deployment:
    """A model that a manifest serves on GPUs, with what those cost whether anything is asked or not."""

    name: str
    kind: str
    """`Deployment`, `LLMInferenceService`, ..."""
    format: str
    span: Span
    runtime: str | None
    """`vllm`, `tgi`, ...; None: not known."""
    model: str | None
    """As the server is told; None: not known."""
    model_span: Span | None
    gpu: tuple[str, ...]
    """GPUs of which one kind is used, by the names of the price table (`h100`), or as written where that has no such
    name; empty: the manifest does not say."""
    gpu_spans: tuple[Span, ...]
    gpus: int | None
    """Of one replica, all its pods together."""
    gpus_spans: tuple[Span, ...]
    replicas_low: int | None
    replicas_high: int | None
    """None: not known, or nothing bounds them, which `unknown` tells."""
    replicas_spans: tuple[Span, ...]
    scaled_by: str | None
    """Format of what scales it; None: the number of replicas is fixed."""
    idle: int | None
    """Replicas that stay when nothing is asked."""
    context_limit: int | None
    """Tokens."""
    context_span: Span | None
    spot: bool
    usd_per_hour: Bounds | None
    """From the fewest replicas at the least price to the most replicas at the highest. None: not known."""
    usd_per_month: Bounds | None
    """730 hours of it."""
    idle_usd_per_month: Bounds | None
    """What is paid when nothing is asked, from the least price to the highest."""
    prices: tuple[str, ...] = ()
    """Sources of the prices that were taken."""
    unknown: tuple[str, ...] = ()
    """What is not known and why."""


# --- the report -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Priced:
    """A request with its estimate and its place in the business."""

    request: Request
    estimate: Estimate
    feature: str | None = None
    owner: str | None = None
    remarks: tuple[str, ...] = ()
    """What declarations did to the request. None in a report that was read from JSON."""
    stands_in: bool = False
    """Whether the variant that is marked as the default only stands in for one that is not known."""

    @property
    def in_totals(self) -> bool:
        """Whether sums and budgets are about it: counted, and no test, or a test for which runs are declared."""
        runs = self.estimate.runs_per_month
        return self.request.counted and (self.request.stage != "test" or bool(runs))


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over the requests that are `Priced.in_totals`: one call of each (`usd`), a month where usage is declared."""

    requests: int
    """All that were found, those in tests and those that are not counted included."""
    counted: int
    """Those that the sums are about."""
    priced: int
    usd: Money | None
    """One call of every counted, priced request; exclusive groups count once. None when nothing is priced."""
    usd_per_month: Money | None
    monthly_requests: int
    """How many counted requests have a monthly figure."""
    assumed_share: float | None
    unpriced: tuple[tuple[str, int], ...] = ()
    """Reason and number of requests."""
    tests: int = 0
    """Counted requests in tests, which the sums leave out."""
    known_only: int = 0
    """How many of the priced requests have figures that cover only what is known and priced (`Estimate.known_only`)."""
    assumed_share_month: float | None = None
    """Share of typical `usd_per_month` that rests on assumptions; None: not known."""
    assumed_runs: int = 0
    """How many of the requests with a monthly figure have runs that a traffic profile assumes."""
    stood_for: int = 0
    """How many of the requests without a price run instead of one that has a price (arms of one decision), which
    stands for them in the typical sum."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What was looked at, for "nothing found" and for trust."""

    files: int
    """Files listed under the root."""
    parsed: int
    """Files whose code was parsed."""
    lines: int
    skipped: int
    """Files left out (too large, binary, outside the root, ...)."""


@dataclass(frozen=True, slots=True)
class PriceTable:
    """Which prices were used."""

    as_of: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Report:
    """All that guard says about a tree. Stored, compared and rendered; made by `guard.run.scan`."""

    root: str
    """Name of the scanned folder (not its path)."""
    requests: tuple[Priced, ...]
    findings: tuple[Finding, ...]
    problems: tuple[Problem, ...]
    totals: Totals
    prices: PriceTable
    looked: Looked
    settings: tuple[Setting, ...] = ()
    config_path: str | None = None
    deployments: tuple[Deployment, ...] = ()
    """Self-hosted models of manifests. None of `totals` is about them: they are paid by the hour."""
