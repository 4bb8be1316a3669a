"""Where values stand on an axis."""

from __future__ import annotations

from decimal import Decimal

import pytest

from replay.tuning.page.axes import RANGES, Levels, axis_of
from scenarios.study import Parameter
from tests.tuning.page.made import LAGS


def test_durations_stand_on_an_axis_of_seconds() -> None:
    axis = axis_of("lag", LAGS)
    assert axis.at == (0.0, 0.3, 0.6, 1.5, 4.0, 6.5, 7.0, 12.0)
    assert axis.title == "lag, s"
    assert axis.labels == tuple(LAGS)


def test_decimals_and_whole_numbers_stand_where_they_are() -> None:
    assert axis_of("loss", [0, Decimal("0.25"), 1]).at == (0.0, 0.25, 1.0)


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        (["calm", "volatile"], ("calm", "volatile")),
        (["1 s", "never"], ("1 s", "never")),
        ([True, False], ("true", "false")),
    ],
)
def test_what_is_no_number_stands_side_by_side(
    values: list[object], labels: tuple[str, ...]
) -> None:
    axis = axis_of("profile", values)
    assert axis.at is None
    assert axis.labels == labels


def test_values_that_the_study_lists_keep_their_places_in_order_of_size() -> None:
    listed = Parameter(setting="x", values=tuple(Decimal(each) for each in ("8", "1", "2.5")))
    levels = Levels("tries", listed, [8.0, 1.0, 2.5, 1.0])
    assert levels.axis.at == (1.0, 2.5, 8.0)
    assert [levels.place(value) for value in (8.0, 1.0, 2.5)] == [2, 0, 1]


def test_many_values_of_a_random_search_are_put_into_ranges() -> None:
    spread = Parameter(setting="x", range=(Decimal(0), Decimal(8)))
    levels = Levels("delay", spread, [each / 10 for each in range(81)])
    assert len(levels.axis.labels) == RANGES
    assert levels.axis.labels[0] == "0 to 1"
    assert [levels.place(value) for value in (0.0, 0.99, 1.0, 7.5, 8.0)] == [0, 0, 1, 7, 7]


def test_ranges_of_a_logarithmic_parameter_grow_by_a_factor() -> None:
    spread = Parameter(setting="x", range=(Decimal("0.01"), Decimal(100)), log=True)
    values = [0.01 * 10 ** (each / 5) for each in range(21)]
    levels = Levels("delay", spread, values)
    assert levels.axis.labels[:2] == ("0.01 to 0.0316", "0.0316 to 0.1")
    assert levels.axis.log
