"""What CI installs is locked, by version and hash, and looked up among known vulnerabilities."""

import re
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LOCKED = {
    "tensorflow": ("tensorflow", "test", "browser", "docs"),
    "torch": ("torch", "test"),
    "all": ("tensorflow", "torch", "jax", "test", "browser", "peers", "sweep"),
}


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(text):
    """Package -> versions, of lines ``name==version``."""
    found = {}
    for name, version in re.findall(r"^([\w.-]+)==([^\s;\\]+)", text, re.M):
        found.setdefault(normal(name), set()).add(version)
    return found


def lock(name):
    return (ROOT / ".ci" / "locks" / f"{name}.txt").read_text()


@pytest.mark.parametrize("name", [*LOCKED, "audit"])
def test_every_locked_package_has_a_version_and_hashes(name):
    entries = re.split(r"\n(?=\S)", lock(name).strip())
    assert len(entries) > 20
    for entry in entries:
        assert re.match(r"[\w.-]+==\S+", entry)
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry), entry


@pytest.mark.parametrize("name", LOCKED)
def test_a_lock_holds_what_the_project_asks_for_in_the_versions_of_the_constraints(name):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    asked = [*project["dependencies"], *(line for extra in LOCKED[name] for line in extras[extra])]
    asked = {normal(re.match(r"[\w.-]+", line)[0]) for line in asked}
    locked, constrained = pins(lock(name)), pins((ROOT / "constraints.txt").read_text())
    assert asked - set(locked) == asked & {"torch"}
    wrong = {package for package in locked.keys() & constrained.keys() if locked[package] != constrained[package]}
    assert not wrong, "make them anew: .ci/lock"


def test_a_lock_installs_one_backend_and_no_gpu_libraries():
    backends = {"tensorflow", "tensorflow-cpu", "torch", "jax"}
    assert not backends & pins(lock("torch")).keys()
    assert backends & pins(lock("tensorflow")).keys() == {"tensorflow", "tensorflow-cpu"}
    assert not any(
        package.startswith(("nvidia-", "cuda-", "triton")) for name in LOCKED for package in pins(lock(name))
    )


@pytest.fixture
def audit(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "tools")
    yield __import__("audit")
    sys.modules.pop("audit")


def test_a_package_that_could_not_be_looked_up_is_not_called_safe(audit):
    skipped = {"name": "dask", "skip_reason": "Dependency not found and could not be audited: dask (1.0)"}
    safe = {"name": "keras", "version": "3.0", "vulns": []}
    bad = {"name": "pillow", "version": "9.0.0", "vulns": [{"id": "PYSEC-2022-10"}, {"id": "PYSEC-2022-9"}]}
    found, vulnerable = audit.verdict([{"dependencies": [skipped, safe]}, {"dependencies": [bad, safe, skipped]}])
    assert found == "2 packages looked up, 1 of them vulnerable. 1 could not be looked up."
    assert vulnerable == {"pillow 9.0.0": ["PYSEC-2022-10", "PYSEC-2022-9"]}
    assert audit.verdict([]) == ("0 packages looked up, 0 of them vulnerable.", {})


@pytest.mark.parametrize(("vulns", "status"), [([], 0), ([{"id": "CVE-1"}], 1)])
def test_the_status_says_whether_one_is_vulnerable(audit, monkeypatch, capsys, vulns, status):
    report = {"dependencies": [{"name": "keras", "version": "3.0", "vulns": vulns}]}
    assert [path.name for path in audit.LISTS] == [
        "all.txt",
        "audit.txt",
        "tensorflow.txt",
        "torch.txt",
        "constraints.txt",
    ]
    monkeypatch.setattr(audit, "report_on", lambda path: report if path.name == "torch.txt" else None)
    assert audit.main() == status
    assert ("keras 3.0: CVE-1" in capsys.readouterr().out) == bool(vulns)
