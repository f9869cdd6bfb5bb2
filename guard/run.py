"""The pipeline on one page: a root and a configuration in, a `Report` out. Pure and picklable; prints nothing.

sources -> parse -> facts -> estimate -> policy; `guard.commands` hands the report to a renderer.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from guard.config.types import Config
from guard.model import Looked, PriceTable, Report, Request

if TYPE_CHECKING:
    from guard.facts.link.project import Project
    from guard.policy.forgive import Directive


def scan(root: Path, config: Config, today: date | None = None) -> Report:
    """Everything that guard says about the tree below `root`.

    `today` decides which exceptions have expired and which prices hold; None: the day of the run. Raises
    `guard.config.issues.ConfigError` when policies do not fit their checks, or `calls` the rules of the catalogue.
    """
    from guard.estimate.cost import estimate_all, totals
    from guard.estimate.prices import load as load_prices
    from guard.facts.catalog_user import unused
    from guard.facts.link.project import Project
    from guard.facts.link.requests import Linker
    from guard.facts.registry import load as load_catalog
    from guard.policy.judge import context, judge
    from guard.sources.walk import listing

    day = today or date.today()
    listed = listing(root, config.exclude, config.prefix)
    project = Project(root, listed, load_catalog().with_calls(config.calls, config.prefix))
    requests = Linker(project).requests()
    prices = load_prices().with_rules(config.prices)
    priced = estimate_all(requests, prices, config)
    paths = tuple(file.path for file in listed.files)
    findings = judge(priced, config, context(prices, config.aliases, day), _directives(project, requests), paths)
    parsed = project.parsed()
    skipped = len({p.path for p in project.problems})
    return Report(
        root=root.resolve().name,
        requests=priced,
        findings=findings,
        problems=tuple(dict.fromkeys((*project.problems, *unused(project.catalog, requests, config)))),
        totals=totals(priced),
        prices=PriceTable(str(prices.as_of), prices.sha256),
        looked=Looked(len(listed.files), len(parsed), sum(f.lines for f in parsed), skipped),
        config_path=config.path,
    )


def _directives(project: Project, requests: tuple[Request, ...]) -> tuple[Directive, ...]:
    """The `guard:` comments of all code that was parsed and of the other files that values were traced to."""
    from guard.policy import comments
    from guard.policy.forgive import directive

    found: list[Directive] = []
    for path in sorted(comments.files(requests)):
        found.extend(comments.directives(path, project.text(path) or ""))
    for facts in project.parsed():
        for comment in facts.comments:
            made = directive(facts.path, comment.line, comment.column, comment.text)
            if made is not None:
                cell = facts.cell_of(comment.line) if facts.cells else None
                found.append(made if cell is None else replace(made, cell=cell[0], cell_line=cell[1]))
    return tuple(found)


def source_lines(root: Path, path: str) -> list[str] | None:
    """Lines of a file for frames in reports (of a notebook: of its joined code cells); None if unreadable."""
    from guard.model import Problem
    from guard.parse.notebook import parse_notebook
    from guard.sources.read import read_text_within

    data = read_text_within(root, path)
    if data is None or isinstance(data, Problem):
        return None
    if path.endswith(".ipynb"):
        syntax, _ = parse_notebook(path, data)
        return list(syntax.lines) if syntax is not None else None
    return data.decode("utf-8", "replace").splitlines()
