"""Public topics: snapshots, deltas, and what keeps them consistent."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

from simulator.exchange.behaviour import Behaviour, FaultKind, FaultRule
from simulator.exchange.prices import Points
from tests.bybit.streams.clients import LINEAR, Bot
from tests.bybit.streams.conftest import MS, START_NS, S
from tests.venue_world import MakeWorld, VenueWorld

# The fields of the linear market on the page websocket/public/ticker.
TICKER = """
    symbol tickDirection price24hPcnt lastPrice prevPrice24h highPrice24h lowPrice24h prevPrice1h
    markPrice indexPrice openInterest openInterestValue turnover24h volume24h fundingIntervalHour
    fundingCap nextFundingTime fundingRate bid1Price bid1Size ask1Price ask1Size preOpenPrice preQty
    curPreListingPhase
"""
TRADE = "T s S v p L i BT RPI seq"
KLINE = "start end interval open close high low volume turnover confirm timestamp"


def moving(step_ns: int = S // 4, count: int = 400) -> Points:
    """Up by a tick at each step, and back after seven."""
    return Points(
        points=tuple(
            (START_NS + n * step_ns, Decimal("99499.90") + n % 7 * Decimal("0.1"))
            for n in range(count)
        )
    )


def listen(venue: VenueWorld, topic: str, seconds: float) -> list[Any]:
    """All messages of the topic."""

    async def main() -> list[Any]:
        async with Bot() as bot:
            socket = await bot.connect(LINEAR)
            assert (await socket.ask(op="subscribe", args=[topic]))["success"]
            return await socket.everything(seconds)

    messages = venue.run(main())
    assert {message["topic"] for message in messages} <= {topic}
    return list(messages)


def test_a_ticker_is_a_snapshot_and_then_only_what_has_changed(make_world: MakeWorld) -> None:
    first, *others = listen(make_world(btc=moving()), "tickers.BTCUSDT", 1.05)
    assert set(first) == {"topic", "type", "data", "cs", "ts"}
    assert (first["type"], first["ts"]) == ("snapshot", START_NS // MS)
    assert set(first["data"]) == set(TICKER.split())
    assert Decimal(first["data"]["lastPrice"]) == Decimal("99499.9")
    assert {message["type"] for message in others} == {"delta"}
    # Every 100 ms, on the clock.
    assert {message["ts"] % 100 for message in others} == {0}
    ticker = dict(first["data"])
    for message in others:
        news = message["data"]
        assert news.pop("symbol") == "BTCUSDT"
        assert news
        assert all(ticker[name] != value for name, value in news.items())
        ticker |= news
    prices = [message["data"].get("lastPrice") for message in others]
    changes = [Decimal(price) for price in prices if price is not None]
    assert changes == [Decimal("99500") + n * Decimal("0.1") for n in range(4)]
    assert Decimal(ticker["bid1Price"]) == Decimal("99500.3")
    assert ticker["tickDirection"] == "PlusTick"


def test_a_book_rebuilt_from_deltas_is_the_venues_own(make_world: MakeWorld) -> None:
    venue = make_world(btc=moving())
    first, *others = listen(venue, "orderbook.50.BTCUSDT", 2.9)
    assert first["type"] == "snapshot"
    assert set(first) == {"topic", "type", "ts", "data", "cts"}
    assert set(first["data"]) == {"s", "b", "a", "u", "seq"}
    sides = {side: dict(first["data"][side]) for side in "ba"}
    assert [len(sides[side]) for side in "ba"] == [50, 50]
    assert Decimal(first["data"]["b"][0][0]) == Decimal("99499.9")
    update = first["data"]["u"]
    for message in others:
        assert message["type"] == "delta"
        # As probed: ids without gaps, levels in order, never an empty delta.
        update += 1
        assert message["data"]["u"] == update
        assert message["data"]["b"] or message["data"]["a"]
        for side in "ba":
            prices = [float(price) for price, _ in message["data"][side]]
            assert prices == sorted(prices, reverse=side == "b")
            for price, size in message["data"][side]:
                if size == "0":
                    del sides[side][price]
                else:
                    sides[side][price] = size
            assert len(sides[side]) == 50
    book = venue.exchange.book("BTCUSDT", 50)
    for side, levels in (("b", book.bids), ("a", book.asks)):
        assert {Decimal(price): Decimal(size) for price, size in sides[side].items()} == dict(
            levels
        )
    assert others


def test_what_a_client_takes_is_missing_until_it_is_offered_again(make_world: MakeWorld) -> None:
    venue = make_world()

    async def main() -> list[Any]:
        async with Bot() as bot:
            socket = await bot.connect(LINEAR)
            await socket.ask(op="subscribe", args=["orderbook.200.ETHUSDT"])
            await bot.create(symbol="ETHUSDT", qty="0.5")
            return await socket.everything(2)

    _, taken, back = venue.run(main())
    assert (taken["data"]["b"], taken["data"]["a"]) == ([], [["4300.01", "1.50"]])
    assert back["data"]["a"] == [["4300.01", "2.00"]]


def test_the_best_level_comes_as_snapshots_and_again_after_three_quiet_seconds(
    make_world: MakeWorld,
) -> None:
    path = Points(points=((START_NS, Decimal("99499.90")), (START_NS + S, Decimal("99500.00"))))
    messages = listen(make_world(btc=path), "orderbook.1.BTCUSDT", 7.5)
    assert {message["type"] for message in messages} == {"snapshot"}
    assert [message["ts"] - START_NS // MS for message in messages] == [0, 1000, 4000, 7000]
    best = [Decimal(message["data"]["b"][0][0]) for message in messages]
    assert best == [Decimal("99499.9")] + [Decimal("99500")] * 3
    ids = [message["data"]["u"] for message in messages]
    assert ids[1] == ids[2] == ids[3] == ids[0] + 1


def test_a_late_subscriber_gets_a_snapshot_that_the_next_delta_goes_on_from(
    make_world: MakeWorld,
) -> None:
    venue = make_world(btc=moving())

    async def main() -> tuple[list[Any], list[Any]]:
        async with Bot() as bot:
            early, late = await bot.connect(LINEAR), await bot.connect(LINEAR)
            await early.ask(op="subscribe", args=["orderbook.1000.BTCUSDT"])
            # Between two turns, after a price that none of them has told yet.
            await asyncio.sleep(1.27)
            await late.ask(op="subscribe", args=["orderbook.1000.BTCUSDT"])
            both = await asyncio.gather(early.everything(1), late.everything(1))
            return both[0], both[1]

    early, late = venue.run(main())
    assert late[0]["type"] == "snapshot"
    assert late[0]["data"]["u"] == late[1]["data"]["u"] - 1
    assert late[1:] == early[-len(late[1:]) :]


def test_public_trades_are_those_of_the_tape(make_world: MakeWorld) -> None:
    venue = make_world(btc=moving())
    messages = listen(venue, "publicTrade.BTCUSDT", 5)
    trades = [trade for message in messages for trade in message["data"]]
    tape = venue.exchange.market_trades("BTCUSDT", len(trades))
    assert 4 <= len(trades) <= 6  # one a second
    assert [trade["T"] for trade in trades] == [each.time_ns // MS for each in tape]
    assert [Decimal(trade["p"]) for trade in trades] == [each.price for each in tape]
    assert set(trades[0]) == set(TRADE.split())
    assert {message["type"] for message in messages} == {"snapshot"}
    assert {trade["L"] for trade in trades} <= {
        "PlusTick",
        "ZeroPlusTick",
        "MinusTick",
        "ZeroMinusTick",
    }


def test_trades_have_the_ids_that_rest_gives_them(make_world: MakeWorld) -> None:
    venue = make_world()

    async def main() -> tuple[Any, Any]:
        async with Bot() as bot:
            socket = await bot.connect(LINEAR)
            await socket.ask(op="subscribe", args=["publicTrade.BTCUSDT"])
            message = await socket.receive()
            url = "https://api.bybit.com/v5/market/recent-trade?category=linear&symbol=BTCUSDT"
            async with bot.session.get(url) as response:
                return message["data"][-1], (await response.json())["result"]["list"][0]

    streamed, queried = venue.run(main())
    assert (streamed["i"], streamed["p"]) == (queried["execId"], queried["price"])


def test_a_candle_is_confirmed_when_it_has_closed(make_world: MakeWorld) -> None:
    # The run begins 10 seconds before a minute ends.
    messages = listen(make_world(btc=moving()), "kline.1.BTCUSDT", 12.5)
    rows = [message["data"][0] for message in messages]
    assert set(messages[0]) == {"topic", "data", "ts", "type"}
    assert set(rows[0]) == set(KLINE.split())
    minute = START_NS // MS // 60_000 * 60_000
    assert [row["confirm"] for row in rows] == [False] * 9 + [True] + [False] * 3
    assert [row["start"] for row in rows] == [minute] * 10 + [minute + 60_000] * 3
    assert rows[9]["end"] == minute + 59_999
    assert messages[9]["ts"] == minute + 60_000


def test_nobody_is_ever_liquidated(make_world: MakeWorld) -> None:
    assert listen(make_world(btc=moving()), "allLiquidation.BTCUSDT", 10) == []


def test_after_unsubscribing_a_topic_is_silent_and_can_be_had_again(
    make_world: MakeWorld,
) -> None:
    venue = make_world(btc=moving())
    topic = ["orderbook.50.BTCUSDT"]

    async def main() -> tuple[list[Any], Any, Any]:
        async with Bot() as bot:
            socket = await bot.connect(LINEAR)
            await socket.ask(op="subscribe", args=topic)
            first = await socket.receive()
            assert (await socket.ask(op="unsubscribe", args=topic))["success"]
            silence = await socket.everything(2)
            await socket.ask(op="subscribe", args=topic)
            return silence, first, await socket.receive()

    silence, first, again = venue.run(main())
    assert silence == []
    assert again["type"] == "snapshot"
    assert again["data"]["u"] > first["data"]["u"]


def test_faults_reach_public_messages_of_one_symbol(make_world: MakeWorld) -> None:
    rule = FaultRule(
        name="rule", endpoint="stream.tickers", kind=FaultKind.SILENCE, symbol="BTCUSDT"
    )
    venue = make_world(btc=moving(), behaviour=Behaviour(faults=(rule,)))
    assert listen(venue, "tickers.BTCUSDT", 5) == []
    assert len(listen(venue, "tickers.ETHUSDT", 1)) > 0
    assert len(venue.of("fault")) == 1
