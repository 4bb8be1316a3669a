"""A bot's modules as a new process would have them: loaded anew."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from simulator.errors import InputError

if TYPE_CHECKING:
    from replay.bot import Factory


class FreshModules:
    """Those of the top-level package that the factory comes from; what others wrote is kept.

    Without this, what a bot keeps in a variable of a module would survive its crash.
    """

    def __init__(self, create: Factory) -> None:
        self._create = create
        self._module = str(getattr(create, "__module__", ""))
        self._name = str(getattr(create, "__qualname__", ""))
        self._top = self._module.partition(".")[0]
        self._before: dict[str, ModuleType] = {}

    def load(self) -> Factory:
        """The same factory of newly loaded modules. Raises InputError for one that cannot be
        loaded a second time."""
        if not self._name.isidentifier() or self._top in ("", "__main__"):
            return self._create  # made on the spot: there is no module to be loaded
        for name in self._loaded():
            self._before.setdefault(name, sys.modules[name])
            del sys.modules[name]
        try:
            found: Factory = getattr(import_module(self._module), self._name)
        except (ImportError, AttributeError) as error:
            raise InputError(
                f"{self._module}:{self._name} cannot be loaded again after a crash: {error}"
            ) from error
        return found

    def put_back(self) -> None:
        """Whoever imports them from now on gets the modules from before the first `load`."""
        if self._before:
            for name in self._loaded():
                del sys.modules[name]
            sys.modules.update(self._before)
            self._before.clear()

    def _loaded(self) -> list[str]:
        beginning = f"{self._top}."
        return [name for name in sys.modules if name == self._top or name.startswith(beginning)]
