"""Rendered with values that are known, a template says for guard what the real Jinja2 makes of it."""

# ruff: noqa: E501 - templates stand on one line each

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jinja2
import pytest
from template_scan import literal, request, shown, text_of

VALUES: dict[str, Any] = {
    "name": "Ada", "n": 3, "zero": 0, "none": None, "yes": True, "ratio": 0.25, "empty": "", "html": "<b>&'\"</b>",
    "items": ["apple", "Banana", "cherry"], "rows": [{"t": "one", "v": 1}, {"t": "two", "v": 2}], "nothing": [],
    "user": {"name": "Eve", "tags": ["x", "y"], "deep": {"k": "v"}}, "lines": "a\nb\n\nc", "wide": "  pad  ",
}  # fmt: skip

TEMPLATES = [
    "Hello {{ name }}!\n",
    "{{ name }}{{ missing }}.",
    "{{ user.name }} {{ user['deep'].k }} {{ user.tags[1] }} {{ items[-1] }} {{ user.nope }}",
    "{% if n > 2 and yes %}big{% elif n %}small{% else %}none{% endif %}",
    "{% if not zero %}a{% endif %}{% if none is none %}b{% endif %}{% if x is defined %}c{% endif %}{{ yes }} {{ none }}",
    "{% for i in items %}{{ loop.index }}/{{ loop.length }}:{{ i }}{% if not loop.last %}, {% endif %}{% endfor %}",
    "{% for r in rows if r.v > 1 %}{{ r.t }}={{ r.v }}{% else %}nothing{% endfor %}",
    "{% for x in nothing %}x{% else %}empty{% endfor %}",
    "{% for k, v in user.deep.items() %}{{ k }}={{ v }};{% endfor %}",
    "{% for i in range(3) %}{{ i }}{% for j in range(i) %}.{{ loop.index0 }}{% endfor %}\n{% endfor %}",
    "{% set a = 1 %}{% set b = a + n * 2 - 1 %}{{ b }} {{ b // 2 }} {{ b / 2 }} {{ b % 4 }} {{ 2 ** 5 }} {{ -b }}",
    "{% if yes %}{% set mode = 'on' %}{% else %}{% set mode = 'off' %}{% endif %}{{ mode }}",
    "{% set ns = namespace(total=0) %}{% for r in rows %}{% set ns.total = ns.total + r.v %}{% endfor %}{{ ns.total }}",
    "{% set block %}in {{ name }}{% endset %}[{{ block }}]",
    "{% macro li(x, mark='*') %}{{ mark }} {{ x }}\n{% endmacro %}{% for i in items %}{{ li(i) }}{{ li(i, mark='-') }}{% endfor %}",
    "{% macro box(t) %}<{{ t }}>{{ caller() }}</{{ t }}>{% endmacro %}{% call box('doc') %}{{ name }}{% endcall %}",
    "{% filter upper %}quiet {{ name }}{% endfilter %}",
    "{% with a = name, b = 2 %}{{ a }}{{ b }}{% endwith %}{{ a }}",
    "{{ 'x' if zero else 'y' }}{{ 'only' if zero }}",
    "{{ name ~ '-' ~ n }} {{ 'a' + 'b' }} {{ 'ab' * 2 }} {{ 1 if n in [1, 3] else 2 }} {{ 'da' in name }}",
    "{{ name | upper | lower | title }} {{ wide | trim }}| {{ 'one two' | capitalize }} {{ name | length }}",
    "{{ items | join(', ') }} {{ items | first }} {{ items | last }} {{ items | count }} {{ rows | map(attribute='t') | join('+') }}",
    "{{ missing | default('none') }} {{ empty | default('e', true) }} {{ zero | d(5, boolean=true) }} {{ name | default('x') }}",
    "{{ lines | indent }}\n{{ lines | indent(2, first=true) }} {{ lines | replace('a', 'z') }}",
    "{{ items | sort | join }} {{ items | sort(reverse=true) | list }} {{ [3, 1, 2] | max }} {{ [1, 2] | sum }} {{ rows | sum(attribute='v') }}",
    "{{ 'long text that is cut off here' | truncate(12) }} {{ 'abcdef' | truncate(3, true, '') }} {{ name | center(9) }}|",
    "{{ user | tojson }} {{ items | tojson(indent=2) }} {{ 3.14159 | round(2) }} {{ '7' | int + 1 }} {{ 'x' | int(9) }}",
    "{{ rows | selectattr('v', 'equalto', 2) | map(attribute='t') | first }} {{ items | select('in', ['apple']) | list }}",
    "{{ items }} {{ user.deep }} {{ ratio }} {{ (1, 2) }} {{ [1, 'a'] }} {{ {'k': 1} }}",
    "{{ html }} {{ html | e }} {{ html | escape | safe }}",
    "{{ name.upper() }} {{ name.startswith('A') }} {{ ' a '.strip() }} {{ user.get('name') }} {{ user.get('z', 'dflt') }}",
    "{{ name[0] }}{{ name[1:] }}{{ items[:2] | join }}",
    "{# comment #}a{#- gone -#}  b  {%- if yes -%}  c  {%- endif %}  d {{- name -}} e",
    "{% raw %}{{ not a place }}{% endraw %}",
    "start\n{% if yes %}\n  kept\n{% endif %}\n  {% for i in items %}\n- {{ i }}\n  {% endfor %}\nend\n",
    "{% if n is odd and name is string and items is iterable and n is divisibleby 3 %}all{% endif %}",
    "{% if items and not nothing %}{{ 1 < n <= 3 }}{% endif %}{{ (zero or name) }}{{ (name and n) }}",
    "{% for ch in name %}{{ ch }}.{% endfor %}{{ items | reverse | list }}{{ 'abc' | reverse }}{{ items | unique | list }}",
    "{% for a, b in [(1, 2), (3, 4)] %}{{ a + b }} {% endfor %}{{ loop is defined }}",
    "{% autoescape true %}{{ html }}{{ html | safe }}{% endautoescape %}{{ '%s-%03d' | format(name, n) }}",
    "{% set xs = [1, 2] %}{% for i in xs %}{% set outer = i %}{% endfor %}{{ outer is defined }}{{ items | batch(2) | list }}",
    "no tags at all { } {x} %",
]  # fmt: skip
OPTIONS: list[dict[str, Any]] = [
    {}, {"trim_blocks": True, "lstrip_blocks": True}, {"keep_trailing_newline": True}, {"autoescape": True},
]  # fmt: skip


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_says_what_jinja_says(template: str, tmp_path: Path) -> None:
    for options in OPTIONS:
        real = jinja2.Environment(**options).from_string(template).render(VALUES)
        made = f"Environment({literal(options)}).from_string({template!r}).render({VALUES!r})"
        found = request(tmp_path, made, imports="from jinja2 import Environment\n")
        assert [shown(m) for m in [found.prompt.messages, *found.prompt.others]] == [real], options


