"""Lets the tests of this folder import their helpers and `report_schema` from the folder above."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))
