"""JUnit XML, as a reader library finds it and as the schema of Jenkins' xUnit plugin allows it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from junitparser import Error, Failure, JUnitXml

from replay.ci import junit
from replay.result import Milestone
from simulator.errors import InputError
from tests.ci.made import BROKEN, MadeRunner, attempt, broken, replay
from tests.replay.made import clock, full_result, result

# Of junit-10.xsd: elements, the attributes they must and may have, and what may be in them.
SHAPE = {
    "testsuites": (set(), {"name", "time", "tests", "failures", "errors"}, {"testsuite"}),
    "testsuite": (
        {"name", "tests", "failures", "errors"},
        {"time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url"},
        {"testsuite", "properties", "testcase", "system-out", "system-err"},
    ),
    "testcase": (
        {"name"},
        {"time", "classname", "group"},
        {"skipped", "error", "failure", "system-out", "system-err"},
    ),
    "failure": (set(), {"type", "message"}, set()),
    "error": (set(), {"type", "message"}, set()),
    "system-out": (set(), set(), set()),
}

ATTEMPTS = [
    attempt(result("old")),
    attempt(replace(broken("current"), milestones=full_result().milestones)),
    attempt(InputError("x.yaml:14: no such key"), scenario="x.yaml", version=""),
]


def read(text: str, folder: Path) -> JUnitXml:
    file = folder / "junit.xml"
    file.write_text(text, encoding="utf-8")
    return JUnitXml.fromfile(str(file))


def test_a_reader_finds_a_suite_for_each_scenario_and_a_case_for_each_version(
    tmp_path: Path,
) -> None:
    found = read(junit.text(ATTEMPTS), tmp_path)
    assert (found.tests, found.failures, found.errors) == (3, 1, 1)
    assert found.time == pytest.approx(0.16)  # the two runs took 0.08 s of real time each
    suites = {suite.name: [(case.classname, case.name) for case in suite] for suite in found}
    assert suites == {
        "sklusdt": [("sklusdt", "old"), ("sklusdt", "current")],
        "x.yaml": [("x.yaml", "(the scenario)")],
    }
    (sklusdt, _) = found
    assert (sklusdt.tests, sklusdt.failures, sklusdt.errors, sklusdt.skipped) == (2, 1, 0, 0)


def test_a_failure_has_the_surprises_how_to_repeat_it_and_the_timeline(tmp_path: Path) -> None:
    (suite, _) = read(junit.text(ATTEMPTS), tmp_path)
    (good, bad) = suite
    assert good.is_passed
    (failure,) = bad.result
    assert isinstance(failure, Failure)
    assert failure.message == "no_unknown_order: BROKEN: SKLUSDT order 7, open"
    assert failure.text.endswith("repeat with: replay run sklusdt --bot current --seed 1")
    assert "22:34:12.247   bot    📊 [USER] Position update" in bad.system_out
    assert bad.time == pytest.approx(0.08)


def test_what_could_not_be_run_is_an_error_with_its_class(tmp_path: Path) -> None:
    (_, suite) = read(junit.text(ATTEMPTS), tmp_path)
    ((error,),) = (case.result for case in suite)
    assert isinstance(error, Error)
    assert (error.type, error.message) == ("InputError", "x.yaml:14: no such key")


def test_the_document_has_the_shape_that_jenkins_checks() -> None:
    def check(element: ElementTree.Element) -> None:
        must, may, inside = SHAPE[element.tag]
        assert must <= element.attrib.keys() <= must | may, element.tag
        for child in element:
            assert child.tag in inside, (element.tag, child.tag)
            check(child)

    root = ElementTree.fromstring(junit.text(ATTEMPTS))
    assert root.tag == "testsuites"
    check(root)


def test_a_run_that_differs_from_itself_is_repeated_twice(tmp_path: Path) -> None:
    (suite,) = read(junit.text([attempt(result(), deterministic=False)]), tmp_path)
    ((failure,),) = (case.result for case in suite)
    assert failure.type == "not deterministic"
    assert failure.text.endswith("--seed 1 --twice")


def test_the_command_to_repeat_it_is_for_any_machine(tmp_path: Path) -> None:
    made = replace(broken(), command="/opt/python/bin/replay run 'a run.yaml' --seed 1")
    ((case,),) = read(junit.text([attempt(made)]), tmp_path)
    assert case.result[0].text.endswith("repeat with: replay run 'a run.yaml' --seed 1")


def test_what_xml_cannot_hold_is_written_in_words(tmp_path: Path) -> None:
    told = "\x1b[31mred\x00 & <b> ]]> \ud800 ✅"
    made = broken("current", replace(BROKEN, evidence=told))
    shout = Milestone(name="m", time_ns=clock("22:34:12"), host="bot", text="a\x07b")
    found = read(junit.text([attempt(replace(made, milestones=(shout,)))]), tmp_path)
    ((case,),) = found
    assert case.result[0].message == (
        r"no_unknown_order: BROKEN: \x1b[31mred\x00 & <b> ]]> \xd800 ✅"
    )


def test_the_option_writes_the_file_even_if_everything_is_unusable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "j.xml"
    runner = MadeRunner({"a": InputError("a.yaml:1: is no scenario")})
    assert replay(monkeypatch, runner, "run", "a", "--junit", file).exit_code == 2
    assert JUnitXml.fromfile(str(file)).errors == 1
