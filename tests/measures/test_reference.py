"""The reference: what it says that no lesson uses is what none uses, and what lessons import stands in it."""

import ast
import importlib
import inspect
import pkgutil
import re
from pathlib import Path

from dense_keras import measures

ROOT = Path(__file__).parents[2]
MODULES = {
    found.name: importlib.import_module(f"{measures.__name__}.{found.name}")
    for found in pkgutil.iter_modules(measures.__path__)
}
USERS = [
    path
    for folder in ("lessons", "studies", "tools", "benchmarks", "dense_keras")
    for path in (ROOT / folder).rglob("*.py")
    if path.parent != Path(measures.__file__).parent
]


def referred(path):
    """Functions of measures that a file names, as ``module.name`` or by importing them."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{measures.__name__}."):
            yield from (getattr(MODULES[node.module.rsplit(".", 1)[1]], alias.name) for alias in node.names)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in MODULES:
            yield getattr(MODULES[node.value.id], node.attr, None)


def is_of_measures(value):
    return inspect.isfunction(value) and value.__module__.startswith(measures.__name__)


def with_what_they_call(functions):
    """Functions, and what these are made of: the array of each exemplar is used where its mean is."""
    waiting, found = [function for function in functions if is_of_measures(function)], set()
    while waiting:
        function = waiting.pop()
        if function not in found:
            found.add(function)
            names = {node.id for node in ast.walk(ast.parse(inspect.getsource(function))) if isinstance(node, ast.Name)}
            called = (function.__globals__.get(name) for name in names)
            waiting += [value for value in called if is_of_measures(value)]
    return found


def test_the_list_of_measures_that_no_lesson_uses_is_true():
    used = with_what_they_call(function for path in USERS for function in referred(path))
    unused = {
        f"{module}.{name}"
        for module in MODULES
        for name, value in inspect.getmembers(MODULES[module], inspect.isfunction)
        if value.__module__ == MODULES[module].__name__ and not name.startswith("_") and value not in used
    }
    page = (ROOT / "docs" / "reference" / "measures.md").read_text(encoding="utf-8")
    listed = page.split("## Not used in the lessons")[1].split("\n## ")[0]
    assert set(re.findall(r"`(\w+\.\w+)`", listed)) == unused


def defined(module):
    """Public names at the top of a module."""
    path = ROOT.joinpath(*module.split("."))
    tree = ast.parse((path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (target.id for target in targets if isinstance(target, ast.Name))


def documented():
    """(module, name) of all that the page of the API shows."""
    page = (ROOT / "docs" / "reference" / "api.md").read_text(encoding="utf-8")
    for module, members in re.findall(r"^::: (\S+)(?:\n    options:\n      members: \[(.*)\])?", page, re.MULTILINE):
        yield from ((module, name) for name in (members.split(", ") if members else defined(module)))


def test_what_the_api_shows_is_there():
    assert not [(module, name) for module, name in documented() if name not in set(defined(module))]


def test_what_lessons_import_is_in_the_reference():
    shown = {name for _, name in documented()} | {"keras"}
    for path in (ROOT / "lessons").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            of_package = isinstance(node, ast.ImportFrom) and (node.module or "").startswith("dense_keras.")
            if of_package and not node.module.startswith(measures.__name__):
                assert not {alias.name for alias in node.names} - shown, path
