"""Makes `bill_shop.py` importable for the tests of this folder, and keeps the user's cache out of them."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
sys.path.append(str(Path(__file__).parent.parent))
