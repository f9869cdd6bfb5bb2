"""What guard touches: files below the root and its own, git for names and contents, and never the network.

Held three ways: by Python's audit events, in a network namespace without routes, and by what the system saw (strace).
The last two run where the system has them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import pytest
from attack import CALL, LIMIT, guard
from repository import commit, committed

PACKAGE = Path(__file__).parents[2]
COMMANDS = (
    ("check",), ("check", "--base", "HEAD~1"), ("cost", "--format", "json", "--show-prompts"), ("diff", "HEAD~1"),
    ("check", "--staged", "--format", "sarif"), ("explain", "app.py:7"), ("baseline", "--check"),
)  # fmt: skip
READS_OUTSIDE = """
from pathlib import Path

import json
import yaml
from openai import OpenAI

ABOVE = Path("../secret.txt").read_text()
ABSOLUTE = open("{outside}/secret.txt").read()
HOME = open(Path.home() / "secret.txt").read()
LINK = open("link.txt").read()
SETTINGS = yaml.safe_load(open("../settings.yaml"))


def ask(question):
    messages = [{"role": "user", "content": f"{ABOVE}{ABSOLUTE}{HOME}{LINK}{question}"}]
    return OpenAI().chat.completions.create(model=SETTINGS["model"], messages=messages, max_tokens=100)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A repository whose code, links and configuration name files outside of it, beside which secrets lie."""
    outside = tmp_path / "outside"
    made = committed(outside / "scanned", {"app.py": CALL, "guard.yaml": "version: 1\nextends: [rules.yaml]\n"})
    (outside / "secret.txt").write_text("SECRET " * 50)
    (outside / "settings.yaml").write_text("model: gpt-4.1-secret\n")
    (made / "link.txt").symlink_to(outside / "secret.txt")
    (made / "linked").symlink_to(outside, target_is_directory=True)
    (made / "rules.yaml").write_text("version: 1\npolicies: []\n")
    (made / "reads.py").write_text(READS_OUTSIDE.replace("{outside}", str(outside)))
    commit(made, "more")
    (made / "app.py").write_text(CALL.replace("100", "200"))
    return made


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_only_files_of_the_root_and_of_guard_are_opened(
    tmp_path: Path, folder: Path, arguments: tuple[str, ...]
) -> None:
    log = tmp_path / "log"
    command = [sys.executable, str(Path(__file__).with_name("watched.py")), str(log), *arguments]
    variables = os.environ | {"PYTHONPATH": str(PACKAGE), "HOME": str(tmp_path / "outside")}
    done = subprocess.run(
        command, cwd=folder, env=variables, capture_output=True, text=True, timeout=LIMIT, check=False
    )
    assert done.returncode in (0, 1), done.stderr
    assert "SECRET" not in done.stdout + done.stderr and "gpt-4.1-secret" not in done.stdout
    # Besides the root: guard and Python themselves, what both keep for themselves, and a temporary folder.
    own = [PACKAGE, tmp_path / "outside" / ".cache", Path(sys.prefix), Path(sys.base_prefix), Path("/dev/null")]
    own += [Path(path) for path in (*sysconfig.get_paths().values(), *sys.path) if path]
    allowed = [os.path.realpath(path) for path in (folder, *own)]
    for line in log.read_text().splitlines():
        event, *given = json.loads(line)
        assert event in ("open", "os.listdir", "os.scandir", "subprocess.Popen"), line
        if event == "subprocess.Popen":
            assert os.path.basename(given[0]) == "git", line
        elif not given[0].isdigit() and given[0] != "None":
            path = os.path.realpath(os.path.join(folder, given[0]))
            inside = any(f"{path}/".startswith(f"{one}/") for one in allowed)
            assert inside or _is_temporary(path) or _of_the_system(path), line


def _is_temporary(path: str) -> bool:
    """guard's own folder for the configuration of a base, and the empty file by which Python tries a folder out."""
    inside = os.path.relpath(path, os.path.realpath(tempfile.gettempdir())).split(os.sep)
    return inside[0].startswith("guard-") or (len(inside) == 1 and len(inside[0]) == 8)


