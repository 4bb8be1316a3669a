"""What the pages of a run and of a study have in common is in one place."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from replay import pages, pictures
from replay.tuning.page import page
from tests.replay.made import full_result
from tests.tuning.page.made import FEW, lag_findings


def test_both_pages_have_the_common_head_and_style(tmp_path: Path) -> None:
    base = files("replay.pages").joinpath("base.css").read_text(encoding="utf-8")
    study = page(lag_findings(tmp_path, runs=2, text=FEW))
    for made in (pictures.page(full_result()), study):
        begin = made.partition("</head>")[0]
        assert begin.startswith('<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">')
        assert f"<style>{base}" in begin
        assert begin.count("<style>") == begin.count("<title>") == 1


def test_a_title_is_text_and_no_markup() -> None:
    made = pages.head("</title><b> & @STYLE@", policy="default-src 'none'", style="i { top: 0 }")
    assert "<title>&lt;/title&gt;&lt;b&gt; &amp; @STYLE@</title>" in made
    assert "<style>i { top: 0 }</style>" in made


def test_what_is_put_in_one_place_is_not_taken_for_another() -> None:
    assert pages.filled("<@ONE@|@TWO@>", {"@ONE@": "@TWO@", "@TWO@": "@ONE@"}) == "<@TWO@|@ONE@>"


@pytest.mark.parametrize("template", ["@ONE@", "@TWO@ @ONE@"])
def test_a_place_that_is_missing_or_out_of_order_is_an_error(template: str) -> None:
    with pytest.raises(ValueError, match="not enough values"):
        pages.filled(template, {"@ONE@": "1", "@TWO@": "2"})
