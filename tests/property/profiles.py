"""How many examples the tests of this folder take, and which.

By default the same examples in each run, some seconds in all. The long run draws new ones each time, for hours if need
be, and prints how to repeat a failure:

    GUARD_PROPERTY=long GUARD_EXAMPLES=20000 python -m pytest tests/property -x -s
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

LONG = os.environ.get("GUARD_PROPERTY") == "long"


def examples(number: int) -> settings:
    """Settings of a test that takes `number` examples in a normal run; generated programs are large."""
    return settings(
        max_examples=int(os.environ.get("GUARD_EXAMPLES", str(number * 20))) if LONG else number,
        derandomize=not LONG,
        database=None,
        deadline=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )
