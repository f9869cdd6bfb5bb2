"""What self-hosted models cost, checked against sums made by hand from the price table's rows."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from guard.config.types import Config
from guard.estimate.gpu_names import gpus_named
from guard.estimate.hosting import table
from guard.model import Bounds, Deployment
from guard.run import scan

SERVER = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: llm}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: llm}}}}
  template:
    metadata: {{labels: {{app: llm}}}}
    spec:
      {where}
      containers:
        - name: server
          image: vllm/vllm-openai:v0.8.5
          args: ["--model", "Qwen/Qwen2.5-7B-Instruct"]
          resources: {{limits: {{nvidia.com/gpu: 2}}}}
"""
SCALER = """\
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: llm}
spec: {scaleTargetRef: {name: llm}, minReplicaCount: 1}
"""
L4 = "nodeSelector: {cloud.google.com/gke-accelerator: nvidia-l4}"


def found(root: Path, **files: str) -> tuple[Deployment, ...]:
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".yaml").write_text(text)
    return scan(root, Config()).deployments


def prices(gpu: str, terms: str = "on_demand") -> list[Decimal]:
    return [row.usd for row in table() if row.gpu == gpu and row.terms == terms]


def test_replicas_times_gpus_times_price_times_730_hours(tmp_path: Path) -> None:
    (one,) = found(tmp_path, app=SERVER.format(replicas=3, where=L4))
    low, high = min(prices("l4")) * 6, max(prices("l4")) * 6
    assert (one.model, one.gpu, one.gpus, one.replicas_low, one.replicas_high) == (
        "Qwen/Qwen2.5-7B-Instruct", ("l4",), 2, 3, 3,
    )  # fmt: skip
    assert one.usd_per_hour == Bounds(low, high)
    assert one.usd_per_month == one.idle_usd_per_month == Bounds(low * 730, high * 730)


def test_a_scaler_in_the_same_folder_decides_and_keda_ends_at_100(tmp_path: Path) -> None:
    (one,) = found(tmp_path, k8s__app=SERVER.format(replicas=3, where=L4), k8s__keda=SCALER)
    assert (one.replicas_low, one.replicas_high, one.scaled_by) == (1, 100, "keda")
    assert one.usd_per_hour == Bounds(min(prices("l4")) * 2, max(prices("l4")) * 200)


def test_a_scaler_of_another_branch_of_the_tree_is_another_programs(tmp_path: Path) -> None:
    (one,) = found(tmp_path, a__app=SERVER.format(replicas=3, where=L4), b__keda=SCALER)
    assert (one.replicas_low, one.replicas_high, one.scaled_by) == (3, 3, None)


def test_without_a_gpu_type_the_interval_spans_the_table_and_says_so(tmp_path: Path) -> None:
    (one,) = found(tmp_path, app=SERVER.format(replicas=1, where="terminationGracePeriodSeconds: 5"))
    every = [row.usd for row in table() if row.terms == "on_demand"]
    assert one.usd_per_hour == Bounds(min(every) * 2, max(every) * 2)
    assert any("does not say which GPU" in why for why in one.unknown)


def test_a_gpu_without_a_price_has_no_figure_and_is_not_free(tmp_path: Path) -> None:
    where = "nodeSelector: {nvidia.com/gpu.product: Acme-Fast-1}"
    (one,) = found(tmp_path, app=SERVER.format(replicas=1, where=where))
    assert (one.usd_per_hour, one.usd_per_month, one.idle_usd_per_month) == (None, None, None)
    assert "no on-demand price is listed for Acme-Fast-1" in one.unknown


def test_a_number_of_replicas_that_is_filled_in_later_is_not_known(tmp_path: Path) -> None:
    (one,) = found(tmp_path, app=SERVER.format(replicas='"${REPLICAS}"', where=L4))
    assert one.replicas_low is None and one.usd_per_month is None
    assert "the number of replicas is filled in later" in one.unknown


@pytest.mark.parametrize(
    ("written", "gpus"),
    [
        ("nvidia-h100-80gb", ("h100",)), ("NVIDIA-A100-SXM4-80GB", ("a100-80gb",)), ("A10G", ("a10g",)),
        ("nvidia-tesla-t4", ("t4",)), ("NVIDIA-L40S", ("l40s",)), ("NVIDIA-L4", ("l4",)), ("g5.12xlarge", ("a10g",)),
        ("p4d.24xlarge", ("a100-40gb",)), ("a3-highgpu-8g", ("h100",)), ("Standard_NC24ads_A100_v4", ("a100-80gb",)),
        ("A100", ("a100-40gb", "a100-80gb")), ("m5.large", ()),
    ],
)  # fmt: skip
def test_names_of_gpus_and_machines(written: str, gpus: tuple[str, ...]) -> None:
    assert gpus_named(written) == gpus


def test_a_gpu_of_amd_is_not_priced_as_one_of_nvidia(tmp_path: Path) -> None:
    text = SERVER.format(replicas=1, where="terminationGracePeriodSeconds: 5").replace("nvidia.com/gpu", "amd.com/gpu")
    (one,) = found(tmp_path, app=text)
    assert one.usd_per_hour is None and "no on-demand price is listed for GPU of AMD" in one.unknown