TREE = {
    "prompts/base.j2": "Rules\n{% block head %}base head{% endblock %}\n{% block body %}{% endblock %}\n--\n",
    "prompts/middle.j2": "{% extends 'base.j2' %}{% block head %}{{ super() }} + middle{% endblock %}",
    "prompts/child.j2": "{% extends 'middle.j2' %}{% set who = name %}{% block body %}{{ who }}: {% include 'part.j2' %}"
    "{% block inner %}in{% endblock %}{% endblock %}{% block head %}{{ super() }}!{% endblock %}",
    "prompts/part.j2": "part of {{ name }}\n",
    "prompts/macros.j2": "{% macro q(x) %}'{{ x }}'{% endmacro %}{% set sep = ';' %}",
    "prompts/uses.j2": "{% import 'macros.j2' as m %}{% from 'macros.j2' import q as quoted %}{{ m.q(1) }}{{ quoted(2) }}"
    "{% include ['nope.j2', 'part.j2'] %}{% include 'gone.j2' ignore missing %}{% include 'part.j2' without context %}",
    "prompts/sub/deep.md": "# {{ name }}\n{% include 'part.j2' %}",
}


@pytest.mark.parametrize("name", ["base.j2", "middle.j2", "child.j2", "uses.j2", "sub/deep.md", "part.j2"])
def test_templates_of_a_folder_say_what_jinja_says(name: str, tmp_path: Path) -> None:
    for options in OPTIONS[:3]:
        made = f"env.get_template({name!r}).render(name='Ada')"
        env = f"env = Environment(loader=FileSystemLoader('prompts'), {literal(options)})\n"
        imports = f"from jinja2 import Environment, FileSystemLoader\n{env}"
        found = text_of(tmp_path, made, TREE, imports=imports)
        loader = jinja2.FileSystemLoader(tmp_path / "prompts")
        assert found == jinja2.Environment(loader=loader, **options).get_template(name).render(name="Ada")


