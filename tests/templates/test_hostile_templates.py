"""Templates that would take for ever, or all of the memory, end in a hole that says why."""

# ruff: noqa: E501 - templates stand on one line each

from __future__ import annotations

from pathlib import Path

import pytest
from template_scan import request, shown

from guard.facts.prompt_texts import guessed
from guard.model import Request
from guard.parse.template_jinja import parse_jinja
from guard.parse.template_mustache import parse_mustache
from guard.parse.template_nodes import NotATemplate, TooLarge

JINJA = {
    "a loop over a range that is too long": "{% for i in range(10 ** 9) %}x{% endfor %}",
    "loops inside of loops": "{% for a in range(900) %}{% for b in range(900) %}{% for c in range(900) %}x"
    "{% endfor %}{% endfor %}{% endfor %}",
    "a macro that calls itself": "{% macro m(x) %}{{ m(x) }}{{ m(x) }}{% endmacro %}{{ m(1) }}",
    "a text that doubles": "{% set x = 'ab' %}" + "{% set x = x ~ x %}" * 60 + "{{ x }}",
    "a text that is multiplied": "{{ 'ab' * 10 ** 12 }}",
    "a number that is too large": "{{ 99 ** 99 ** 99 ** 99 }}",
    "a width that is too wide": "{{ 'x' | center(10 ** 10) }}{{ '%999999999d' | format(1) }}{{ 'a\\nb' | indent(10 ** 9) }}",
    "a list that doubles": "{% set x = [1] %}" + "{% set x = x + x %}" * 60 + "{{ x }}",
    "deep brackets": "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    "deep blocks": "{% if q %}" * 3000 + "x" + "{% endif %}" * 3000,
    "a long sum": "{{ " + "+".join("1" for _ in range(20000)) + " }}",
    "many branches": "".join(f"{{% if q{n} %}}a{{% else %}}b{{% endif %}}" for n in range(400)),
    "hidden attributes": "{{ ''.__class__.__mro__[1].__subclasses__() }}{{ x | attr('__class__') }}"
    "{{ [1] | map(attribute='__class__') | list }}",
}  # fmt: skip


@pytest.mark.parametrize("case", JINJA)
def test_jinja(case: str, tmp_path: Path) -> None:
    made = 'Template(open("t.j2").read()).render(q=q)'
    found = request(tmp_path, made, {"t.j2": JINJA[case]}, imports="from jinja2 import Template\n", parameters="q")
    text = shown(found.prompt.messages)
    assert "<" in text or len(text) <= 400_000
    assert len(text) < 500_000
    if case not in ("many branches", "a long sum"):
        assert any(s.text is None and s.why for m in found.prompt.messages for s in m.segments), text[:200]


def in_folder(folder: Path, files: dict[str, str]) -> Request:
    imports = "from jinja2 import Environment, FileSystemLoader\nenv = Environment(loader=FileSystemLoader('.'))\n"
    return request(folder, "env.get_template('a.j2').render(q=q)", files, imports=imports, parameters="q")


@pytest.mark.parametrize("kind", ["include", "extends", "import"])
def test_templates_that_go_round_in_circles(kind: str, tmp_path: Path) -> None:
    more = " as m" if kind == "import" else ""
    files = {"a.j2": f"A{{% {kind} 'b.j2'{more} %}}", "b.j2": f"B{{% {kind} 'a.j2'{more} %}}"}
    found = in_folder(tmp_path, files)
    assert shown(found.prompt.messages) in ("AB<a.j2>", "<a.j2>", "A")


def test_a_chain_of_includes_ends(tmp_path: Path) -> None:
    files = {f"{name}.j2": f"{{% include '{name}{name[0]}.j2' %}}" * 3 for name in ("a" * n for n in range(1, 40))}
    found = in_folder(tmp_path, files)
    holes = [s for m in found.prompt.messages for s in m.segments if s.text is None]
    assert holes and all(hole.why for hole in holes)


def test_a_template_outside_of_the_root_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("outside")
    root = tmp_path / "root"
    root.mkdir()
    found = in_folder(root, {"a.j2": "in {% include '../secret.txt' %}{% include '/etc/hostname' %}"})
    assert shown(found.prompt.messages) == "in <../secret.txt></etc/hostname>"


def test_mustache_partials_that_call_themselves(tmp_path: Path) -> None:
    made = "chevron.render('{{>p}}', {'q': q}, partials_dict={'p': 'x{{#q}}{{>p}}{{/q}}'})"
    found = request(tmp_path, made, imports="import chevron\n", parameters="q")
    assert any(s.text is None for m in found.prompt.messages for s in m.segments)


@pytest.mark.parametrize("text", ["{{#a}}" * 5000, "{{" * 5000, "{{=", "{{#a}}{{/b}}", "{{= =}}", "{{{x}}"])
def test_mustache_that_is_none(text: str) -> None:
    with pytest.raises((NotATemplate, TooLarge)):
        parse_mustache(text)


@pytest.mark.parametrize("text", ["{% if %}", "{{ }}", "{% nothing %}", "{{ a b }}", "{% endif %}", "{{", "{{ 1 | }}"])
def test_jinja_that_is_none(text: str) -> None:
    with pytest.raises(NotATemplate):
        parse_jinja(text)


def test_guessing_a_language_takes_linear_time() -> None:
    assert guessed("{{ a" * 100_000) in ("jinja", "text", "format", "dollar")
