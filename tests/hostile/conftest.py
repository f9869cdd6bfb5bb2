"""Lets tests import `attack`, and `repository` of the tests of comparisons."""

import sys
from pathlib import Path

for folder in (Path(__file__).parent, Path(__file__).parents[1] / "diff"):
    sys.path.append(str(folder))
