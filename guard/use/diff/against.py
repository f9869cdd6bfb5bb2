"""Compares a folder, or what is staged in it, with a commit. In: a root, a revision, its rules. Out: `Compared`.

Both sides go the same road at one price table; the checkout is not touched. The base is estimated under what it
declares itself (usage, assumptions, own calls), so that a changed declaration shows as a change; policies, budgets,
prices, aliases and features are those of one side for both. Where nothing differs that guard reads, the base is not
analysed. Neighbours: `base_config` reads the configuration of the base, `build` puts the difference together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Literal

from guard.config.types import Config
from guard.difference import Base, Difference
from guard.model import Finding, Priced, Problem, Report
from guard.policy.judge import merged_in_order
from guard.run import judged, look, renamed, under_scenario
from guard.scanned import Scanned
from guard.sources.changes import Changes, compare
from guard.sources.files import Listing
from guard.sources.revision import Repository
from guard.sources.tree import Folder, Tree
from guard.use.diff import build
from guard.use.diff.base_config import at_commit
from guard.use.diff.excuses import of_base
from guard.use.diff.findings import fixed, new_ids
from guard.use.diff.gaps import call_gaps, month_gaps, touches
from guard.use.diff.loosened import loosened
from guard.use.diff.pairs import Pairing, paired
from guard.use.diff.versions import Versions

Side = Literal["base", "head"]
_NOT_READING = ("call-not-found", "nested-repository")
"""Kinds of problems that are about no file whose requests could be missed on one side."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What to compare with, and how."""

    revision: str | None = None
    """A branch, tag or commit; None: the default branch."""
    staged: bool = False
    """The head is the index instead of the folder."""
    policy_from: Side = "head"
    """Whose rules judge both sides."""
    config: Path | None = None
    """The configuration that was named; None: the nearest one of each side."""


@dataclass(frozen=True, slots=True)
class Compared:
    """The head's report and what changed."""

    report: Report
    difference: Difference
    rules: Config
    """Those that judged."""


