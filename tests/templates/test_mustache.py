"""Mustache templates, against the real chevron and pystache, and what guard reads of Handlebars."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import chevron
import pystache
import pytest
from template_scan import text_of

VALUES: dict[str, Any] = {
    "name": "Ada", "items": [{"t": "one"}, {"t": "two"}], "words": ["a", "b"], "yes": True, "no": False,
    "none": None, "empty": [], "user": {"name": "Eve", "deep": {"k": "v"}}, "n": 3,
}  # fmt: skip
TEMPLATES = [
    "Hi {{name}}, {{{name}}} {{&name}} {{missing}}.{{n}}",
    "{{#items}}- {{t}} of {{name}}\n{{/items}}{{^items}}none{{/items}}",
    "{{#items}}\n- {{t}}\n{{/items}}\nend\n",
    "{{#words}}{{.}},{{/words}}{{^empty}}empty{{/empty}}{{#empty}}x{{/empty}}",
    "{{#yes}}y{{/yes}}{{#no}}n{{/no}}{{^no}}not{{/no}}{{#none}}x{{/none}}{{^none}}none{{/none}}",
    "{{#user}}{{name}} {{deep.k}} {{n}}{{/user}} {{user.name}}",
    "a {{! a comment }} b\n{{! alone }}\nc",
    "{{=<% %>=}}<% name %> {{name}}<%={{ }}=%> {{name}}",
    "  {{#yes}}\n  inside\n  {{/yes}}\nafter",
    "{{#a.b}}x{{/a.b}}{{^a.b}}no a.b{{/a.b}}",
]  # fmt: skip


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_says_what_chevron_and_pystache_say(template: str, tmp_path: Path) -> None:
    found = text_of(tmp_path, f"chevron.render({template!r}, {VALUES!r})", imports="import chevron\n")
    assert found == chevron.render(template, VALUES)
    again = text_of(tmp_path, f"pystache.render({template!r}, {VALUES!r})", imports="import pystache\n")
    assert again == pystache.render(template, VALUES)


def test_partials_are_files_beside_the_code(tmp_path: Path) -> None:
    files = {
        "prompts/part.mustache": "part for {{name}}\nsecond\n",
        "prompts/main.mustache": "Top\n  {{>part}}\n{{>gone}}end\n",
    }
    made = 'chevron.render(open("prompts/main.mustache"), {"name": "Ada"}, partials_path="prompts")'
    found = text_of(tmp_path, made, files, imports="import chevron\n")
    with (tmp_path / "prompts/main.mustache").open() as template:
        assert found == chevron.render(template, {"name": "Ada"}, partials_path=str(tmp_path / "prompts"))


def test_what_is_not_known_is_a_hole(tmp_path: Path) -> None:
    made = 'chevron.render("Q: {{q}} {{#docs}}<{{.}}>{{/docs}} {{name}}", {"q": q, "docs": docs, "name": "Ada"})'
    found = text_of(tmp_path, made, imports="import chevron\n", parameters="q, docs")
    assert found in ("Q: <q> <docs> Ada", "Q: <q> <<docs>> Ada", "Q: <q> <<.>> Ada")


HANDLEBARS = [
    ("{{#if yes}}y{{else}}n{{/if}} {{#unless yes}}u{{/unless}}{{#if no}}a{{else if yes}}b{{else}}c{{/if}}", "y b"),
    ("{{#each items}}{{this.t}};{{t}} {{/each}}{{#each words}}{{this}}{{/each}}", "one;one two;two ab"),
    ("{{#each empty}}x{{else}}nothing{{/each}} {{#with user}}{{name}}{{/with}}", "nothing Eve"),
    ("a\n{{#if yes}}\nb\n{{/if}}\nc {{~name~}} d {{!-- a }} b --}}e", "a\nb\ncAdad e"),
    ("{{helper name 1}} rest", "<helper> rest"),
]


@pytest.mark.parametrize(("template", "expected"), HANDLEBARS)
def test_handlebars(template: str, expected: str, tmp_path: Path) -> None:
    made = f"Compiler().compile({template!r})({VALUES!r})"
    assert text_of(tmp_path, made, imports="from pybars import Compiler\n") == expected
