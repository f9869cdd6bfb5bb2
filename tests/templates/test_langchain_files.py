"""LangChain's prompts in files: `from_file` and `load_prompt`, and templates in Jinja2 and Mustache."""

from __future__ import annotations

from pathlib import Path

import pytest
from template_scan import shown

from guard.config.types import Config
from guard.run import scan

PROGRAM = """
from langchain_core.prompts import ChatPromptTemplate, PromptTemplate, load_prompt
from langchain_openai import ChatOpenAI

prompt = {prompt}
chain = prompt | ChatOpenAI(model="gpt-4o")
chain.invoke({{"q": "x"}})
"""

CASES = [
    ('PromptTemplate.from_file("p.txt")', {"p.txt": "Answer {q} in one line.\n"}, "Answer <q> in one line.\n"),
    (
        'PromptTemplate.from_file("p.j2", template_format="jinja2")',
        {"p.j2": "{# terse #}Answer {{ q | trim }}{% if x %}!{% endif %}"},
        "Answer <q>!",
    ),
    (
        'load_prompt("p.yaml")',
        {"p.yaml": "_type: prompt\ninput_variables: [q]\ntemplate: |\n  Answer {q}.\n"},
        "Answer <q>.\n",
    ),
    (
        'load_prompt("p.json")',
        {"p.json": '{"_type": "prompt", "input_variables": ["q"], "template_path": "t.txt"}', "t.txt": "Say {q}"},
        "Say <q>",
    ),
    (
        'load_prompt("f.yaml")',
        {"f.yaml": "_type: few_shot\nprefix: Like these.\nexamples: e.json\nsuffix: 'Now {q}'\n"},
        "Like these.<examples>Now <q>",
    ),
    (
        'PromptTemplate.from_template("Hi {{q}}{{#docs}} {{t}}{{/docs}}", template_format="mustache")',
        {},
        "Hi <q> <t>",
    ),
    (
        'ChatPromptTemplate.from_messages([("system", "Hi {{ q }} {{ x.y }}")], template_format="jinja2")',
        {},
        "Hi <q> <y>",
    ),
    ('load_prompt("gone.yaml")', {}, "<prompt>"),
]


@pytest.mark.parametrize(("prompt", "files", "expected"), CASES)
def test_a_prompt_says_what_stands_in_its_file(
    prompt: str, files: dict[str, str], expected: str, tmp_path: Path
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "app.py").write_text(PROGRAM.format(prompt=prompt), encoding="utf-8")
    report = scan(tmp_path, Config())
    assert len(report.requests) == 1
    assert shown(report.requests[0].request.prompt.messages) == expected
