"""The findings that most tests look at: they take seconds to be judged, and nobody changes them."""

from __future__ import annotations

import pytest

from replay.tuning.studying import Findings
from tests.tuning.page.made import lag_findings


@pytest.fixture(scope="session")
def lag(tmp_path_factory: pytest.TempPathFactory) -> Findings:
    return lag_findings(tmp_path_factory.mktemp("study"))
