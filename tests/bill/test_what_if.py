"""The bill if something were otherwise: `guard cost --what-if`."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from bill_shop import RULES, guard, scanned, shop
from click.testing import CliRunner
from report_schema import assert_valid
from test_sensitivity import FEATURE, RETRIED, RETRIEVAL

from guard import cli
from guard.bill import WhatIf
from guard.use.bill.anew import Change, Known, anew
from guard.use.bill.what_if import what_if
from guard.use.bill.wishes import parse


def otherwise(folder: Path, *asked: str) -> WhatIf:
    from datetime import date

    from guard.estimate.prices import load

    config, report = scanned(folder)
    known = Known(load().with_rules(config.prices), config)
    return what_if(report.requests, [parse(text) for text in asked], known, date(2026, 11, 24))


def months(found: WhatIf) -> tuple[str, str]:
    assert found.months is not None
    return str(found.months[0].typical.normalize()), str(found.months[1].typical.normalize())


def test_another_model_by_hand(tmp_path: Path) -> None:
    found = otherwise(shop(tmp_path), "gpt-4o:model=gpt-4o-mini")
    # ask: 1,000 x (607 x 2.50 + 200 x 10) / 1M = 3.5175 before, 1,000 x (607 x 0.15 + 200 x 0.60) / 1M = 0.21105 after
    (line,) = found.lines
    assert (line.model, line.new_model) == ("gpt-4o", "gpt-4o-mini")
    assert line.month_before is not None and line.month_after is not None
    assert (str(line.month_before.typical.normalize()), str(line.month_after.typical.normalize())) == (
        "3.5175", "0.21105"
    )  # fmt: skip
    assert months(found) == ("8.229", "4.92255")


def test_what_has_no_price_now_is_in_neither_sum_and_is_said(tmp_path: Path) -> None:
    found = otherwise(shop(tmp_path), "model=gpt-4o-mini")
    assert len(found.lines) == 4 and found.left_out == 1
    unknown = next(line for line in found.lines if line.before is None)
    assert unknown.after is not None
    assert "1 request with a price on one side only: in neither sum." in guard(
        "cost", str(tmp_path), "--what-if", "model=gpt-4o-mini"
    ).output.replace("\n   ", "")


def test_a_limit_cuts_long_answers_and_makes_none_longer(tmp_path: Path) -> None:
    before = otherwise(shop(tmp_path), "app/web.py:max_output=150")
    assert months(before) == ("8.229", "7.729")  # 1,000 x 50 x 10 / 1M less
    worst = next(line for line in before.lines if line.model == "gpt-4o")
    assert worst.month_after is not None and worst.month_before is not None
    assert worst.month_after.high is not None and worst.month_before.high is not None
    assert worst.month_after.high - worst.month_before.high == Decimal("-6.5")  # 1,000 x (150 - 800) x 10 / 1M
    above = otherwise(tmp_path, "max_output=10_000")
    assert above.months is not None and above.months[0].typical == above.months[1].typical


def test_fewer_passages(tmp_path: Path) -> None:
    found = otherwise(shop(tmp_path, "version: 1\nextends: []\n", {"app/ask.py": RETRIEVAL}), "top_k=2")
    (line,) = found.lines
    assert line.before is not None and line.after is not None
    assert line.before.typical - line.after.typical == 3 * 1024 * Decimal("2.5") / 1_000_000
    assert {one.why: len(one.ids) for one in found.refused} == {"it looks up nothing that guard knows of": 6}


def test_declared_passages_are_scaled_by_their_number(tmp_path: Path) -> None:
    rules = "version: 1\nextends: []\nusage: {rules: [{paths: [app/ask.py], holes: {context: 2000}}]}\n"
    found = otherwise(shop(tmp_path, rules, {"app/ask.py": RETRIEVAL}), "top_k=10")
    (line,) = found.lines
    assert line.before is not None and line.after is not None
    assert line.after.typical - line.before.typical == 2000 * Decimal("2.5") / 1_000_000


def test_fewer_retries_cost_less_at_worst(tmp_path: Path) -> None:
    (tmp_path / "only.py").write_text(RETRIED)
    found = otherwise(tmp_path, "retries=1")
    (line,) = found.lines
    assert line.before is not None and line.after is not None
    assert line.before.high is not None and line.after.high is not None
    assert line.after.high * 2 == line.before.high and line.after.typical == line.before.typical


def test_who_is_not_tried_again_costs_the_same(tmp_path: Path) -> None:
    found = otherwise(shop(tmp_path), "retries=0")
    assert not found.lines
    assert {one.why: len(one.ids) for one in found.refused} == {
        "it costs the same": 3, "it has no price, now or then": 1
    }  # fmt: skip


def test_a_cache_that_is_too_small_is_not_counted_on(tmp_path: Path) -> None:
    found = otherwise(shop(tmp_path), "nightly:cache=80%")
    assert [one.why for one in found.refused] == [
        "its fixed part is shorter than the 2,048 tokens that claude-3-5-haiku-20241022 caches"
    ]
    assert not found.lines


def test_a_cache_by_hand(tmp_path: Path) -> None:
    code = (
        "from openai import OpenAI\n\nRULES = 'Answer in one word. ' * 500\n\ndef ask(q):\n"
        "    return OpenAI(max_retries=0).chat.completions.create(model='gpt-4o', max_tokens=100, messages=["
        "{'role': 'system', 'content': RULES}, {'role': 'user', 'content': q}])\n"
    )
    (tmp_path / "a.py").write_text(code)
    (line,) = otherwise(tmp_path, "cache=0.5").lines
    _, report = scanned(tmp_path)
    (only,) = report.requests
    fixed = (only.estimate.input_tokens.typical if only.estimate.input_tokens else 0) - 400  # the question: assumed
    assert line.before is not None and line.after is not None
    assert line.before.typical - line.after.typical == Decimal(str(fixed)) * Decimal("1.25") / 2 / 1_000_000


def test_several_at_once_and_a_scenario(tmp_path: Path) -> None:
    rules = RULES + "scenarios:\n  launch: {runs_per_month: x10}\n"
    found = otherwise(shop(tmp_path, rules), "gpt-4o:model=gpt-4o-mini", "scenario=launch")
    assert months(found) == ("8.229", "49.2255")


def test_a_scenario_holds_once_also_for_a_budget_under_it_and_multiplies_units(tmp_path: Path) -> None:
    rules = (
        RULES + FEATURE + "scenarios:\n  launch: {runs_per_month: x10}\n"
        "budgets:\n  - {name: launch, feature: ask, per_month: 90 USD, scenario: launch}\n"
    )
    found = otherwise(shop(tmp_path, rules), "scenario=launch")
    assert months(found) == ("8.229", "82.29")
    (launch,) = found.budgets
    assert launch.before == launch.after == ()
    ((was, now),) = found.units
    assert was.usd_per_unit == now.usd_per_unit and was.margin == now.margin
    assert not otherwise(tmp_path, "POST /ask:scenario=launch").units  # who runs more makes more of some units alone


@pytest.mark.parametrize(
    "which", ["gpt-4o", "openai/gpt-4o", "ask", "app/web.py::ask", "POST /ask", "gpt-4O", "gpt-4[o]"]
)
def test_what_a_wish_is_about(tmp_path: Path, which: str) -> None:
    found = otherwise(shop(tmp_path), f"{which}:model=gpt-4.1-nano")
    assert [line.model for line in found.lines] == ["gpt-4o"]


@pytest.mark.parametrize(("which", "number"), [("app/", 4), ("app/web.py", 2), ("web", 2), ("*mini", 1), ("*", 4)])
def test_a_wish_about_several(tmp_path: Path, which: str, number: int) -> None:
    rules = RULES + "features:\n  web: {paths: [app/web.py]}\n"
    assert len(otherwise(shop(tmp_path, rules), f"{which}:model=gpt-4.1-nano").lines) == number


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("model=gpt-4o-mni", "`gpt-4o-mni` is not in the price table; did you mean `gpt-4o-mini`"),
        ("size=3", "is not [WHICH:]KEY=VALUE with KEY one of model, top_k"),
        ("max_output=0", "`max_output` takes a whole number from 1 on, not `0`"),
        ("retries=-1", "`retries` takes a whole number from 0 on, not `-1`"),
        ("cache=120%", "`cache` takes a share like 80% or 0.8, not `120%`"),
        ("cache=nan", "`cache` takes a share"),
        ("model:gpt-4o=gpt-4o-mini", "write `gpt-4o:model=...`"),
        ("scenario=launch", "guard.yaml has no scenario `launch` (it has none)"),
        ("nowhere:top_k=3", "`nowhere` names no request"),
        ("\x1b[2Jevil=1", "\\x1b[2Jevil=1"),
    ],
)
def test_what_cannot_be_asked_is_said(tmp_path: Path, asked: str, said: str) -> None:
    result = CliRunner().invoke(cli.main, ["cost", str(shop(tmp_path)), "--no-cache", "--what-if", asked])
    assert result.exit_code == 2
    assert said in result.output


def test_embeddings_take_no_chat_model(tmp_path: Path) -> None:
    code = (
        "from openai import OpenAI\n\ndef embed(q):\n"
        "    return OpenAI().embeddings.create(model='text-embedding-3-small', input=q)\n"
    )
    (tmp_path / "a.py").write_text(code)
    found = otherwise(tmp_path, "model=gpt-4o-mini", "max_output=10")
    assert not found.lines
    assert [one.why for one in found.refused] == [
        "it is a request for embeddings, `gpt-4o-mini` is a model for text", "its answer is not billed by tokens"
    ]  # fmt: skip


def test_budgets_before_and_after_also_under_a_scenario(tmp_path: Path) -> None:
    rules = RULES + (
        "scenarios:\n  launch: {runs_per_month: x10}\nbudgets:\n  - {name: month, per_month: 6 USD}\n"
        "  - {name: launch, per_month: 40 USD, scenario: launch}\n  - {name: high, per_month: 100 USD}\n"
    )
    found = otherwise(shop(tmp_path, rules), "gpt-4o:model=gpt-4o-mini")
    month, launch, high = found.budgets
    assert month.before[0].startswith("violated: a month of all requests") or month.before[0].startswith("violated")
    assert month.after[0].startswith("undecided")  # the request without a model has no month
    assert launch.before[0].startswith("violated: under `launch`") and launch.after[0].startswith("violated")
    assert high.before[0].startswith("undecided") and high.after[0].startswith("undecided")
    text = guard("cost", str(tmp_path), "--what-if", "gpt-4o:model=gpt-4o-mini").output
    assert "  month  violated now, then undecided" in text


def test_policies_that_it_would_break(tmp_path: Path) -> None:
    rules = RULES.replace(
        "extends: []",
        "extends: []\npolicies:\n  - {id: only-openai, check: model-allowed, params: {allow: [gpt-*]}}\n"
        "  - {id: short, deny: 'request.max_output > 1000'}",
    )
    found = otherwise(shop(tmp_path, rules), "gpt-4o:model=claude-3-haiku-20240307")
    (broken,) = found.broken
    assert broken.startswith("only-openai: `claude-3-haiku-20240307` is not an allowed model")
    (broken,) = otherwise(tmp_path, "gpt-4o:max_output=4000").broken
    assert broken.startswith("short: ")


def test_the_cheapest_model_that_fits(tmp_path: Path) -> None:
    found = otherwise(shop(tmp_path), "model=cheapest")
    for line in found.lines:
        assert line.before is not None and line.after is not None and line.after.typical < line.before.typical
        assert line.new_model.startswith("claude") == line.model.startswith("claude")
    assert {one.why for one in found.refused} == {"it has no price now"}
    text = guard("cost", str(tmp_path), "--what-if", "model=cheapest").output
    assert "Nothing says that another model is as good." in text


def test_the_cheapest_model_is_one_that_the_policies_allow(tmp_path: Path) -> None:
    allowed = "extends: []\npolicies:\n  - {id: few, check: model-allowed, params: {allow: ALLOW}}"
    rules = RULES.replace("extends: []", allowed.replace("ALLOW", "[gpt-4o, gpt-4o-mini, gpt-4-*]"))
    found = otherwise(shop(tmp_path, rules), "ask:model=cheapest")
    assert [line.new_model for line in found.lines] == ["gpt-4o-mini"]
    rules = RULES.replace("extends: []", allowed.replace("ALLOW", "[gpt-4o]"))
    assert not otherwise(shop(tmp_path, rules), "ask:model=cheapest").lines


def test_the_cheapest_model_holds_prompt_and_answer(tmp_path: Path) -> None:
    rules = RULES.replace("question: 600", "question: 300000")
    code = shop(tmp_path, rules) / "app/web.py"
    code.write_text(code.read_text().replace('"gpt-4o"', '"gpt-4.1"'))
    (line,) = otherwise(tmp_path, "ask:model=cheapest").lines
    from guard.estimate.prices import load

    row = load().find(line.new_model, "openai")
    assert row is not None and row.context_window is not None and row.context_window > 300_800


def test_units_and_margin_before_and_after(tmp_path: Path) -> None:
    found = otherwise(shop(tmp_path, RULES + FEATURE), "ask:model=gpt-4o-mini")
    ((was, now),) = found.units
    assert was.margin is not None and now.margin is not None
    assert (float(was.margin.typical), float(now.margin.typical)) == (
        pytest.approx(0.1771), pytest.approx(1 - 0.492255)
    )  # fmt: skip
    text = guard("cost", str(tmp_path), "--what-if", "app/web.py::ask:model=gpt-4o-mini").output
    assert "a question $0.0082, then $0.0049; margin 18%, then 51%" in text


def test_json_and_markdown_have_it(tmp_path: Path) -> None:
    folder, asked = str(shop(tmp_path, RULES + FEATURE)), ("--what-if", "gpt-4o:model=gpt-4o-mini")
    text = guard("cost", folder, *asked, "--format", "json").output
    assert_valid(text)
    found = json.loads(text)["views"]["what_if"]
    assert found["usd_per_month"]["after"]["typical"] == "4.92255"
    assert found["requests"][0]["new_model"] == "gpt-4o-mini"
    text = guard("cost", folder, *asked, "--format", "markdown").output
    assert "**If `gpt-4o:model=gpt-4o-mini`** (typical)" in text
    assert "| request | a call | then | a month | then | change |" in text


def test_no_change_estimates_as_before(tmp_path: Path) -> None:
    from guard.estimate.prices import load
    from guard.use.bill.sending import with_model

    config, report = scanned(shop(tmp_path))
    known = Known(load(), config)
    same = {
        item.request.id: made
        for item in report.requests
        if item.request.model.choices
        and not isinstance(made := with_model(item, str(item.request.model.choices[0].value), known), type(None))
    }
    after = anew(report.requests, Change(same), known)  # type: ignore[arg-type]
    assert [item.estimate.usd for item in after] == [item.estimate.usd for item in report.requests]


TOOLS = """\
from openai import OpenAI

