"""Every kind of fault: it fires, it is counted and recorded, and nothing else has moved."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from simulator.distributions import Fixed
from simulator.exchange.behaviour import Behaviour, FaultKind, FaultRule
from tests.binance.clients import Bot, everything, receive
from tests.binance.conftest import MS, make_desk
from tests.venue_world import MakeWorld, VenueWorld

ORDER = "POST /fapi/v1/order"


def with_fault(make_world: MakeWorld, kind: FaultKind, endpoint: str, **more: object) -> VenueWorld:
    fields = {"nth": frozenset({1})} | more
    rule = FaultRule(name="it", endpoint=endpoint, kind=kind, **fields)
    return make_world(behaviour=Behaviour(faults=(rule,)))


def fired_once(venue: VenueWorld, kind: FaultKind) -> bool:
    recorded = [(each["rule"], each["fault"]) for each in venue.of("fault")]
    return venue.venue.faults.fired == {"it": 1} and recorded == [("it", kind.value)]


def position(venue: VenueWorld) -> int:
    return int(venue.exchange.position("trader", "SKLUSDT").quantity)


REQUEST_CASES = [
    # kind, what the client gets, what the account holds afterwards
    (FaultKind.ERROR, 503, 0),
    (FaultKind.ERROR_AFTER, 503, 1000),
    (FaultKind.HANG, "TimeoutError", 0),
    (FaultKind.REPLY_LOST, "TimeoutError", 1000),
    (FaultKind.RESET, "reset", 0),
    (FaultKind.RESET_AFTER, "reset", 1000),
    (FaultKind.REFUSE, "reset", 0),
]


@pytest.mark.parametrize(("kind", "outcome", "held"), REQUEST_CASES)
def test_a_faulty_order_is_carried_out_or_not_and_the_next_one_is_well(
    make_world: MakeWorld, kind: FaultKind, outcome: object, held: int
) -> None:
    body = '{"code":-1008,"msg":"Service Unavailable."}'
    more = {"status": 503, "body": body} if outcome == 503 else {}
    venue = with_fault(make_world, kind, ORDER, **more)

    async def main() -> object:
        async with Bot() as bot:
            got: object
            try:
                async with asyncio.timeout(30):
                    got, _ = await bot.call(
                        "POST",
                        "/fapi/v1/order",
                        symbol="SKLUSDT",
                        side="BUY",
                        type="MARKET",
                        quantity="1000",
                    )
            except TimeoutError:
                got = "TimeoutError"
            except (aiohttp.ClientError, ConnectionError):
                got = "reset"
            assert position(venue) == held
            await bot.buy()
            return got

    assert venue.run(main()) == outcome
    assert position(venue) == held + 1000
    assert fired_once(venue, kind)


def test_a_delayed_request_is_carried_out_later(make_world: MakeWorld) -> None:
    venue = with_fault(make_world, FaultKind.DELAY, ORDER, delay=Fixed(700 * MS))

    async def main() -> float:
        async with Bot() as bot:
            begun = asyncio.get_running_loop().time()
            await bot.buy()
            return asyncio.get_running_loop().time() - begun

    assert venue.run(main()) == pytest.approx(0.7)
    assert fired_once(venue, FaultKind.DELAY)


@pytest.mark.parametrize(
    ("kind", "seen"),
    [
        (FaultKind.DROP, ["TRADE"]),
        (FaultKind.DUPLICATE, ["NEW", "NEW", "TRADE"]),
        (FaultKind.SILENCE, []),
        (FaultKind.DISCONNECT, []),
    ],
)
def test_a_faulty_stream_message(make_world: MakeWorld, kind: FaultKind, seen: list[str]) -> None:
    venue = with_fault(make_world, kind, "stream.ORDER_TRADE_UPDATE", symbol="SKLUSDT")

    async def main() -> tuple[list[str], bool]:
        async with Bot() as bot:
            key = await bot.listen_key()
            socket = await bot.stream(f"/private/ws?listenKey={key}&events=ORDER_TRADE_UPDATE")
            await bot.buy()
            events = await everything(socket, 5)
            return [event["o"]["x"] for event in events], socket.closed

    got, closed = venue.run(main())
    assert got == seen
    assert closed is (kind is FaultKind.DISCONNECT)
    assert fired_once(venue, kind)


def test_a_delayed_message_holds_back_later_ones_of_its_event_only(make_world: MakeWorld) -> None:
    endpoint = "stream.ORDER_TRADE_UPDATE"
    venue = with_fault(make_world, FaultKind.DELAY, endpoint, delay=Fixed(300 * MS))

    async def main() -> list[tuple[str, float]]:
        async with Bot() as bot:
            loop = asyncio.get_running_loop()
            socket = await bot.stream(f"/private/ws?listenKey={await bot.listen_key()}")
            await bot.buy()
            begun, got = loop.time(), []
            for _ in range(4):
                (event,) = await receive(socket, 1)
                got.append(
                    (event.get("o", event).get("x", event["e"]), round(loop.time() - begun, 6))
                )
            return got

    assert venue.run(main()) == [
        ("TRADE_LITE", 0),
        ("ACCOUNT_UPDATE", 0),
        ("NEW", 0.3),
        ("TRADE", 0.3),
    ]


def test_a_disconnect_may_carry_a_close_code(make_world: MakeWorld) -> None:
    venue = with_fault(make_world, FaultKind.DISCONNECT, "stream.TRADE_LITE", status=1011)

    async def main() -> int | None:
        async with Bot() as bot:
            socket = await bot.stream(f"/private/ws?listenKey={await bot.listen_key()}")
            await bot.buy()
            await everything(socket, 5)
            return socket.close_code

    assert venue.run(main()) == 1011


def test_a_refused_stream_connects_once_the_fault_is_over(make_world: MakeWorld) -> None:
    # aiohttp tries a GET that was reset a second time by itself.
    venue = with_fault(make_world, FaultKind.REFUSE, "connect /public/*", nth=frozenset({1, 2}))

    async def main() -> bool:
        async with Bot() as bot:
            with pytest.raises((aiohttp.ClientError, ConnectionError)):
                await bot.stream("/public/ws")
            return not (await bot.stream("/public/ws")).closed

    assert venue.run(main())
    assert venue.venue.faults.fired == {"it": 2}


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (FaultRule(name="a", endpoint="stream.X", kind=FaultKind.HANG), "hang cannot happen"),
        (FaultRule(name="a", endpoint="GET /x", kind=FaultKind.DROP), "drop cannot happen"),
        (FaultRule(name="a", endpoint="*", kind=FaultKind.HANG), "endpoint must be"),
        (FaultRule(name="a", endpoint="GET /x", kind=FaultKind.DELAY), "needs a delay"),
        (FaultRule(name="a", endpoint="GET /x", kind=FaultKind.ERROR), "status must be"),
    ],
)
def test_a_fault_that_could_not_act_is_refused(rule: FaultRule, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        make_desk(behaviour=Behaviour(faults=(rule,)))


def test_a_stopped_venue_says_goodbye_to_streams_and_lets_nobody_in(
    make_world: MakeWorld,
) -> None:
    venue = with_fault(make_world, FaultKind.HANG, ORDER)

    async def main() -> tuple[int | None, bool]:
        async with Bot() as bot:
            hanging = asyncio.create_task(bot.buy())
            socket = await bot.stream("/market/ws")
            reading = asyncio.create_task(everything(socket, 60))
            await asyncio.sleep(1)
            venue.world.hosts["venue"].start(venue.venue.stop())
            await reading
            (ended,) = await asyncio.gather(hanging, return_exceptions=True)
            with pytest.raises((aiohttp.ClientError, ConnectionError)):
                await bot.buy()
            return socket.close_code, isinstance(ended, Exception)

    assert venue.run(main()) == (1001, True)
