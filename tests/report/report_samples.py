"""A small shop's report, built by hand: one value for every kind of thing that a report can hold.

The figures are consistent with each other (parts add up to prices), so that tests can compare them.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from guard.model import (
    ONCE,
    Choice,
    Count,
    Estimate,
    Finding,
    Forgiven,
    Hole,
    Label,
    Layer,
    Looked,
    Message,
    Money,
    Part,
    Priced,
    PriceTable,
    Problem,
    Prompt,
    Reach,
    Report,
    Request,
    Segment,
    Setting,
    Site,
    Span,
    Step,
    Tokens,
    Totals,
    Unknown,
    Value,
    Variant,
)
from guard.report.view import Rule

D = Decimal

RANK = """\
def rank(query, docs):
    prompt = HEAD + docs
    return client.chat.completions.create(model=settings.model, messages=msgs, max_tokens=300)
"""
SETTINGS = 'import os\n\nmodel = os.getenv("RANK_MODEL", "gpt-4o")\n'
SOURCES = {"app/rank.py": RANK.splitlines(), "app/settings.py": SETTINGS.splitlines()}


def span(
    path: str, line: int, column: int, end_column: int, cell: int | None = None, cell_line: int | None = None
) -> Span:
    return Span(path, line, column, line, end_column, cell, cell_line)


CALL = span("app/rank.py", 3, 12, 95)
CALLEE = span("app/rank.py", 3, 12, 42)
MODEL_ARG = span("app/rank.py", 3, 43, 63)
DEFAULT = span("app/settings.py", 3, 33, 41)

GPT = Choice(
    "gpt-4o", (Step(DEFAULT, "env_default", "RANK_MODEL"), Step(MODEL_ARG, "attribute", "settings.model")), "gpt-4o"
)
LIMIT = Choice(300, (Step(span("app/rank.py", 3, 80, 94), "literal"),))
NOT_SENT = Choice(None, (Step(CALL, "not_sent"),))

RANK_REQUEST = Request(
    id="guard/1:rank",
    api="openai.chat.completions.create",
    operation="chat",
    provider="openai",
    sites=(
        Site(span("app/jobs.py", 40, 9, 30), "wrapper", Count(3, 3, 3, ("for over 3 items",)), "nightly", "rank"),
        Site(CALL, "send", ONCE, "rank", "client.chat.completions.create"),
    ),
    model=Value((GPT,), True, "the environment may override it"),
    max_output=Value((LIMIT,), False),
    variants=(Variant(GPT, "openai", LIMIT, default=True),),
    attempts=Count(1, 1, 3, ("openai SDK: 2 retries",)),
    turns=ONCE,
    repeats=Count(3, 3, 3, ("for over 3 items",)),
    layers=(Layer("openai SDK", 3, "maybe", CALL, "max_retries is not set, its default is 2"),),
    prompt=Prompt(
        (
            Message("system", (Segment("Rank the documents.", span=span("app/rank.py", 2, 14, 18)),)),
            Message("user", (Segment(None, "docs", span("app/rank.py", 2, 21, 25), None, "parameter of rank"),)),
        )
    ),
    reached_from=(Reach("app/jobs.py::nightly", "task", Count(3, 3, 3), ("app.jobs:nightly",)),),
    callers=1,
)
RANK_ESTIMATE = Estimate(
    priced=True,
    why=(),
    input_tokens=Tokens(12, 412, 127_000),
    output_tokens=Tokens(1, 150, 300),
    usd=Money(D("0.00004"), D("0.00253"), D("0.9615")),
    usd_per_run=Money(D("0.00012"), D("0.00759"), D("2.8845")),
    usd_per_month=Money(D("240"), D("15180"), D("5769000")),
    runs_per_month=D(2_000_000),
    runs_source="usage.rules[0]",
    static_tokens=12,
    segment_tokens=((4,), (0,)),
    holes=(Hole("docs", Tokens(0, 400, 126_988), "usage.default"),),
    parts=(
        Part(
            "uncached input",
            Tokens(12, 412, 127_000),
            D("2.50"),
            Money(D("0.00003"), D("0.00103"), D("0.3175")),
        ),
        Part("output", Tokens(1, 150, 300), D("10"), Money(D("0.00001"), D("0.0015"), D("0.003"))),
    ),
    assumptions=("hole `docs` taken as 400 tokens (usage.default)", "output taken as 50% of the limit"),
    assumed_share=0.62,
)
RANKED = Priced(RANK_REQUEST, RANK_ESTIMATE, "search", "@search")

UNPRICED = Estimate(
    False, ("the model is read from a database",), None, None, None, None, None, None, None, None, (), (), (), ()
)
CHAT = Priced(
    replace(
        RANK_REQUEST,
        id="guard/1:chat",
        sites=(Site(span("app/chat.py", 8, 5, 60), "send", ONCE, "answer", "client.messages.create"),),
        api="anthropic.messages.create",
        provider="anthropic",
        model=Value((), True, "it is read from a database"),
        max_output=Value((NOT_SENT,), False),
        variants=(),
        attempts=ONCE,
        layers=(),
        repeats=Count(0, 1, None, ("while True has no counter",)),
        reached_from=(Reach("app/chat.py::answer", "function", ONCE), Reach("app/cli.py::main", "main", ONCE)),
        unknown=(Unknown("model", "it is read from a database", span("app/chat.py", 6, 5, 20)),),
        conditional=True,
    ),
    UNPRICED,
)
NOTEBOOK = Priced(
    replace(
        RANK_REQUEST,
        id="guard/1:notebook",
        sites=(Site(span("eda.ipynb", 12, 1, 20, 3, 5), "send", ONCE, "<module>", "client.chat.completions.create"),),
        counted=False,
        why_not="a notebook runs 0 times a month unless declared",
        model=Value((replace(GPT, trail=()),), False),
        repeats=ONCE,
        layers=(),
        attempts=ONCE,
        stage="development",
    ),
    RANK_ESTIMATE,
)

ALLOWED = Finding(
    "guard/1:f1",
    "approved-models",
    "violated",
    "high",
    "block",
    "gpt-4o is not on the list of approved models",
    (Label(CALLEE), Label(MODEL_ARG, "model comes from here"), Label(DEFAULT, "default value")),
    ("cost: $0.0025 per call typical, $0.96 worst; $15,200 per month",),
    "gpt-4o-mini is approved",
    "guard/1:rank",
    "likely",
)
UNDECIDED = Finding(
    "guard/1:f2", "model-known", "undecided", "medium", "warn", "the model is read from a database",
    (Label(span("app/chat.py", 8, 5, 60)),), request="guard/1:chat",
)  # fmt: skip
WARNED = Finding(
    "guard/1:f3", "search budget", "violated", "low", "warn", "usage below 80% of the limit is not declared", ()
)
FORGIVEN = replace(ALLOWED, id="guard/1:f4", forgiven=Forgiven("exception", "migration", span("guard.yaml", 30, 5, 20)))

REPORT = Report(
    root="shop",
    requests=(NOTEBOOK, RANKED, CHAT),
    findings=(WARNED, FORGIVEN, UNDECIDED, ALLOWED),
    problems=(Problem("app/old.py", 3, 7, "syntax", "not Python 3: calls in it are not seen", "exclude it"),),
    totals=Totals(
        3, 2, 1, RANK_ESTIMATE.usd, RANK_ESTIMATE.usd_per_month, 1, 0.62, (("the model is read from a database", 1),)
    ),
    prices=PriceTable("2026-11-20", "ab" * 32),
    looked=Looked(120, 14, 4000, 2),
    settings=(
        Setting("litellm.yaml", 4, "litellm-proxy", "model_list[0].litellm_params.model", "model", "openai/gpt-4o"),
    ),
    config_path="guard.yaml",
)
EMPTY = Report(
    "shop",
    (),
    (),
    (),
    Totals(0, 0, 0, None, None, 0, None),
    PriceTable("2026-11-20", "ab" * 32),
    Looked(120, 14, 4000, 0),
)
RULES = (
    Rule(
        "approved-models",
        "The model is on the list",
        "## What it does\n\nHolds models against\na list.\n",
        "high",
        "block",
    ),
    Rule("output-limit", "An output limit is sent", docs="https://intern.example/llm"),
    Rule("search budget", "A budget is kept", message="ask #ai-platform"),
)
"""What a configuration could ask of this report."""
