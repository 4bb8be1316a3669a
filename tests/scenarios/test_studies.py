"""Studies that come along, and their schema."""

from __future__ import annotations

import pytest

from scenarios import catalogue, study_loader
from scenarios.study import Study


def test_the_published_schema_is_the_one_in_force() -> None:
    published = (catalogue.FOLDER / "study_schema.json").read_text(encoding="utf-8")
    assert published == study_loader.json_schema_text(), (
        "write it anew: python -m scenarios.study_loader > scenarios/study_schema.json"
    )


@pytest.mark.parametrize("name", study_loader.names())
def test_every_study_that_comes_along_can_be_loaded(name: str) -> None:
    study = study_loader.load(study_loader.find(name))
    assert study.name == name
    assert len(list(study.grid())) > 1
    assert all(values in list(study.grid()) for values in study.compared)


def test_a_range_is_stepped_by_differences_or_by_factors() -> None:
    text = {
        "name": "a",
        "title": "a",
        "scenarios": ["sklusdt"],
        "parameters": {
            "even": {"setting": "a", "range": [1, 3], "steps": 3},
            "log": {"setting": "b", "range": ["0.1", 10], "steps": 3, "log": True},
            "whole": {"setting": "c", "range": [1, 4], "steps": 7, "whole": True},
        },
        "objectives": [{"maximise": "success"}],
    }
    parameters = Study.model_validate(text).parameters
    assert parameters["even"].grid() == (1.0, 2.0, 3.0)
    assert parameters["log"].grid() == (0.1, 1.0, 10.0)
    assert parameters["whole"].grid() == (1, 2, 3, 4)
