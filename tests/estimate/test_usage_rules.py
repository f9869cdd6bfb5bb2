"""Which usage rule holds, what comments declare, and how runs per month are found."""

from __future__ import annotations

from decimal import Decimal

import pytest
from estimate_samples import PLACE, config, reach, request, rule

from guard.config.types import Assume, Config, Feature
from guard.estimate import declared, usage
from guard.model import Choice, Count, Unknown, Value, Variant

ASK = reach("src/api/ask.py::ask", aliases=("src.api.ask:ask", "POST /ask"))


def runs(*rules, through=ASK, **changes):
    found = usage.runs_of(through, request(reached_from=(through,), **changes), config(*rules))
    return found and (found.per_month, found.source)


@pytest.mark.parametrize("name", ["src/api/ask.py::ask", "src.api.ask:ask", "POST /ask", "post /ask"])
def test_an_entry_point_answers_to_all_its_names(name):
    assert runs(rule(entry=name, runs_per_month=Decimal(7))) == (7, "usage.rules[0]")


def test_entry_wins_over_path_and_the_longer_path_over_the_shorter():
    everywhere = rule(0, runs_per_month=Decimal(1))
    source = rule(1, paths=("src/**",), runs_per_month=Decimal(2))
    api = rule(2, paths=("src/api/**",), runs_per_month=Decimal(3))
    entry = rule(3, entry="POST /ask", runs_per_month=Decimal(4))
    for order in ((everywhere, source, api, entry), (entry, api, source, everywhere)):
        assert runs(*order)[0] == 4
    assert runs(api, source, everywhere)[0] == 3
    assert runs(source, everywhere)[0] == 2
    assert runs(everywhere)[0] == 1


def test_wildcards_do_not_make_a_pattern_more_specific():
    assert runs(rule(0, paths=("src/api/*",), runs_per_month=Decimal(1)),
                rule(1, paths=("**/**/**/**/*.py",), runs_per_month=Decimal(2)))[0] == 1  # fmt: skip


def test_the_later_of_equal_rules_holds():
    same = [rule(number, paths=("src/**",), runs_per_month=Decimal(number)) for number in (1, 2)]
    assert runs(*same) == (2, "usage.rules[2]")


def test_a_rule_that_says_nothing_about_runs_leaves_them_to_a_general_one():
    assert runs(rule(0, runs_per_month=Decimal(5)), rule(1, entry="POST /ask", holes={"docs": 1})) == (
        5,
        "usage.rules[0]",
    )


def test_entry_and_paths_together_must_both_match():
    assert runs(rule(entry="POST /ask", paths=("lib/**",), runs_per_month=Decimal(1))) is None


def test_without_a_declaration_there_are_no_runs():
    assert runs() is None
    assert runs(rule(holes={"docs": 3})) is None


def test_tests_notebooks_and_examples_count_no_runs_unless_declared_by_path_or_entry():
    general = rule(0, runs_per_month=Decimal(9))
    for kind in ("test", "notebook", "example"):
        idle = reach("nb/try.ipynb::<module>", kind=kind)
        assert runs(general, through=idle) == (0, f"{kind}: 0 runs unless declared")
        assert runs(general, rule(1, paths=("nb/**",), runs_per_month=Decimal(2)), through=idle)[0] == 2
        assert runs(through=idle) is None
    assert runs(general, stage="test") == (0, "test: 0 runs unless declared")


def test_a_request_that_nothing_reaches_is_matched_by_its_outermost_site():
    rules = config(rule(paths=("src/app.py",), runs_per_month=Decimal(4)))
    assert usage.runs_of_request(request(), rules).per_month == 4
    assert usage.runs_of_request(request(path="lib/x.py"), rules) is None


def sizes_of(one, rules):
    (sizing,) = usage.sizings(one, rules)
    return usage.declared(one, rules, sizing.rules)


def test_hole_sizes_come_from_the_comment_then_the_most_specific_rule():
    rules = config(rule(0, holes={"docs": 10, "query": 20}), rule(1, paths=("src/**",), holes={"docs": 30}))
    sizes = sizes_of(request(inline={"query": "1_500"}), rules)
    assert (sizes.hole("docs").tokens, sizes.hole("docs").source) == (30, "usage.rules[1]")
    assert (sizes.hole("query").tokens, sizes.hole("query").source) == (1500, "inline")
    assert sizes.hole("self.docs").tokens == 30
    assert sizes.hole("other") is None
    assert sizes_of(request(path="lib/x.py"), rules).hole("docs").tokens == 10


@pytest.mark.parametrize(("text", "number"), [("1200", 1200), ("1_200", 1200), ("8k", 8000), ("x", None), ("-1", None),
                                              ("1.5", None), ("", None), ("９", None), ("9" * 40, None)])  # fmt: skip
def test_numbers_of_a_comment(text, number):
    assert usage.whole_number(text) == number


