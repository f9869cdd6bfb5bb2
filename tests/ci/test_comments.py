"""The one comment of guard's own, at a pull request of GitHub and at a merge request of GitLab, over HTTP.

The services are servers on this machine (`ci_services.py`); waiting is noted instead of done.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from ci_services import Failure, Service, served

from integrations import sticky
from integrations.api import Api, ApiError
from integrations.github.comment import PullRequest
from integrations.gitlab.note import MergeRequest
from integrations.sticky import mark


@dataclass
class Change:
    """A change at a service, and what we waited for."""

    service: Service
    thread: Any
    waited: list[float] = field(default_factory=list)

    def keep(self, text: str, mode: Any = "update", wanted: bool = True, key: str = "guard") -> str:
        return sticky.keep(self.thread, mode, key, text, wanted)


@pytest.fixture(params=["github", "gitlab"])
def change(request: pytest.FixtureRequest) -> Iterator[Change]:
    """A change without comments."""
    waited: list[float] = []
    with served(Service(request.param)) as service:
        if request.param == "github":
            api = Api(service.base, {"Authorization": f"Bearer {service.token}"}, waited.append)
            thread: Any = PullRequest(api, api, "acme/shop", 7)
        else:
            thread = MergeRequest(Api(f"{service.base}/api/v4", {"PRIVATE-TOKEN": service.token}, waited.append), 31, 7)
        yield Change(service, thread, waited)


WRITING = "POST .*(comments|notes)$"


def test_the_first_comment_is_made_and_later_ones_are_the_same_one(change: Change) -> None:
    assert change.keep("first") == "created"
    assert change.keep("second") == "updated"
    assert change.keep("second") == "unchanged"
    assert change.service.texts == [f"{mark('guard')}\nsecond"]


def test_a_new_one_takes_the_place_of_the_old_one_below_all_others(change: Change) -> None:
    change.keep("first")
    change.service.add("looks good", "ana")
    assert change.keep("second", "replace") == "replaced"
    assert change.service.texts == ["looks good", f"{mark('guard')}\nsecond"]


def test_the_own_comment_is_found_on_a_later_page(change: Change) -> None:
    for number in range(5):
        change.service.add(f"remark {number}", "ana")
    change.service.add(f"{mark('guard')}\nold")
    for number in range(4):
        change.service.add(f"answer {number}", "bob")
    assert change.keep("new") == "updated"
    assert len(change.service.comments) == 10
    assert change.service.texts[5] == f"{mark('guard')}\nnew"
    assert sum(asked.startswith("GET") and "user" not in asked for asked in change.service.asked) == 4


def test_comments_of_others_are_never_touched_whatever_they_hold(change: Change) -> None:
    change.service.add(f"{mark('guard')}\nI copied this", "mallory")
    change.service.add(f"see {mark('guard')}")
    change.service.add(f"{mark('other')}\nanother use of the action")
    before = change.service.texts
    assert change.keep("mine", "replace") == "created"
    assert change.keep("mine again", "replace") == "replaced"
    assert change.service.texts == [*before, f"{mark('guard')}\nmine again"]


def test_two_uses_with_keys_of_their_own_have_two_comments(change: Change) -> None:
    assert change.keep("a", key="backend") == "created"
    assert change.keep("b", key="frontend") == "created"
    assert change.keep("c", key="backend") == "updated"
    assert change.service.texts == [f"{mark('backend')}\nc", f"{mark('frontend')}\nb"]


def test_what_is_not_worth_a_comment_makes_none_but_keeps_the_old_one_true(change: Change) -> None:
    assert change.keep("nothing", wanted=False) == "not needed"
    assert change.service.texts == []
    change.keep("dear")
    assert change.keep("nothing changes any more", "replace", wanted=False) == "updated"
    assert change.service.texts == [f"{mark('guard')}\nnothing changes any more"]


def test_several_own_comments_of_runs_at_one_time_become_one(change: Change) -> None:
    change.service.add(f"{mark('guard')}\none")
    change.service.add(f"{mark('guard')}\ntwo")
    assert change.keep("three") == "updated"
    assert change.service.texts == [f"{mark('guard')}\nthree"]


def test_a_comment_that_is_deleted_meanwhile_is_made_anew(change: Change) -> None:
    change.keep("first")
    change.service.failures.append(Failure("(PATCH|PUT) ", 404, "Not Found", gone=True))
    assert change.keep("second") == "created"
    assert change.service.texts == [f"{mark('guard')}\nsecond"]


def test_a_busy_server_is_asked_again(change: Change) -> None:
    change.service.failures.append(Failure("GET", 502, times=2))
    assert change.keep("first") == "created"
    assert change.waited == [1, 2]


def test_a_comment_whose_answer_is_lost_is_not_made_twice(change: Change) -> None:
    change.service.failures.append(Failure(WRITING, 504, done=True))
    assert change.keep("first") == "unchanged"
    assert change.service.texts == [f"{mark('guard')}\nfirst"]


def test_a_comment_that_failed_is_made_at_the_next_try(change: Change) -> None:
    change.service.failures.append(Failure(WRITING, 500))
    assert change.keep("first") == "created"
    assert len(change.service.texts) == 1 and change.waited == [1]


def test_trouble_that_stays_is_told_and_ends(change: Change) -> None:
    change.service.failures.append(Failure(WRITING, 503, "down for maintenance", times=99))
    with pytest.raises(ApiError, match=r"POST was answered 503 \(down for maintenance\)"):
        change.keep("first")
    assert len([asked for asked in change.service.asked if asked.startswith("POST")]) == sticky.ROUNDS


@pytest.mark.parametrize("status", [403, 429, 503])
def test_who_asks_too_often_waits_as_long_as_the_service_says(change: Change, status: int) -> None:
    message = "You have exceeded a secondary rate limit"
    change.service.failures.append(Failure(WRITING, status, message, {"Retry-After": "7"}))
    assert change.keep("first") == "created"
    assert change.waited == [7] and len(change.service.texts) == 1


def test_a_secondary_limit_without_a_time_is_waited_for_longer_each_time(change: Change) -> None:
    change.service.failures.append(Failure(WRITING, 403, "You have exceeded a secondary rate limit", times=3))
    assert change.keep("first") == "created"
    assert change.waited == [1, 2, 4]


def test_nobody_waits_an_hour_for_a_comment(change: Change) -> None:
    change.service.failures.append(Failure(WRITING, 403, "API rate limit exceeded", {"Retry-After": "3600"}, times=9))
    with pytest.raises(ApiError, match="403") as refused:
        change.keep("first")
    assert refused.value.limited and change.waited == []


def test_a_limit_that_ends_soon_is_waited_for(change: Change) -> None:
    import time

    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()) + 20)}
    change.service.failures.append(Failure(WRITING, 403, "API rate limit exceeded", headers))
    assert change.keep("first") == "created"
    assert 10 < change.waited[0] <= 20


def test_a_token_that_may_not_write_is_refused_at_once(change: Change) -> None:
    change.service.may_write = False
    with pytest.raises(ApiError, match=r"403 \(Resource not accessible by integration\)") as refused:
        change.keep("first")
    assert (refused.value.status, refused.value.limited) == (403, False)
    assert change.waited == []


def test_text_that_the_service_does_not_take_is_refused_at_once(change: Change) -> None:
    with pytest.raises(ApiError, match=r"POST was answered 422 \(Validation Failed: body is too long\)"):
        change.keep("x" * 70_000)
    assert change.waited == [] and change.service.texts == []


def test_a_server_that_is_not_there_is_an_error_without_the_token() -> None:
    waited: list[float] = []
    api = Api("http://127.0.0.1:9", {"Authorization": "Bearer secret-token"}, waited.append)
    with pytest.raises(ApiError, match="no answer to GET") as failed:
        api.call("GET", "/user")
    assert "secret" not in str(failed.value) and waited == [1, 2, 4]


def test_the_token_goes_nowhere_else(change: Change) -> None:
    with served(Service("github")) as elsewhere:
        link = {"Link": f'<{elsewhere.base}/repos/acme/shop/issues/7/comments?page=2>; rel="next"'}
        api = Api(change.service.base, {"Authorization": "Bearer secret-token"})
        change.service.failures.append(Failure("GET /list", 200, headers=link))
        with pytest.raises(ApiError, match="another address"):
            list(api.pages("/list"))
        change.service.failures.append(Failure("GET /moved", 302, headers={"Location": f"{elsewhere.base}/user"}))
        with pytest.raises(ApiError, match="302"):
            api.call("GET", "/moved")
        assert elsewhere.asked == []


def test_a_list_without_end_ends(change: Change) -> None:
    again = {"Link": f'<{change.service.base}/list>; rel="next"'}
    change.service.failures.append(Failure("GET /list", 200, headers=again, times=1000))
    api = Api(change.service.base, {})
    with pytest.raises(ApiError, match="more than 50 pages"):
        list(api.pages("/list"))


def test_who_a_token_is_is_not_asked_where_no_comment_carries_the_mark(change: Change) -> None:
    change.service.add("looks good", "ana")
    change.keep("first")
    assert not any("graphql" in asked or "user" in asked for asked in change.service.asked)


@pytest.mark.parametrize("key", ["", "a b", "-->", "-x", "a" * 65, "a\n"])
def test_a_key_that_could_leave_the_hidden_mark_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="key of a comment"):
        mark(key)
