"""Ticker, candles and trades agree with the price path, and with each other."""

from __future__ import annotations

import pytest

from simulator.exchange import Candle, Constant, Listing, Points, RandomWalk
from tests.exchange.made import SECOND_NS, SKL, D, Venue, after, venue

MINUTE_NS = 60 * SECOND_NS
HOUR_NS = 60 * MINUTE_NS
DAY_NS = 24 * HOUR_NS
WALK = RandomWalk(D("0.02"), sigma=0.001)


def candles(made: Venue, interval_ns: int = MINUTE_NS, **fields: int) -> list[Candle]:
    return made.exchange.candles("SKLUSDT", interval_ns, **fields)


def test_a_candle_holds_the_prices_of_its_minute() -> None:
    # the start is a whole minute
    prices = ((0, "0.02"), (10, "0.025"), (20, "0.018"), (59, "0.019"), (60, "0.03"))
    made = venue(Points(tuple((after(second), D(price)) for second, price in prices)))
    made.run_to(90)
    first, second = candles(made, limit=2)
    assert (first.open, first.high, first.low, first.close) == (
        D("0.02"),
        D("0.025"),
        D("0.018"),
        D("0.019"),
    )
    assert (first.open_ns, first.close_ns) == (after(0), after(60))
    assert (second.open, second.close, second.open_ns) == (D("0.03"), D("0.03"), after(60))


def test_the_current_candle_ends_with_the_last_price() -> None:
    made = venue(WALK)
    made.run_to(100)
    assert candles(made, limit=1)[0].close == made.exchange.last_price("SKLUSDT")


def test_the_current_candle_does_not_know_the_future() -> None:
    made = venue(Points(((after(0), D("0.02")), (after(30), D("0.09")))))
    made.run_to(29)
    assert candles(made, limit=1)[0].high == D("0.02")


def test_minutes_add_up_to_their_hour() -> None:
    made = venue(WALK)
    made.run_to(2 * 3600)
    (hour,) = candles(made, HOUR_NS, start_ns=after(-3600) // HOUR_NS * HOUR_NS, limit=1)
    minutes = candles(made, start_ns=hour.open_ns, limit=60)
    assert len(minutes) == 60
    assert hour.open == minutes[0].open
    assert hour.close == minutes[-1].close
    assert hour.high == max(minute.high for minute in minutes)
    assert hour.low == min(minute.low for minute in minutes)
    assert hour.base_volume == sum(minute.base_volume for minute in minutes)
    assert hour.trades == sum(minute.trades for minute in minutes)


def test_a_closed_candle_stays_as_it_is() -> None:
    made = venue(WALK)
    made.run_to(60)
    before = candles(made, start_ns=after(0), limit=1)
    made.run_to(6000)
    assert candles(made, start_ns=after(0), limit=1) == before


def test_candles_are_there_from_before_the_run() -> None:
    made = venue(WALK)
    found = candles(made, HOUR_NS, limit=200)
    assert len(found) == 200
    assert len({candle.close for candle in found}) > 100
    opens = [candle.open_ns for candle in found]
    assert opens == [opens[0] + index * HOUR_NS for index in range(200)]


def test_start_and_limit_give_the_first_candles_end_and_limit_the_last() -> None:
    made = venue(WALK)
    made.run_to(600)
    first = candles(made, start_ns=after(1), limit=3)
    assert [candle.open_ns for candle in first] == [after(60), after(120), after(180)]
    last = candles(made, end_ns=after(180), limit=2)
    assert [candle.open_ns for candle in last] == [after(120), after(180)]
    both = candles(made, start_ns=after(60), end_ns=after(120))
    assert [candle.open_ns for candle in both] == [after(60), after(120)]
    assert candles(made, start_ns=after(10_000)) == []


def test_weekly_candles_open_on_mondays() -> None:
    made = venue()
    (week,) = candles(made, 7 * DAY_NS, limit=1)
    assert week.open_ns == 1_761_523_200 * SECOND_NS  # Monday, 27 October 2025, 00:00 UTC


def test_a_candle_interval_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="candle interval must be above 0 ns, was 0"):
        candles(venue(), 0)


def test_the_ticker_covers_the_last_24_hours() -> None:
    prices = ((-90_000, "0.05"), (-86_000, "0.01"), (-100, "0.03"), (50, "0.02"))
    made = venue(Points(tuple((after(second), D(price)) for second, price in prices)))
    ticker = made.exchange.ticker("SKLUSDT")
    assert (ticker.open, ticker.high, ticker.low, ticker.last) == (
        D("0.05"),
        D("0.05"),
        D("0.01"),
        D("0.03"),
    )
    assert (ticker.open_ns, ticker.close_ns) == (after(-86_400), after(0))


def test_a_day_trades_the_daily_volume() -> None:
    listing = Listing(instrument=SKL, prices=Constant(D("0.02")), daily_volume=D(2_000_000))
    made = venue(listings=(listing,))
    ticker = made.exchange.ticker("SKLUSDT")
    assert ticker.base_volume == pytest.approx(2_000_000, rel=0.01)
    assert ticker.quote_volume == ticker.base_volume * D("0.02")
    assert ticker.trades == pytest.approx(86_400, abs=1)


def test_minutes_trade_unevenly_but_always_something() -> None:
    volumes = [candle.base_volume for candle in candles(venue(WALK), limit=200)[:-1]]
    assert len(set(volumes)) > 50
    assert min(volumes) > 0


def test_trades_are_at_the_price_of_their_time() -> None:
    made = venue(WALK)
    made.run_to(100)
    trades = made.exchange.market_trades("SKLUSDT", 50)
    assert len(trades) == 50
    opens = {candle.open_ns: candle for candle in candles(made, SECOND_NS, limit=60)}
    for trade in trades:
        assert trade.price == opens[trade.time_ns // SECOND_NS * SECOND_NS].open
        assert trade.quantity > 0
    assert [trade.trade_id for trade in trades] == sorted({trade.trade_id for trade in trades})
    times = [trade.time_ns for trade in trades]
    assert times == sorted(times)
    assert times[-1] <= after(100)


def test_the_tape_does_not_change_when_more_of_it_is_asked_for() -> None:
    made = venue(WALK)
    few = made.exchange.market_trades("SKLUSDT", 5)
    assert made.exchange.market_trades("SKLUSDT", 50)[-5:] == few


def test_prices_are_on_the_tick_and_the_mark_price_is_not() -> None:
    made = venue(WALK)
    made.run_to(10)
    last, mark = made.exchange.last_price("SKLUSDT"), made.exchange.mark_price("SKLUSDT")
    assert last % SKL.tick_size == 0
    assert abs(last - mark) <= SKL.tick_size / 2
    assert mark % SKL.tick_size != 0


def test_a_mark_price_of_its_own_goes_its_own_way() -> None:
    mark = Points(((after(0), D("0.02")), (after(5), D("0.0211111119"))))
    made = venue(Constant(D("0.02")), mark=mark)
    made.run_to(5)
    assert made.exchange.last_price("SKLUSDT") == D("0.02")
    assert made.exchange.mark_price("SKLUSDT") == D("0.02111111")
