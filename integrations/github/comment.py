"""Keeps guard's comment at a pull request. In: the environment of a step (see `main`). Out: the comment, a line in the log.

Nothing here fails a job: the report stands in the job's summary as well. A token that may not write, as for changes from
forks, is a notice; anything else that goes wrong a warning.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from integrations import sticky
from integrations.api import Api, ApiError
from integrations.github import event
from integrations.outcome import read, threshold, worth_a_comment

LONGEST = 65_536
"""Characters that GitHub takes in a comment."""
ITSELF = "github-actions[bot]"
"""Who the token of a workflow is, where the service does not say."""


class PullRequest:
    """The comments of a pull request, by GitHub's REST interface."""

    def __init__(self, api: Api, graphql: Api, repository: str, number: int) -> None:
        self._api = api
        self._repository = f"/repos/{repository}"
        self._comments = f"{self._repository}/issues/{number}/comments"
        self._graphql = graphql
        self._name: str | None = None

    def mine(self, mark: str) -> list[tuple[int, str]]:
        """See `sticky.Thread`."""
        found = []
        for entry in self._api.pages(f"{self._comments}?per_page=100"):
            text = entry.get("body") or ""
            if text.startswith(mark) and (entry.get("user") or {}).get("login") == self._me():
                found.append((int(entry["id"]), text))
        return found

    def create(self, text: str) -> None:
        self._api.call("POST", self._comments, {"body": text})

    def update(self, number: int, text: str) -> None:
        self._api.call("PATCH", f"{self._repository}/issues/comments/{number}", {"body": text})

    def delete(self, number: int) -> None:
        try:
            self._api.call("DELETE", f"{self._repository}/issues/comments/{number}")
        except ApiError as error:
            if error.status != 404:
                raise

    def _me(self) -> str:
        """The name that the token's comments stand under; asked for once, and only where a comment carries our mark."""
        if self._name is None:
            self._name = self._viewer() or ITSELF
        return self._name

    def _viewer(self) -> str | None:
        """REST does not tell a workflow's token who it is; GraphQL does, to tokens of people and of applications, too."""
        try:
            answer: Any = self._graphql.call("POST", "/graphql", {"query": "query { viewer { login } }"})
        except ApiError as error:
            if error.passing:
                raise
            return None
        viewer = ((answer or {}).get("data") or {}).get("viewer") or {}
        return viewer.get("login")


def text_of(report: str, head: str | None) -> str:
    """The comment: the report, and which commit it is about."""
    foot = f"\n\n<sub>guard, for commit {head}</sub>\n" if head else "\n"
    room = LONGEST - len(foot) - 100
    if len(report) > room:
        report = "guard's report is too long for a comment; it stands in the summary of the job."
    return report.rstrip() + foot


def comment(environment: Mapping[str, str]) -> tuple[str, str]:
    """Does what is to be done; a word for the log's level (`notice`, `warning`) and what happened."""
    mode = environment.get("GUARD_COMMENT") or "update"
    here = event.read(environment)
    if mode == "off" or here.pull_request is None:
        return "notice", "no comment: " + ("switched off" if mode == "off" else "this run is not about a pull request")
    if mode not in ("update", "replace"):
        return "warning", f"no comment: `comment` is update, replace or off, not {mode!r}"
    key = environment.get("GUARD_COMMENT_KEY") or "guard"
    try:
        sticky.mark(key)
        least = threshold(environment.get("GUARD_COMMENT_THRESHOLD") or "0")
        outcome = read(int(environment["GUARD_EXIT_CODE"]), Path(environment["GUARD_REPORT"]))
        if outcome.verdict == "error":
            return "notice", "no comment: guard itself failed"
        text = text_of(Path(environment["GUARD_MARKDOWN"]).read_text("utf-8"), here.head)
    except (ValueError, OSError) as error:
        return "warning", f"no comment: {error}"
    try:
        done = sticky.keep(_thread(environment, here.pull_request), mode, key, text, worth_a_comment(outcome, least))
    except ApiError as error:
        return _refused(error, here.from_fork)
    return "notice", f"comment {done}"


def _thread(environment: Mapping[str, str], number: int) -> PullRequest:
    headers = {
        "Authorization": f"Bearer {environment.get('GUARD_TOKEN', '')}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
        "User-Agent": "guard",
    }
    rest = environment.get("GITHUB_API_URL") or "https://api.github.com"
    graphql = environment.get("GITHUB_GRAPHQL_URL") or "https://api.github.com/graphql"
    return PullRequest(
        Api(rest, headers), Api(graphql.removesuffix("/graphql"), headers), environment["GITHUB_REPOSITORY"], number
    )


def _refused(error: ApiError, from_fork: bool) -> tuple[str, str]:
    if error.status in (401, 403, 404) and not error.limited:
        if from_fork:
            return "notice", f"no comment: {error}; the token for changes from forks may only read"
        return "warning", f"no comment: {error}; the job needs `permissions: pull-requests: write`"
    return "warning", f"no comment: {error}"


def main() -> None:
    """Reads GUARD_COMMENT, GUARD_COMMENT_KEY, GUARD_COMMENT_THRESHOLD, GUARD_EXIT_CODE, GUARD_REPORT, GUARD_MARKDOWN,
    GUARD_TOKEN and what every runner sets (GITHUB_API_URL, GITHUB_GRAPHQL_URL, GITHUB_REPOSITORY, GITHUB_EVENT_PATH)."""
    level, words = comment(os.environ)
    for character, code in (("%", "%25"), ("\r", "%0D"), ("\n", "%0A")):
        words = words.replace(character, code)
    print(f"::{level} title=guard::{words}")


if __name__ == "__main__":
    main()
