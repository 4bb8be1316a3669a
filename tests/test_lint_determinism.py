"""The lint finds what it is there for, and lets through what says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lint_determinism import lint, main


@pytest.mark.parametrize(
    "line",
    [
        "x = time.time()",
        "x = datetime.now()",
        "x = random.random()",
        "x = random.Random()",
        "x = uuid.uuid4()",
        "x = id(y)",
        "x = hash(y)",
        "for x in {1, 2}: pass",
        "x = [y for y in set(z)]",
        "x = list({y for y in z})",
    ],
)
def test_a_planted_source_of_difference_is_found_unless_it_gives_a_reason(
    tmp_path: Path, line: str
) -> None:
    file = tmp_path / "planted.py"
    file.write_text(line + "\n")
    assert len(lint(file)) == 1
    assert main([str(tmp_path)]) == 1
    file.write_text(line + "  # det-ok: shown to a person only\n")
    assert lint(file) == []
    assert main([str(tmp_path)]) == 0


@pytest.mark.parametrize("line", ["x = random.Random(5)", "x = sorted({1, 2})", "x = clock.now"])
def test_what_is_deterministic_passes(tmp_path: Path, line: str) -> None:
    file = tmp_path / "fine.py"
    file.write_text(line + "\n")
    assert lint(file) == []
