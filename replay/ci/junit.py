"""The result of a run as JUnit XML, in the form that CI systems agree on.

The shape is that of the schema `junit-10.xsd` of Jenkins' xUnit plugin, which GitLab, GitHub's
report actions and pytest's `xunit2` keep to as well: a suite for each scenario, a case for each
version of the bot.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from replay import report
from replay.ci.attempt import Attempt

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to write, the escape of a terminal's colours among them."""
_WHOLE_SCENARIO = "(the scenario)"


def text(attempts: Sequence[Attempt]) -> str:
    """The document. Times are real seconds; what XML cannot hold is written as `\\x1b`."""
    root = Element("testsuites", {"name": "replay", **_sums(attempts)})
    for scenario, tried in _by_scenario(attempts):
        named = {"name": _clean(scenario), "skipped": "0", **_sums(tried)}
        suite = SubElement(root, "testsuite", named)
        for attempt in tried:
            _add_case(suite, attempt)
    ElementTree.indent(root)
    body = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{body}\n'


def _by_scenario(attempts: Sequence[Attempt]) -> Iterable[tuple[str, list[Attempt]]]:
    found: dict[str, list[Attempt]] = {}
    for attempt in attempts:
        found.setdefault(attempt.scenario, []).append(attempt)
    return found.items()


def _sums(attempts: Sequence[Attempt]) -> dict[str, str]:
    return {
        "tests": str(len(attempts)),
        "failures": str(sum(each.error is None and not each.ok for each in attempts)),
        "errors": str(sum(each.error is not None for each in attempts)),
        "time": _seconds(attempts),
    }


def _seconds(attempts: Iterable[Attempt]) -> str:
    return f"{sum(each.result.real_s for each in attempts if each.result is not None):.3f}"


def _add_case(suite: Element, attempt: Attempt) -> None:
    case = SubElement(
        suite,
        "testcase",
        classname=_clean(attempt.scenario),
        name=_clean(attempt.version or _WHOLE_SCENARIO),
        time=_seconds([attempt]),
    )
    if attempt.ok:
        return
    complaints = attempt.complaints
    if attempt.result is None:
        _add(case, "error", type(attempt.error).__name__, complaints)
        return
    told = [*complaints, "", f"repeat with: {attempt.repeat}"]
    _add(case, "failure", attempt.outcome, told)
    SubElement(case, "system-out").text = _clean(
        report.plain(report.timeline_table(attempt.result))
    )


def _add(case: Element, tag: str, kind: str, told: Sequence[str]) -> None:
    """`message` is what a list of failures shows, the text what its detail shows."""
    message = told[0].split("\n", 1)[0]
    made = SubElement(case, tag, type=_clean(kind), message=_clean(message))
    made.text = _clean("\n".join(told))


def _clean(told: str) -> str:
    return _NOT_IN_XML.sub(lambda found: f"\\x{ord(found[0]):02x}", told)
