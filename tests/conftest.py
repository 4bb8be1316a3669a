"""How the tests are shared out among pytest's workers."""

from __future__ import annotations

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadGroupScheduling

_BROWSER = "tests/pictures/test_page.py"


class _Groups(LoadGroupScheduling):
    """Keeps the tests with a browser on one worker, so that there is one browser.

    xdist 3.8 tells its scheduler of a test's group by changing the node id, which pytest 9.2 no
    longer allows, so the mark `xdist_group` does nothing. Superfluous once a later xdist does.
    """

    def _split_scope(self, nodeid: str) -> str:
        scope = super()._split_scope(nodeid)
        return "browser" if scope.startswith(f"{_BROWSER}::") else scope


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> _Groups | None:
    return _Groups(config, log) if config.getvalue("dist") == "loadgroup" else None