class Comparison:
    """A folder beside a commit. Says at once whether any file differs; analyses when it is asked to.

    Raises `RevisionError` where there is nothing to compare with, `ConfigError` where a configuration is not valid.
    """

    def __init__(self, root: Path, wish: Wish, config: Config) -> None:
        """`config`: that of the folder."""
        self.root, self.wish = root, wish
        self.repository = Repository(root)
        name, how = (wish.revision, "") if wish.revision is not None else self.repository.default()
        self.commit = self.repository.merge_base(name)
        remarks = [f"compared with {name}: {how}"] if how else []
        at_base = at_commit(self.repository, self.commit, config, wish.config, must=wish.policy_from == "base")
        self.base, self.old, self.new = at_base.tree, at_base.config, config
        self.head: Tree = self.repository.index() if wish.staged else Folder(root)
        self.remarks = (*remarks, *at_base.remarks)
        self._before, self._after = self._listings()
        self.changes: Changes = compare(self.base, self.head, self._before, self._after)

    @property
    def label(self) -> Base:
        """What the head is compared with."""
        return Base(self.commit.label, self.commit.hash)

    @property
    def untouched(self) -> bool:
        """Whether no file and no setting differs, so that nothing can have changed."""
        return self.changes.files == 0 and self.old == self.new

    @property
    def rules(self) -> Config:
        """The policies, budgets and prices that hold for both sides."""
        return self.old if self.wish.policy_from == "base" else self.new

    def compared(self, today: date) -> Compared:
        """Both sides analysed and judged under one set of rules."""
        new, old = self._settings()
        after = look(self.head, new, self._after)
        same = self._same_for_guard(after)
        before = after if same else look(self.base, old, self._before)
        versions = Versions(self.base, self.head, self.changes)
        found = paired(before.report.requests, after.report.requests, versions)
        before = renamed(before, build.ids(found))
        judged_before = judged(before, replace(self.rules, prefix=old.prefix), today, merged=False, sized=old)
        holds = None
        if self.wish.policy_from == "base":
            known = (before.directives, judged_before.findings, before.report.requests)
            holds = of_base(known, (after.directives, after.report.requests), versions)
        judged_after = judged(
            after, self.rules, today, merged=False, before=before.report.requests, holds=holds, sized=new,
            sized_before=old,
        )  # fmt: skip
        lost = _only_in(after, before, self.changes.now)
        unread = self._then(lost)
        gone, missing = _really_gone(found.removed, unread)
        changed, unchanged = build.changes(found._replace(removed=gone), versions, old, new, unread)
        both = (before.report.requests, after.report.requests)

        def under(name: str) -> tuple[Sequence[Priced], Sequence[Priced]]:
            return under_scenario(both[0], self.rules, old, name), under_scenario(both[1], self.rules, new, name)

        difference = Difference(
            base=self.label,
            changes=changed,
            unchanged=unchanged,
            before=before.report.totals,
            after=after.report.totals,
            new_findings=new_ids(judged_before.findings, judged_after.findings, both, self.rules, under),
            fixed_findings=fixed(_elsewhere(judged_before.findings, missing, unread), judged_after.findings),
            loosened=loosened(self.old, self.new, before.directives, after.directives, versions),
            files=self.changes.files,
            remarks=self.remarks,
            problems=_only_in(before, after, self.changes.then),
            lost=lost,
            call_gaps=call_gaps(found, unread=bool(lost)),
            month_gaps=month_gaps(found, unread=bool(lost)),
        )
        report = replace(judged_after, findings=merged_in_order(judged_after.findings))
        return Compared(report, difference, self.rules)

    def _then(self, problems: tuple[Problem, ...]) -> frozenset[str]:
        """Where the files that they are about stood in the base."""
        then = {now: was for was, now in self.changes.renamed.items()}
        return frozenset(then.get(problem.path, problem.path) for problem in problems)

    def _settings(self) -> tuple[Config, Config]:
        """What each side is analysed under, the head's first."""
        rules = self.rules
        if self.wish.policy_from == "base":
            return rules, rules
        if self.old.prefix != self.new.prefix:
            return rules, rules  # globs of the two sides are relative to different folders
        return rules, replace(
            rules, usage=self.old.usage, assume=self.old.assume, calls=self.old.calls, exclude=self.old.exclude,
            path=self.old.path,
        )  # fmt: skip

    def _listings(self) -> tuple[Listing, Listing]:
        new, old = self._settings()
        before, after = self.base.listing(old.exclude, old.prefix), self.head.listing(new.exclude, new.prefix)
        if not self.wish.staged:
            missing = self.repository.not_checked_out()
            if missing:
                kept = tuple(file for file in before.files if file.path not in missing)
                before = replace(before, files=kept)
        return before, after

    def _same_for_guard(self, after: Scanned) -> bool:
        """Whether the base reads the same as the head did. What was removed or renamed might be read there."""
        changes = self.changes
        new, old = self._settings()
        if changes.removed or changes.renamed or new != old:
            return False
        return (changes.modified | changes.added).isdisjoint(after.read)


def _really_gone(removed: Sequence[Priced], unread: frozenset[str]) -> tuple[list[Priced], frozenset[str]]:
    """Requests that the head has no more, and the ids of those that are missing with a file that it could not read."""
    missing = [item for item in removed if touches(item.request, unread)]
    known = {id(item) for item in missing}
    renamed_ids = build.ids(Pairing([], missing, []))
    return [item for item in removed if id(item) not in known], frozenset(renamed_ids.values())


def _elsewhere(findings: Sequence[Finding], missing: frozenset[str], unread: frozenset[str]) -> list[Finding]:
    """The findings of the base that are not about what the head could not read: nobody knows whether those are mended.

    Those of a sum over requests are left out with them, since what is missing is missing from it.
    """

    def about_lost(one: Finding) -> bool:
        if one.request is None:
            return bool(missing) or any(label.span.path in unread for label in one.labels)
        return one.request in missing

    return [one for one in findings if not about_lost(one)]


def _only_in(one: Scanned, other: Scanned, named: Callable[[str], str]) -> tuple[Problem, ...]:
    """What could not be read of one side though the other's could. `named`: its name of a file of the other."""
    known = {(named(problem.path), problem.kind) for problem in other.report.problems}
    return tuple(p for p in one.report.problems if (p.path, p.kind) not in known and p.kind not in _NOT_READING)