def act(q):
    return OpenAI(max_retries=0).chat.completions.create(
        model="gpt-4-0613", max_tokens=100, messages=[{"role": "user", "content": [
            {"type": "text", "text": q}, {"type": "image_url", "image_url": {"url": q}}]}],
        tools=[{"type": "function", "function": {"name": "go", "parameters": {"type": "object", "properties": {}}}}],
    )
"""


def test_the_cheapest_model_is_one_that_takes_tools_and_images(tmp_path: Path) -> None:
    from guard.estimate.abilities import takes
    from guard.estimate.prices import load

    (tmp_path / "a.py").write_text(TOOLS)
    (line,) = otherwise(tmp_path, "model=cheapest").lines
    row = load().find(line.new_model, "openai")
    assert row is not None and {"tools", "images"} <= (takes(row) or set())


def test_a_model_of_which_nobody_says_that_it_takes_what_is_sent(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(TOOLS)
    (line,) = otherwise(tmp_path, "model=gpt-3.5-turbo").lines
    assert "whether the new model takes its images is not known" in line.remarks


def test_another_embedding_model_means_to_embed_again(tmp_path: Path) -> None:
    code = (
        "from openai import OpenAI\n\ndef embed(q):\n"
        "    return OpenAI().embeddings.create(model='text-embedding-3-large', input=q)\n"
    )
    (tmp_path / "a.py").write_text(code)
    (line,) = otherwise(tmp_path, "model=text-embedding-3-small").lines
    assert line.remarks == ("what is stored has to be embedded again: vectors of two models cannot be compared",)


def test_the_cheapest_model_on_azure_is_of_the_same_maker(tmp_path: Path) -> None:
    from guard.estimate.price_names import owner

    code = (
        "from openai import AzureOpenAI\n\ndef ask(q):\n"
        "    return AzureOpenAI().chat.completions.create(model='gpt-4o', messages=[{'role': 'user', 'content': q}])\n"
    )
    (tmp_path / "a.py").write_text(code)
    (line,) = otherwise(tmp_path, "model=cheapest").lines
    assert owner(line.new_model) == "openai"


@pytest.mark.parametrize(
    ("file", "old", "new", "asked"),
    [
        ("app/web.py", '"gpt-4o",', '"gpt-5-nano",', "app/web.py::ask:model=gpt-5-nano"),
        ("app/web.py", '"gpt-4o",', '"o3",', "app/web.py::ask:model=o3"),
        ("app/jobs/nightly.py", 'os.environ["MODEL"]', '"claude-sonnet-4-5"', "unknown:model=claude-sonnet-4-5"),
        ("app/jobs/nightly.py", '"claude-3-5-haiku-20241022"', '"claude-opus-4-1"', "nightly:model=claude-opus-4-1"),
        ("app/web.py", "max_tokens=800", "max_tokens=300", "app/web.py::ask:max_output=300"),
        ("app/web.py", "max_tokens=800", "max_tokens=90000", "app/web.py::ask:max_output=90000"),
        ("app/web.py", "max_tokens=100", "max_tokens=5", "tag:max_output=5"),
        ("app/web.py", "max_retries=0", "max_retries=4", "app/web.py:retries=4"),
        ("app/ask.py", "similarity_top_k=5", "similarity_top_k=12", "app/ask.py:top_k=12"),
        ("app/ask.py", 'model="gpt-4o"', 'model="gpt-4.1-mini"', "app/ask.py:model=gpt-4.1-mini"),
    ],
)
def test_it_costs_what_the_changed_code_costs(tmp_path: Path, file: str, old: str, new: str, asked: str) -> None:
    """The strongest check: the code is changed as the wish says, and scanned."""
    folder = shop(tmp_path, files={"app/ask.py": RETRIEVAL})
    thought = otherwise(folder, asked)
    code = folder / file
    assert old in code.read_text()
    code.write_text(code.read_text().replace(old, new))
    _, real = scanned(folder)
    by_place = {(item.request.sites[0].span.path, item.request.sites[0].span.line, item.request.api): item.estimate for
                item in real.requests}  # fmt: skip
    changed = 0
    for line in thought.lines:
        assert line.at is not None
        (api,) = [api for path, number, api in by_place if (path, number) == (line.at.path, line.at.line)
                  and by_place[path, number, api].usd == line.after] or [""]  # fmt: skip
        assert api, (line, [e.usd for (path, *_), e in by_place.items() if path == line.at.path])
        assert by_place[line.at.path, line.at.line, api].usd_per_month == line.month_after
        changed += 1
    assert changed
