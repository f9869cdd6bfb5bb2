"""Policy packs of installed packages, named in `extends` as `package:NAME`.

In: a name. Out: the bytes of its file. A distribution declares a pack with an entry point of the group `guard.packs`:

    [project.entry-points."guard.packs"]
    acme = "acme_policies.packs:team.yaml"

which names the file `team.yaml` in the package `acme_policies.packs`. Nothing is imported: the distribution's own list
of files says where it lies. Neighbour: `packs` (the caller).
"""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

from guard.config.document import MAX_BYTES
from guard.config.issues import listed, nearest, show

GROUP = "guard.packs"


class NoPack(Exception):
    """There is no such pack, or its file cannot be read: what is wrong, and what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def read(name: str) -> bytes:
    """The bytes of an installed pack, at most one more than `MAX_BYTES`. Raises `NoPack`."""
    known = {point.name: point for point in metadata.entry_points(group=GROUP)}
    point = known.get(name)
    if point is None:
        meant = nearest(name, known)
        hint = f"did you mean 'package:{meant}'?" if meant else f"installed are {listed(sorted(known)) or 'none'}"
        raise NoPack(f"no installed package has a pack {show(name)}", hint)
    module, _, file = point.value.partition(":")
    path = f"{module.strip().replace('.', '/')}/{file.strip()}"
    distribution = point.dist
    found = [one for one in (distribution.files or ()) if one.as_posix() == path] if distribution else []
    owner = distribution.name if distribution else "its package"
    if not found:
        message = f"pack {show(name)} of {owner} is said to be {show(path)}, which the package does not list"
        raise NoPack(message, "install the package anew (not in editable mode)")
    located = Path(str(found[0].locate()))
    try:
        with located.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        message = f"pack {show(name)} of {owner} cannot be read ({error.strerror})"
        raise NoPack(message, "install the package anew") from None