def test_a_comment_value_that_is_no_number_is_reported():
    sizes = sizes_of(request(inline={"docs": "many"}), Config())
    assert sizes.hole("docs") is None
    assert sizes.notes == ("`# guard: assume docs=many` is not used: the value is not a whole number",)


# --- assumptions about model, limit and repeats --------------------------------------------------------------------

OPEN_MODEL = {"model": Value((), True, "read from the database"), "variants": (Variant(None, "openai", Choice(50)),),
              "unknown": (Unknown("model", "read from the database"),)}  # fmt: skip


def test_a_comment_gives_an_open_model_a_name():
    applied, notes = declared.apply(request(**OPEN_MODEL, inline={"model": "gpt-4o"}), Config())
    assert applied.model.choices[0].value == "gpt-4o" and not applied.model.open
    assert applied.model.choices[0].trail[0].how == "inline"
    assert applied.variants[0].model.value == "gpt-4o" and applied.variants[0].default
    assert applied.unknown == ()
    assert notes == ("the model is gpt-4o (inline)",)


def test_the_most_specific_assumption_of_the_configuration_gives_the_model():
    assume = tuple(
        Assume(f"assume[{number}]", PLACE, paths, model)
        for number, (paths, model) in enumerate(
            [(("src/**",), "gpt-4"), (("src/app.py",), "gpt-4o"), (("lib/**",), "x")]
        )
    )
    applied, _ = declared.apply(request(**OPEN_MODEL), Config(assume=assume))
    assert applied.model.choices[0].value == "gpt-4o"
    assert applied.model.choices[0].trail[0].note == "assume[1]"


def test_what_the_code_fixes_stays():
    applied, notes = declared.apply(request(inline={"model": "gpt-4", "repeats": "20"}), Config())
    assert applied.model.choices[0].value == "gpt-4o"
    assert applied.repeats.high == 1
    assert [note.split(" is not used")[0] for note in notes] == ["model=gpt-4 (inline)", "repeats=20 (inline)"]


def test_declared_repeats_bound_the_request_and_its_entry_points():
    unbounded = Count(0, 10, None, ("for over rows",))
    twice = Count(0, 20, None, ("for over rows",))
    other = Count(0, 10, None, ("for over rows", "while True"))
    applied, _ = declared.apply(
        request(repeats=unbounded, inline={"repeats": "30"},
                reached_from=(reach("a.py::one", unbounded), reach("a.py::two", twice), reach("a.py::three", other))),
        Config(),
    )  # fmt: skip
    assert (applied.repeats.low, applied.repeats.typical, applied.repeats.high) == (0, 30, 30)
    assert [(one.repeats.typical, one.repeats.high) for one in applied.reached_from] == [(30, 30), (60, 60), (30, None)]


def test_an_assumed_limit_fills_one_that_is_not_known():
    unknown = {"max_output": Value((), True, "argument"), "variants": (Variant(Choice("gpt-4o"), "openai", None),)}
    assume = Config(assume=(Assume("assume[0]", PLACE, (), max_output=700),))
    applied, notes = declared.apply(request(**unknown), assume)
    assert applied.variants[0].max_output.value == 700
    assert notes == ("the output limit is 700 tokens (assume[0])",)
    untouched, notes = declared.apply(request(), assume)
    assert untouched.variants[0].max_output.value == 100 and notes == ()


FEATURES = (Feature("search", PLACE, ("src/**",)),)


def test_a_rule_for_a_feature_goes_behind_paths_and_before_everything():
    everywhere, feature = rule(0, runs_per_month=Decimal(1)), rule(1, feature="search", runs_per_month=Decimal(2))
    paths = rule(2, paths=("src/**",), runs_per_month=Decimal(3))
    for rules, found in (((everywhere, feature, paths), 3), ((feature, everywhere), 2)):
        asked = request(reached_from=(ASK,))
        assert usage.runs_of(ASK, asked, config(*rules, features=FEATURES)).per_month == found
    elsewhere = request(path="lib/x.py", reached_from=(ASK,))
    assert usage.runs_of(ASK, elsewhere, config(everywhere, feature, features=FEATURES)).per_month == 1


@pytest.mark.parametrize("name", ["r1", "src/app.py::ask"])
def test_a_rule_for_a_request_goes_before_one_for_its_entry_point(name):
    settings = config(rule(0, request=name, output_tokens=7), rule(1, entry="POST /ask", output_tokens=9))
    (sizing,) = usage.sizings(request(reached_from=(ASK,)), settings)
    assert usage.declared(request(), settings, sizing.rules).output_tokens().tokens == 7
    other = request(id="r2", path="src/other.py", reached_from=(ASK,))
    (sizing,) = usage.sizings(other, settings)
    assert usage.declared(other, settings, sizing.rules).output_tokens().tokens == 9