UNKNOWN = [
    ("Hi {{ q }}, {{ name }}.", "Hi <q>, Ada."),
    ("{% for d in q %}<doc>{{ d }}</doc>{% endfor %} end", "<q> end"),
    ("A {{ q.title | upper | trim }} B", "A <title> B"),
    ("{{ items | join(q) }}|", "<items>|"),
    ("{% for i in [q, name] %}- {{ i }}\n{% endfor %}", "- <i>\n- Ada\n"),
    ("{% macro m(x) %}[{{ x }}]{% endmacro %}{{ m(q) }}{{ m(name) }}", "[<q>][Ada]"),
    ("{{ helper(q) }} rest", "<q> rest"),
    ("{{ q | truncate(20) }}.", "<q>."),
    ("{{ q | own_filter }}.", "<q>."),
]


@pytest.mark.parametrize(("template", "expected"), UNKNOWN)
def test_what_is_not_known_is_a_hole_and_the_rest_stays(template: str, expected: str, tmp_path: Path) -> None:
    made = f"Template({template!r}).render(q=q, name='Ada', items=['a', 'b'])"
    assert text_of(tmp_path, made, imports="from jinja2 import Template\n", parameters="q") == expected
    real = jinja2.Environment()
    real.filters["own_filter"] = str
    text = real.from_string(template).render(q="@", name="Ada", items=["a", "b"], helper=lambda x: x)
    static = [part for part in re.split(r"<\w+>", expected) if part]
    if "join" not in template and "doc" not in template and "title" not in template:
        assert all(part in text for part in static)


def test_a_branch_that_nothing_decides_is_two_texts(tmp_path: Path) -> None:
    template = "{% if q %}long answer{% else %}short{% endif %} {{ name }}{% if q %} twice{% endif %}"
    made = f"Template({template!r}).render(q=q, name='Ada')"
    found = request(tmp_path, made, imports="from jinja2 import Template\n", parameters="q")
    texts = [shown(m) for m in [found.prompt.messages, *found.prompt.others]]
    assert texts == ["long answer Ada twice", "short Ada"]
    assert found.prompt.unsure is None


def test_more_branches_than_are_told_apart_are_holes_of_their_size(tmp_path: Path) -> None:
    names = [f"q{number}" for number in range(9)]
    template = "".join(f"{{% if {name} %}}part of {name}{{% endif %}}\n" for name in names)
    made = f"Template({template!r}).render({', '.join(f'{name}={name}' for name in names)})"
    found = request(tmp_path, made, imports="from jinja2 import Template\n", parameters=", ".join(names))
    assert len(found.prompt.others) == 7
    holes = [s for m in found.prompt.messages for s in m.segments if s.text is None]
    assert [(hole.name, hole.max_chars) for hole in holes] == [(name, len("part of q0")) for name in names[3:]]
