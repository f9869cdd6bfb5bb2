"""Lets the tests of this folder import their helpers, `report_schema` from above and `spec_cases` from `resolve`."""

import sys
from pathlib import Path

for folder in (Path(__file__).parents[1], Path(__file__).parents[1] / "resolve"):
    sys.path.append(str(folder))
