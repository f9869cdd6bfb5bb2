"""The object `setting`: a key of a configuration file that decides what requests cost.

In: `guard.model.Setting`s, which a `Group` without requests carries. Out: the fields that conditions can name.
Neighbours: `sums` lists all objects, `groups` makes the groups.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, get_args

from guard.model import Confidence, Scalar, Setting
from guard.policy.expr.types import TEXT, ListOf, Number, Text
from guard.policy.expr.values import Absent, Unknown, Value
from guard.policy.objects.parts import field, table

if TYPE_CHECKING:
    from guard.policy.objects.sums import Group

_HIDDEN = Unknown(("the text of a prompt, which conditions do not see",))


def _of(get: Callable[[Setting], Value]) -> Callable[[Group], Value]:
    """A field of the setting that a group carries."""

    def value(group: Group) -> Value:
        assert group.setting is not None
        return get(group.setting)

    return value


def _texts(setting: Setting) -> Value:
    """The values as texts. That of a prompt is not told, since messages name what a condition asks for."""
    if setting.what == "prompt":
        return (_HIDDEN,)
    return tuple(map(_text, setting.value if isinstance(setting.value, tuple) else (setting.value,)))


def _first(setting: Setting) -> Value:
    found = _texts(setting)
    return found[0] if isinstance(found, tuple) and found else Absent("it has no value")


def _text(value: Scalar) -> str:
    """As configuration files write it."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)


def _number(setting: Setting) -> Value:
    value = setting.value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return Absent("its value is no number")
    return Decimal(str(value))


SETTING = table(
    "setting",
    "A key of a configuration file that decides what requests cost; docs/formats.md lists formats and keys.",
    (
        field("path", TEXT, "The file, relative to the scanned folder", _of(lambda one: one.path)),
        field("line", Number(), "The line, from 1", _of(lambda one: Decimal(one.line))),
        field("format", TEXT, "`litellm-proxy`, `promptfoo`, ...", _of(lambda one: one.format)),
        field("key", TEXT, "Where in the file: `model_list[0].litellm_params.model`", _of(lambda one: one.key_path)),
        field("what", TEXT, "What it decides: `model`, `max_tokens`, `retries`, ...", _of(lambda one: one.what)),
        field("text", TEXT, "Its value as text; of several the first", _of(_first), optional=True),
        field("texts", ListOf(TEXT), "Its values as texts", _of(_texts)),
        field("number", Number(), "Its value, where that is a number", _of(_number), optional=True),
        field(
            "confidence",
            Text(get_args(Confidence)),
            "Whether the format says what the key means, or only its name and value do",
            _of(lambda one: one.confidence),
        ),
    ),
)
