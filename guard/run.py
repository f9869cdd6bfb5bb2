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
from guard.steps import doing

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
    from guard.kept import for_analysis

    return _owned(_looked(tree, for_analysis(config), listed), config)


def _looked(tree: Tree, config: Config, listed: Listing | None) -> Scanned:
    from guard.kept import Keeper, noting

    listing = listed or tree.listing(config.exclude, config.prefix)
    noted = noting(tree, listing, config)
    known = noted.found() if isinstance(noted, Keeper) else None
    if known is not None:
        return known
    made = replace(_analysed(noted, listing, config), read=tuple(sorted(noted.read_paths)))
    if isinstance(noted, Keeper):
        noted.keep(made)
    return made


def _owned(scanned: Scanned, config: Config) -> Scanned:
    """The scan with the owners that CODEOWNERS names, which is no part of what is kept."""
    if config.owners is None:
        return scanned
    from guard.estimate.owners import with_owners

    report = scanned.report
    return replace(scanned, report=replace(report, requests=with_owners(report.requests, config)))


def _analysed(tree: Tree, listing: Listing, config: Config) -> Scanned:
    from guard.estimate.cost import estimate_all, totals
    from guard.estimate.hosting import deployments
    from guard.estimate.prices import load as load_prices
    from guard.facts.catalog_user import unused
    from guard.facts.link import stored
    from guard.facts.link.hosted import pools
    from guard.facts.link.project import Project
    from guard.facts.link.requests import Linker
    from guard.facts.registry import load as load_catalog
    from guard.kept import place

    project = Project(tree, listing, load_catalog().with_calls(config.calls, config.prefix))
    links = stored.Links(place(tree), config)
    linker = Linker(project, kept=links.before())
    doing("reading code")
    requests = linker.requests()
    doing("estimating")
    links.keep(linker.questions)
    prices = load_prices().with_rules(config.prices)
    priced = estimate_all(requests, prices, config)
    parsed = project.parsed()
    configured = project.configured()
    hosted = deployments(pools(configured))
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
        deployments=hosted,
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
    sized: Config | None = None,
    sized_before: Config | None = None,
) -> Report:
    """The report with the findings of all policies and budgets of `rules`; `merged`, `before`, `holds` as in `judge`.

    `sized`: the configuration that the tree was looked at with (None: `rules`), by which budgets with a scenario
    estimate anew; `sized_before`: that of `before`, None: they cannot be estimated anew, since they were saved.

    Raises `guard.config.issues.ConfigError` when policies do not fit their checks.
    """
    from guard.estimate.prices import load as load_prices
    from guard.policy.judge import context, judge

    doing("asking policies and budgets")
    prices = load_prices().with_rules(rules.prices)
    known = context(prices, rules.aliases, today)

    def under(name: str) -> tuple[Sequence[Priced], Sequence[Priced] | None]:
        head = under_scenario(scanned.report.requests, rules, sized or rules, name)
        base = None
        if before is not None and sized_before is not None:
            base = under_scenario(before, rules, sized_before, name)
        return head, base

    requests, comments, files = scanned.report.requests, scanned.directives, scanned.files
    unread = {problem.path for problem in scanned.report.problems if problem.kind != "call-not-found"}
    findings = judge(
        requests, rules, known, comments, files, merged=merged, before=before, unread=unread, holds=holds,
        prompts=scanned.prompts, settings=scanned.report.settings, under=under,
    )  # fmt: skip
    return replace(scanned.report, findings=findings)


def under_scenario(items: Sequence[Priced], rules: Config, sized: Config, name: str) -> tuple[Priced, ...]:
    """Requests of a scan as estimated under a scenario of `rules`; `sized`: the configuration that they were looked at
    with. Nothing is scanned again."""
    from guard.estimate.again import under
    from guard.estimate.prices import load as load_prices
    from guard.estimate.scenarios import named

    return under(items, load_prices().with_rules(sized.prices), sized, named(rules, name))


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
    from guard.parse import text
    from guard.parse.notebook import parse_notebook
    from guard.sources.tree import Folder

    tree = Folder(root) if isinstance(root, Path) else root
    data = tree.read_within(path)
    if data is None or isinstance(data, Problem):
        return None
    if path.endswith(".ipynb"):
        syntax, _ = parse_notebook(path, data)
        return list(syntax.lines) if syntax is not None else None
    return text.source_lines(path, data)