def _of_the_system(path: str) -> bool:
    """Files that Python's library reads of its own accord: types of files, time zones, locales, its processes."""
    return path.startswith(("/usr/share/", "/usr/lib/", "/etc/mime", "/etc/localtime", "/proc/", "/sys/", "/dev/"))


@pytest.mark.skipif(shutil.which("unshare") is None, reason="this system has no network namespaces")
@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_nothing_changes_without_a_network(folder: Path, arguments: tuple[str, ...]) -> None:
    start = ["unshare", "-rn"]
    if subprocess.run([*start, "true"], capture_output=True, check=False).returncode:
        pytest.skip("making a network namespace is not allowed here")
    variables = os.environ | {"PYTHONPATH": str(PACKAGE)}
    done = subprocess.run(
        [*start, sys.executable, "-m", "guard", *arguments], cwd=folder, env=variables, capture_output=True, text=True,
        timeout=LIMIT, check=False,
    )  # fmt: skip
    usual = guard(folder, *arguments)
    assert (done.returncode, done.stdout, done.stderr) == (usual.returncode, usual.stdout, usual.stderr)


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
@pytest.mark.parametrize("arguments", COMMANDS[:4], ids=" ".join)
def test_the_system_sees_no_socket_and_no_program_but_git(
    tmp_path: Path, folder: Path, arguments: tuple[str, ...]
) -> None:
    log = tmp_path / "trace"
    start = ["strace", "-f", "-qq", "-o", str(log), "-e", "trace=network,execve"]
    if subprocess.run([*start, "true"], capture_output=True, check=False).returncode:
        pytest.skip("tracing is not allowed here")
    log.unlink()
    variables = os.environ | {"PYTHONPATH": str(PACKAGE)}
    command = [*start, sys.executable, "-m", "guard", *arguments]
    done = subprocess.run(
        command, cwd=folder, env=variables, capture_output=True, text=True, timeout=LIMIT, check=False
    )
    assert done.returncode in (0, 1), done.stderr
    lines = [line for line in log.read_text().splitlines() if "resumed>" not in line]
    network = [line for line in lines if "execve(" not in line and "+++" not in line and "---" not in line]
    assert [line for line in network if "AF_UNIX" not in line and "socketpair" not in line] == []
    started = {line.split('execve("')[1].split('"')[0] for line in lines if 'execve("' in line}
    others = {name for name in started if os.path.basename(name) != "git"}
    assert others <= {sys.executable, os.path.realpath(sys.executable)}


@pytest.mark.parametrize(
    "text",
    [
        "version: 1\nextends: [../rules.yaml]\n",
        "version: 1\nextends: [linked/rules.yaml]\n",
        "version: 1\nextends: [/etc/passwd]\n",
        "version: 1\nextends: [link.yaml]\n",
        "version: 1\nextends: [.git/config]\n",
        "version: 1\nbaseline: ../baseline.json\n",
        "version: 1\nbaseline: linked/baseline.json\n",
        'version: 1\nextends: ["rules.yaml\\0"]\n',
    ],
)
def test_a_configuration_that_names_files_elsewhere_is_refused(folder: Path, text: str) -> None:
    for name in ("rules.yaml", "baseline.json"):
        (folder.parent / name).write_text("SECRET: [\n")
    (folder / "link.yaml").symlink_to(folder.parent / "rules.yaml")
    (folder / "guard.yaml").write_text(text)
    done = guard(folder, "check")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("guard.yaml:2:") and "SECRET" not in done.stderr and "root:" not in done.stderr


def test_a_configuration_that_is_a_link_elsewhere_is_refused(folder: Path) -> None:
    (folder.parent / "rules.yaml").write_text("SECRET: [\n")
    (folder / "guard.yaml").unlink()
    (folder / "guard.yaml").symlink_to(folder.parent / "rules.yaml")
    done = guard(folder, "check")
    assert (done.returncode, done.stdout) == (2, "")
    assert "leads out of the project" in done.stderr and "SECRET" not in done.stderr
