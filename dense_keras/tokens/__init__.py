"""Token sets, one file each.

A token set is a module of this folder with a function of the module's name that
returns a ``TokenSet``. To add one, add a file: there is nothing to register.
``faces`` are generated, ``fashion`` are photographs that come with the package,
``folder`` reads the learner's own images.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dense_keras.token_set import TokenSet, TokenSetError


def names() -> list[str]:
    """Names of the token sets that need no folder, in alphabetical order."""
    return sorted(
        module.name
        for module in pkgutil.iter_modules(__path__)
        if module.name != "folder" and not module.name.startswith("_")
    )


def load(name: str, /, **options: Any) -> TokenSet:
    """The token set called ``name``, or the one in the folder of that path.

    options: arguments of the token set's own function, such as ``exemplars``,
    ``size`` and ``seed``; None means that function's default.
    Raises TokenSetError for an unknown name or an option that the set does not have.
    """
    options = {option: value for option, value in options.items() if value is not None}
    function = _function(name)
    possible = inspect.signature(function).parameters
    unknown = sorted(set(options) - set(possible))
    if unknown:
        raise TokenSetError(f"Token set {name!r} has no option {', '.join(unknown)}. It has: {', '.join(possible)}.")
    return function(name, **options) if is_folder(name) else function(**options)


def defaults(source: str) -> dict[str, Any]:
    """Option -> default value of a token set, for those options that have one."""
    parameters = inspect.signature(_function(source)).parameters.values()
    return {option.name: option.default for option in parameters if option.default is not inspect.Parameter.empty}


def is_folder(source: str) -> bool:
    """Whether ``source`` means a folder of images rather than a token set's name."""
    return source not in names()


def _function(source: str) -> Callable[..., TokenSet]:
    if not is_folder(source):
        return getattr(importlib.import_module(f"{__name__}.{source}"), source)
    if not Path(source).expanduser().is_dir():
        raise TokenSetError(
            f"No token set and no folder {source!r}. Token sets: {', '.join(names())}. "
            "A folder of your own holds one sub-folder of images a token."
        )
    return importlib.import_module(f"{__name__}.folder").folder
