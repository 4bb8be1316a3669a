"""How the tests are shared out among pytest's workers."""

from __future__ import annotations

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadGroupScheduling

_TOGETHER = (
    "tests/forensics/test_explanation.py",  # one ranking of dozens of runs for each log
    "tests/forensics/test_importing.py",  # one scenario made of each log, by many runs
    "tests/pictures/test_page.py",  # one browser
)
"""Files whose tests share something dear: each is one worker's."""


class _Groups(LoadGroupScheduling):
    """xdist 3.8 tells its scheduler of a test's group by changing the node id, which pytest 9.2 no
    longer allows: the mark `xdist_group` does nothing. Superfluous once a later xdist mends it.
    """

    def _split_scope(self, nodeid: str) -> str:
        scope = super()._split_scope(nodeid)
        return next((file for file in _TOGETHER if scope.startswith(f"{file}::")), scope)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> _Groups | None:
    return _Groups(config, log) if config.getvalue("dist") == "loadgroup" else None
