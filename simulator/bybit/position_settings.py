"""Endpoints that set how positions are held: leverage, mode, stop-loss and take-profit."""

from __future__ import annotations

from decimal import Decimal

from simulator.bybit.desk import Call, Desk, Reply
from simulator.bybit.errors import Problem, stop_refusal
from simulator.bybit.formats import SIDE_NAMES, TRIGGER_NAMES, TRIGGERS, scaled
from simulator.bybit.parameters import Parameters
from simulator.bybit.position_stops import Stop, StopKind
from simulator.exchange.filters import check_price
from simulator.exchange.instruments import Instrument
from simulator.exchange.orders import Side
from simulator.exchange.rejections import Reason, Rejection
from simulator.wire.json_text import Json

STOP_FIELDS = (
    (StopKind.STOP_LOSS, "stopLoss", "slTriggerBy"),
    (StopKind.TAKE_PROFIT, "takeProfit", "tpTriggerBy"),
)
_RULES = {
    # The venue's own grammar.
    (StopKind.STOP_LOSS, Side.BUY): "lower than",
    (StopKind.STOP_LOSS, Side.SELL): "greater",
    (StopKind.TAKE_PROFIT, Side.BUY): "be higher than",
    (StopKind.TAKE_PROFIT, Side.SELL): "be lower than",
}


def set_leverage(desk: Desk, call: Call) -> Json:
    """POST /v5/position/set-leverage: the same leverage again is an error."""
    parameters = call.parameters
    desk.need_linear(parameters)
    instrument = desk.instrument(parameters)
    leverage = parameters.need_decimal("buyLeverage")
    if leverage != parameters.need_decimal("sellLeverage") or leverage < 1:
        raise Problem.INVALID.error(name="leverage")
    if leverage > instrument.max_leverage:
        raise Problem.LEVERAGE_TOO_HIGH.error(
            leverage=int(leverage * 100), most=instrument.max_leverage * 100
        )
    if leverage % 1:
        raise Problem.UNSUPPORTED.error(name=f"leverage {leverage}")
    try:
        desk.exchange.set_leverage(call.account, instrument.symbol, int(leverage))
    except Rejection as rejection:
        if rejection.reason is Reason.LEVERAGE_UNCHANGED:
            raise Problem.LEVERAGE_UNCHANGED.error() from None
        raise Problem.MARGIN_FOR_LEVERAGE.error() from None
    return {}


def switch_mode(desk: Desk, call: Call) -> Reply:
    """POST /v5/position/switch-mode: one-way mode is all there is.

    For a coin the same mode again is no error, for a symbol it is.
    """
    parameters = call.parameters
    desk.need_linear(parameters)
    if parameters.choice("mode", {"0": False, "3": True}):
        raise Problem.UNSUPPORTED.error(name="hedge mode")
    if parameters.text("symbol") is not None:
        desk.instrument(parameters)
        raise Problem.POSITION_MODE_UNCHANGED.error()
    parameters.need("coin")
    return Reply({}, message="All symbols switched successfully.")


def trading_stop(desk: Desk, call: Call) -> Json:
    """POST /v5/position/trading-stop: sees the position as it is, not as queries show it."""
    parameters = call.parameters
    desk.need_linear(parameters)
    instrument = desk.instrument(parameters)
    check_position_index(parameters)
    check_whole_position(parameters)
    if parameters.price("trailingStop") is not None:
        raise Problem.UNSUPPORTED.error(name="trailingStop")
    symbol = instrument.symbol
    held = desk.exchange.position(call.account, symbol).quantity
    if not held:
        raise Problem.ZERO_POSITION.error()
    side = Side.BUY if held > 0 else Side.SELL
    wanted: dict[StopKind, Stop | None] = {}
    for kind, name, source in STOP_FIELDS:
        if parameters.text(name) is None:
            continue
        stop = read_stop(parameters, name, source)
        if stop is not None:
            check_stop(instrument, side, kind, stop, desk.price(symbol, stop.trigger_by))
        if not desk.position_stops.has(call.account, symbol, kind, stop):
            wanted[kind] = stop
    if not wanted:
        raise Problem.NOT_MODIFIED.error()
    try:
        for kind, stop in wanted.items():
            desk.position_stops.put(call.account, symbol, kind, stop)
    except Rejection as rejection:
        raise stop_refusal(rejection) from None
    return {}


def check_position_index(parameters: Parameters) -> None:
    """Raises 10001 for a side of hedge mode."""
    if parameters.integer("positionIdx"):
        raise Problem.POSITION_INDEX.error()


def check_whole_position(parameters: Parameters) -> None:
    """Raises 10001 for stops of a part of the position, and for those at a limit price."""
    for name, word in (("tpslMode", "Full"), ("tpOrderType", "Market"), ("slOrderType", "Market")):
        value = parameters.text(name)
        if value not in (None, word):
            raise Problem.UNSUPPORTED.error(name=f"{name} {value}")


def read_stop(parameters: Parameters, name: str, source: str) -> Stop | None:
    """A stop's price and what triggers it; None for a price of 0."""
    price = parameters.price(name)
    if price is None:
        return None
    return Stop(price, parameters.choice(source, TRIGGERS, "LastPrice"))


def check_stop(
    instrument: Instrument, side: Side, kind: StopKind, stop: Stop, base: Decimal
) -> None:
    """Raises 10001 for a stop that is no price of the symbol or on the wrong side of `base`."""
    try:
        check_price(instrument, stop.price)
    except Rejection as rejection:
        raise stop_refusal(rejection) from None
    rises = (side is Side.BUY) is (kind is StopKind.TAKE_PROFIT)
    if stop.price > base if rises else stop.price < base:
        return
    raise Problem.STOP_ON_WRONG_SIDE.error(
        stop=kind.value,
        price=scaled(stop.price, instrument),
        side=SIDE_NAMES[side],
        rule=_RULES[kind, side],
        base=scaled(base, instrument),
        source=TRIGGER_NAMES[stop.trigger_by],
    )
