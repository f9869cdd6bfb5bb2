"""GPUs by name. In: what manifests write (`nvidia-l4`, `NVIDIA-A100-SXM4-80GB`, `g5.12xlarge`). Out: the table's
names.

A machine type stands for the GPU that its family has (documentation of the clouds: AWS accelerated computing
instances, Google Cloud GPU machine types, Azure N-series sizes).
"""

from __future__ import annotations

import re

_MACHINES = (
    (r"p6-b200\.", "b200"), (r"p5e[n]?\.", "h200"), (r"p5\.", "h100"), (r"p4de\.", "a100-80gb"),
    (r"p4d\.", "a100-40gb"), (r"p3(dn)?\.", "v100"), (r"g6e\.", "l40s"), (r"g6\.", "l4"), (r"g5\.", "a10g"),
    (r"g4dn\.", "t4"), (r"a4-highgpu-", "b200"), (r"a3-ultragpu-", "h200"), (r"a3-(high|mega|edge)gpu-", "h100"),
    (r"a2-ultragpu-", "a100-80gb"), (r"a2-(high|mega)gpu-", "a100-40gb"), (r"g2-standard-", "l4"),
    (r"standard_nd\d+\w*_h200_", "h200"), (r"standard_n[cd]\d+\w*_h100_", "h100"),
    (r"standard_nc\d+ads_a100_v4", "a100-80gb"), (r"standard_nd96amsr_a100_v4", "a100-80gb"),
    (r"standard_nc\d+as_t4_v3", "t4"),
)  # fmt: skip
_NAMES = (
    (r"gb200", "gb200"), (r"gh200", "gh200"), (r"b200", "b200"), (r"h200", "h200"), (r"h100", "h100"),
    (r"a100.*80g|a100-80|a100.*-80$", "a100-80gb"), (r"a100.*40g|(nvidia-)?tesla-a100$", "a100-40gb"),
    (r"a100", "a100"), (r"l40s", "l40s"), (r"l40", "l40"), (r"(?<![a-z0-9])l4(?![0-9])", "l4"), (r"a10g", "a10g"),
    (r"(?<![a-z0-9])a10(?![0-9])", "a10"), (r"a6000", "a6000"), (r"v100", "v100"), (r"(?<![a-z0-9])t4(?![0-9])", "t4"),
    (r"mi300x", "mi300x"),
)  # fmt: skip
_VARIANTS = {"a100": ("a100-40gb", "a100-80gb")}
"""A name that several GPUs share."""


def gpus_named(text: str) -> tuple[str, ...]:
    """The GPUs that a text may mean; empty: none that guard knows."""
    low = text.strip().lower()
    for pattern, name in _MACHINES:
        if re.match(pattern, low):
            return (name,)
    for pattern, name in _NAMES:
        if re.search(pattern, low):
            return _VARIANTS.get(name, (name,))
    return ()
