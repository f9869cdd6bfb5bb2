"""What a release needs before it is published: a reproducible wheel, a bill of materials, licences, known holes.

In: a clean checkout. Out, in `--out` (default `dist`): the wheel, the source archive, `sbom.cdx.json` (CycloneDX 1.6)
of guard with all that is installed beside it, `licences.json`, `audit.json`, and `SHA256SUMS` over them. Exit code 1
when two builds of the same commit differ, when a dependency has a licence that is not in `LICENCES` or a known
vulnerability or was not audited, or has no upper and lower bound in pyproject.toml.

The tools are installed into a virtual environment of their own, the wheel into another one without them, so that what
is listed is what users get. `--no-audit` leaves out the question for vulnerabilities, which needs the network.

Run it as `python tools/release.py`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ("build==1.6.1", "pip-audit==2.10.1", "cyclonedx-bom==7.5.0", "pip-licenses==5.5.5")
LICENCES = (
    "MIT", "BSD", "Apache", "MPL-2.0", "Mozilla Public License 2.0", "PSF", "Python Software Foundation", "ISC",
    "CNRI-Python",
)  # fmt: skip
"""Beginnings of the names of licences that may be installed with guard: none asks anything of who uses guard."""


class Refused(Exception):
    """The release must not be made; the text says why."""


def run(command: Sequence[str], environment: Mapping[str, str] | None = None, codes: Sequence[int] = (0,)) -> str:
    """Standard output of a command. Raises `Refused` when it ends with none of `codes`."""
    given = {**os.environ, **(environment or {})}
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=given, check=False)
    if done.returncode not in codes:
        raise Refused(f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def environment_in(folder: Path, *packages: str, pip: Path | None = None) -> Path:
    """The interpreter of a new virtual environment with these packages, and nothing else where another's pip is given."""
    run([sys.executable, "-m", "venv", *(["--without-pip"] if pip else []), str(folder)])
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    run([str(pip or python), "-m", "pip", "--python", str(python), "install", "--quiet", *packages])
    return python


def built(python: Path, folder: Path) -> dict[str, Path]:
    """The wheel and the source archive of the checkout, with the time of its last commit in them, by kind."""
    moment = run(["git", "log", "-1", "--format=%ct"]).strip()
    run([str(python), "-m", "build", "--outdir", str(folder), str(ROOT)], {"SOURCE_DATE_EPOCH": moment})
    return {"wheel": next(folder.glob("*.whl")), "source archive": next(folder.glob("*.tar.gz"))}


def reproducible(python: Path, out: Path, scratch: Path) -> Path:
    """Build twice into different folders; the wheel. Raises `Refused` when the two differ in a byte."""
    first, second = built(python, out), built(python, scratch / "again")
    for kind, file in first.items():
        if file.read_bytes() != second[kind].read_bytes():
            raise Refused(f"two builds of the {kind} of one commit differ: it is not reproducible")
    return first["wheel"]


def unbounded(project: dict[str, Any]) -> list[str]:
    """Dependencies that users get which lack a lowest or a highest release."""
    return [one for one in project["project"]["dependencies"] if ">=" not in one or not re.search(r"<\s*\d", one)]


def other_licences(rows: Sequence[dict[str, str]]) -> list[str]:
    """Packages under licences that are not among `LICENCES`, and no others to choose."""
    bad = []
    for row in rows:
        choices = [re.split(r"\s*;\s*| AND ", choice) for choice in row["License"].splitlines()[0].split(" OR ")]
        if not any(all(name.strip("( )").startswith(LICENCES) for name in names) for names in choices):
            bad.append(f"{row['Name']} {row['Version']}: {row['License'].splitlines()[0]}")
    return bad


def holes(answer: dict[str, Any]) -> list[str]:
    """Known vulnerabilities in what `pip-audit` found, and packages of which it learnt nothing: that is no good news."""
    wrong = []
    for one in answer["dependencies"]:
        if "vulns" not in one:
            wrong.append(f"{one['name']}: not audited: {one.get('skip_reason', 'no reason was given')}")
        elif one["vulns"]:
            wrong.append(f"{one['name']} {one['version']}: {', '.join(known['id'] for known in one['vulns'])}")
    return wrong


def checked(tools: Path, user: Path, out: Path, audit: bool) -> list[str]:
    """Write the bill of materials, the licences and the audit of the user's environment; what is wrong."""
    wrong = []
    bom = [str(tools), "-m", "cyclonedx_py", "environment", "--output-reproducible", "--spec-version", "1.6"]
    pyproject = ["--pyproject", "pyproject.toml", "--mc-type", "application"]
    run([*bom, *pyproject, "--output-file", str(out / "sbom.cdx.json"), str(user)])
    licences = run([str(tools), "-m", "piplicenses", "--python", str(user), "--format=json", "--from=mixed"])
    (out / "licences.json").write_text(licences, encoding="utf-8")
    wrong += other_licences(json.loads(licences))
    if audit:
        frozen = run([str(tools), "-m", "pip", "--python", str(user), "freeze", "--exclude", "guard-spend"])
        listed = out.parent / f".{out.name}-requirements.txt"
        listed.write_text(frozen, encoding="utf-8")
        question = [str(tools), "-m", "pip_audit", "--no-deps", "--disable-pip", "--format=json", "-r", str(listed)]
        try:
            answer = run(question, codes=(0, 1))
        finally:
            listed.unlink()
        (out / "audit.json").write_text(answer, encoding="utf-8")
        wrong += holes(json.loads(answer))
    return wrong


def sums(out: Path) -> str:
    """`SHA256SUMS` of a folder's files, as `sha256sum --check` reads it."""
    files = sorted(file for file in out.iterdir() if file.is_file() and file.name != "SHA256SUMS")
    return "".join(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files)


def release(out: Path, audit: bool) -> list[str]:
    """Do all of it; what is wrong. Raises `Refused` where it can't go on."""
    if out.exists() and any(out.iterdir()):
        raise Refused(f"{out} is not empty")
    out.mkdir(parents=True, exist_ok=True)
    wrong = [f"{one}: no upper bound" for one in unbounded(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8")))]
    with tempfile.TemporaryDirectory(prefix="guard-release-") as name:
        tools = environment_in(Path(name, "tools"), *TOOLS)
        wheel = reproducible(tools, out, Path(name))
        user = environment_in(Path(name, "user"), str(wheel), pip=tools)
        wrong += checked(tools, user, out, audit)
    (out / "SHA256SUMS").write_text(sums(out), encoding="utf-8")
    return wrong


def main() -> int:
    """Make the release's files and say what is wrong; the exit code."""
    parser = argparse.ArgumentParser(description="Build and check a release of guard.")
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="an empty or new folder (default: dist)")
    parser.add_argument("--no-audit", action="store_true", help="do not ask for known vulnerabilities")
    options = parser.parse_args()
    try:
        wrong = release(options.out.resolve(), not options.no_audit)
    except Refused as error:
        wrong = [str(error)]
    else:
        print((options.out / "SHA256SUMS").read_text(encoding="utf-8"), end="")
    print("\n".join(wrong) if wrong else "the release is as it should be", file=sys.stderr if wrong else sys.stdout)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
