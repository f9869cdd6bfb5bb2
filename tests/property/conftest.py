"""Profiles of hypothesis for the tests of this folder, and the way to their helpers.

The profile `property` (the default here) is fixed: the same examples in each run, some seconds in all. The long run
draws new examples each time and prints how to repeat a failure:

    GUARD_PROPERTY=long python -m pytest tests/property -p no:cacheprovider

`GUARD_EXAMPLES=20000` sets the number of examples of each test.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from hypothesis import HealthCheck, settings

sys.path.append(str(Path(__file__).parents[1]))
sys.path.append(str(Path(__file__).parents[1] / "resolve"))

LONG = os.environ.get("GUARD_PROPERTY") == "long"
_COMMON = settings(
    deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much,
    HealthCheck.data_too_large, HealthCheck.large_base_example],
)  # fmt: skip
PROPERTY = settings(
    _COMMON,
    max_examples=int(os.environ.get("GUARD_EXAMPLES", "3000" if LONG else "150")),
    derandomize=not LONG,
    print_blob=True,
)
