"""The depth around the price, and what happens to it when somebody takes from it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from simulator.exchange import BookShape, Constant, RandomWalk, Side
from tests.exchange.made import SECOND_NS, D, Venue, venue

THREE = BookShape(quantity=D(1000), levels=3, growth=D(2))


def asks(made: Venue, levels: int = 20) -> list[tuple[str, str]]:
    return [
        (str(price), str(quantity))
        for price, quantity in made.exchange.book("SKLUSDT", levels).asks
    ]


def test_the_best_bid_is_the_last_price_and_the_best_ask_one_spread_above() -> None:
    made = venue(Constant(D("0.02")), book=THREE)
    book = made.exchange.book("SKLUSDT", 20)
    assert [price for price, _ in book.bids] == [D("0.02"), D("0.01999"), D("0.01998")]
    assert [price for price, _ in book.asks] == [D("0.02001"), D("0.02002"), D("0.02003")]


def test_an_even_spread_lies_around_the_last_price() -> None:
    made = venue(book=BookShape(spread_ticks=4, levels=1))
    book = made.exchange.book("SKLUSDT", 5)
    assert (book.bids[0][0], book.asks[0][0]) == (D("0.01998"), D("0.02002"))


def test_further_levels_offer_more_at_greater_distance() -> None:
    made = venue(book=BookShape(quantity=D(1000), levels=3, growth=D("1.5"), step_ticks=10))
    assert asks(made) == [("0.02001", "1000"), ("0.02011", "1500"), ("0.02021", "2250")]


def test_quantities_are_whole_steps_and_never_nothing() -> None:
    made = venue(book=BookShape(quantity=D("2.5"), levels=3, growth=D("0.5")))
    assert [quantity for _, quantity in asks(made)] == ["2", "1", "1"]


def test_an_offset_moves_the_book_away_from_the_last_price() -> None:
    made = venue(book=BookShape(levels=1, offset=D("0.05")))
    assert made.exchange.last_price("SKLUSDT") == D("0.02")
    assert asks(made) == [("0.02101", "1000")]


def test_as_many_levels_are_shown_as_asked_for() -> None:
    made = venue(book=THREE)
    assert len(made.exchange.book("SKLUSDT", 2).bids) == 2
    assert len(made.exchange.book("SKLUSDT", 50).bids) == 3


def test_bids_end_above_zero() -> None:
    made = venue(Constant(D("0.00002")), book=BookShape(levels=10))
    assert [price for price, _ in made.exchange.book("SKLUSDT", 10).bids] == [
        D("0.00002"),
        D("0.00001"),
    ]


def test_what_was_taken_is_missing_and_comes_back_after_the_refill_time() -> None:
    made = venue(book=BookShape(quantity=D(1000), levels=2, growth=D(1), refill_ns=5 * SECOND_NS))
    made.market(Side.BUY, "1300")
    assert asks(made) == [("0.02002", "700")]
    made.run_to(4.9)
    assert asks(made) == [("0.02002", "700")]
    made.run_to(5)
    assert asks(made) == [("0.02001", "1000"), ("0.02002", "1000")]


def test_each_taking_comes_back_in_its_own_time() -> None:
    made = venue(book=BookShape(quantity=D(1000), levels=1, refill_ns=5 * SECOND_NS))
    made.market(Side.BUY, "600")
    made.run_to(2)
    made.market(Side.BUY, "300")
    assert asks(made) == [("0.02001", "100")]
    made.run_to(5)
    assert asks(made) == [("0.02001", "700")]
    made.run_to(7)
    assert asks(made) == [("0.02001", "1000")]


def test_the_other_side_is_not_touched() -> None:
    made = venue(book=THREE)
    before = made.exchange.book("SKLUSDT", 20).bids
    made.market(Side.BUY, "1300")
    assert made.exchange.book("SKLUSDT", 20).bids == before


def test_without_refill_time_nothing_is_ever_missing() -> None:
    made = venue(book=BookShape(quantity=D(1000), levels=1, refill_ns=0))
    made.market(Side.BUY, "1000")
    assert asks(made) == [("0.02001", "1000")]


def test_memory_of_what_was_taken_is_given_back() -> None:
    made = venue(RandomWalk(D("0.02"), sigma=0.01))
    for second in range(200):
        made.run_to(second)
        made.market(Side.BUY if second % 2 else Side.SELL, "1500")
    depth = made.exchange._markets["SKLUSDT"].depth
    assert len(depth._taken) <= 4
    assert len(depth._returns) <= 4


def test_the_update_id_rises_with_time_and_with_every_taking() -> None:
    made = venue()
    first = made.exchange.book("SKLUSDT", 5)
    assert made.exchange.book("SKLUSDT", 5) == first
    made.market(Side.BUY, "500")
    second = made.exchange.book("SKLUSDT", 5)
    made.run_to(1)
    third = made.exchange.book("SKLUSDT", 5)
    assert first.update_id < second.update_id < third.update_id


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"quantity": Decimal(0)}, "book quantity must be above 0, was 0"),
        ({"growth": Decimal(0)}, "book growth must be above 0, was 0"),
        ({"levels": 0}, "book levels must be at least 1, was 0"),
        ({"spread_ticks": 0}, "book spread_ticks must be at least 1, was 0"),
        ({"step_ticks": 0}, "book step_ticks must be at least 1, was 0"),
        ({"refill_ns": -1}, "book refill_ns must be at least 0, was -1"),
        ({"offset": Decimal(-1)}, "book offset must be a share above -1, was -1"),
    ],
)
def test_a_shape_that_makes_no_sense_is_refused(fields: dict[str, object], error: str) -> None:
    with pytest.raises(ValueError, match=error):
        BookShape(**fields)  # type: ignore[arg-type]
