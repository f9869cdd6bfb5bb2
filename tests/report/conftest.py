"""Lets the tests of this folder import `report_schema` from the folder above when they are run on their own."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))
