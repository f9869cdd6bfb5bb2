"""The pipeline on one page: a tree and a configuration in, a `Report` out. Pure and picklable; prints nothing.

sources -> parse -> facts -> estimate -> policy; a command hands the report to a renderer. `scan` is the whole way;
`look` and `judged` are its two halves, for who compares two trees (`guard.use.diff`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from guard.config.types import Config
from guard.model import Looked, Priced, PriceTable, Report, Request
from guard.scanned import Scanned

if TYPE_CHECKING:
    from guard.facts.link.project import Project
    from guard.policy.forgive import Directive, Holds
    from guard.sources.files import Listing
    from guard.sources.tree import Tree


def scan(root: Path, config: Config, today: date | None = None) -> Report:
    """Everything that guard says about the tree below `root`.

    `today` decides which exceptions have expired and which prices hold; None: the day of the run. Raises
    `guard.config.issues.ConfigError` when policies do not fit their checks, or `calls` the rules of the catalogue.
    """
    from guard.sources.tree import Folder

    return judged(look(Folder(root), config), config, today or date.today())


def look(tree: Tree, config: Config, listed: Listing | None = None) -> Scanned:
    """The requests of a tree with their cost. `listed`: its files, where they are known already.

    Rules of the configuration that only judge are not looked at. What was found before in the same tree is taken from
    the cache, where one is open (`guard.cache.opened`).

    Raises `guard.config.issues.ConfigError` when `calls` do not fit the rules of the catalogue.
    """
    from guard.kept import Keeper, for_analysis, noting

    config = for_analysis(config)
    listing = listed or tree.listing(config.exclude, config.prefix)
    noted = noting(tree, listing, config)
    known = noted.found() if isinstance(noted, Keeper) else None
    if known is not None:
        return known
    made = replace(_analysed(noted, listing, config), read=tuple(sorted(noted.read_paths)))
    if isinstance(noted, Keeper):
        noted.keep(made)
    return made


def _analysed(tree: Tree, listing: Listing, config: Config) -> Scanned:
    from guard.estimate.cost import estimate_all, totals
    from guard.estimate.prices import load as load_prices
    from guard.facts.catalog_user import unused
    from guard.facts.link import stored
    from guard.facts.link.project import Project
    from guard.facts.link.requests import Linker
    from guard.facts.registry import load as load_catalog
    from guard.kept import place

    project = Project(tree, listing, load_catalog().with_calls(config.calls, config.prefix))
    links = stored.Links(place(tree), config)
    linker = Linker(project, kept=links.before())
    requests = linker.requests()
    links.keep(linker.questions)
    prices = load_prices().with_rules(config.prices)
    priced = estimate_all(requests, prices, config)
    parsed = project.parsed()
    configured = project.configured()
    skipped = len({p.path for p in project.problems})
    report = Report(
        root=tree.name,
        requests=priced,
        findings=(),
        problems=tuple(dict.fromkeys((*project.problems, *unused(project.catalog, requests, config)))),
        totals=totals(priced),
        prices=PriceTable(str(prices.as_of), prices.sha256),
        looked=Looked(len(listing.files), len(parsed), sum(f.lines for f in parsed), skipped),
        settings=tuple(setting for facts in configured for setting in facts.settings),
        config_path=config.path,
    )
    prompts = None
    if any(budget.per_prompt is not None for budget in config.budgets):
        from guard.estimate.prompt_sizes import of_files, sent_files

        prompts = of_files(tree, listing, sent_files(requests))
    return Scanned(report, _directives(project, requests), tuple(file.path for file in listing.files), (), prompts)


def judged(
    scanned: Scanned,
    rules: Config,
    today: date,
    *,
    merged: bool = True,
    before: Sequence[Priced] | None = None,
    holds: Holds | None = None,
) -> Report:
    """The report with the findings of all policies and budgets of `rules`; `merged`, `before`, `holds` as in `judge`.

    Raises `guard.config.issues.ConfigError` when policies do not fit their checks.
    """
    from guard.estimate.prices import load as load_prices
    from guard.policy.judge import context, judge

    prices = load_prices().with_rules(rules.prices)
    known = context(prices, rules.aliases, today)
    requests, comments, files = scanned.report.requests, scanned.directives, scanned.files
    unread = {problem.path for problem in scanned.report.problems if problem.kind != "call-not-found"}
    findings = judge(
        requests, rules, known, comments, files, merged=merged, before=before, unread=unread, holds=holds,
        prompts=scanned.prompts,
    )  # fmt: skip
    return replace(scanned.report, findings=findings)


def renamed(scanned: Scanned, ids: dict[str, str]) -> Scanned:
    """The same with other ids of requests, by the ids they have."""

    def of(item: Priced) -> Priced:
        request = item.request
        after = None if request.after is None else ids.get(request.after, request.after)
        return replace(item, request=replace(request, id=ids.get(request.id, request.id), after=after))

    return replace(scanned, report=replace(scanned.report, requests=tuple(map(of, scanned.report.requests))))


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


def source_lines(root: Path | Tree, path: str) -> list[str] | None:
    """Lines of a file for frames in reports (of a notebook: of its joined code cells); None if unreadable."""
    from guard.model import Problem
    from guard.parse.notebook import parse_notebook
    from guard.sources.tree import Folder

    tree = Folder(root) if isinstance(root, Path) else root
    data = tree.read_within(path)
    if data is None or isinstance(data, Problem):
        return None
    if path.endswith(".ipynb"):
        syntax, _ = parse_notebook(path, data)
        return list(syntax.lines) if syntax is not None else None
    return data.decode("utf-8", "replace").splitlines()
