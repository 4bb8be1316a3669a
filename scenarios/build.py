"""Scenario parts as the objects that the simulator takes."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from scenarios import markets
from scenarios.schema import Scenario
from scenarios.venues import venue_settings
from simulator.distributions import Distribution
from simulator.exchange.behaviour import (
    Behaviour,
    FaultRule,
    LagRule,
    LatencyRule,
    LimitRule,
    Span,
)
from simulator.exchange.exchange import Exchange
from simulator.exchange.instruments import Instrument
from simulator.exchange.listings import BookShape, Listing
from simulator.exchange.orders import OrderRequest, OrderType, Side, TriggerBy
from simulator.exchange.prices import Constant, Points, PricePath, RandomWalk


class OneWay(NamedTuple):
    """The latency of one direction between two hosts."""

    source: str
    target: str
    latency: Distribution


def one_ways(scenario: Scenario) -> Iterator[OneWay]:
    """The network of a scenario, each link as its two directions."""
    for link in scenario.links:
        first, second = link.between
        there, back = link.there or link.latency, link.back or link.latency
        if there is not None:
            yield OneWay(first, second, there)
        if back is not None:
            yield OneWay(second, first, back)


def listings(venue: markets.Venue) -> list[Listing]:
    """What a venue lists, in the order of the file."""
    return [_listing(symbol, each) for symbol, each in venue.instruments.items()]


def behaviour(name: str, venue: markets.Venue) -> Behaviour:
    """How the venue `name` treats its clients."""
    rules = venue.behaviour
    return Behaviour(
        latency=tuple(
            LatencyRule(
                endpoint=rule.endpoint,
                request=rule.request,
                reply=rule.reply,
                symbol=rule.symbol,
                span=Span(rule.since, rule.until),
            )
            for rule in rules.latency
        ),
        visibility=tuple(
            LagRule(
                window=rule.window,
                lag=rule.lag,
                symbol=rule.symbol,
                span=Span(rule.since, rule.until),
            )
            for rule in rules.visibility
        ),
        faults=tuple(fault_rule(rule) for rule in rules.faults),
        limits=None
        if rules.limits is None
        else tuple(
            LimitRule(name=rule.name, limit=rule.limit, interval_ns=rule.per, aligned=rule.aligned)
            for rule in rules.limits
        ),
        settings=venue_settings(name, rules.settings),
    )


def open_positions(exchange: Exchange, account: str, venue: markets.Venue) -> None:
    """Gives the account the positions it has from before the start, each with its stop-loss.

    Raises Rejection where the venue would refuse the orders that lead there.
    """
    for position in venue.positions:
        side = Side.BUY if position.quantity > 0 else Side.SELL
        quantity = abs(position.quantity)
        exchange.place(
            account,
            OrderRequest(
                symbol=position.symbol, side=side, type=OrderType.MARKET, quantity=quantity
            ),
        )
        if position.stop is not None:
            exchange.place(
                account,
                OrderRequest(
                    symbol=position.symbol,
                    side=side.opposite,
                    type=OrderType.STOP_MARKET,
                    quantity=quantity,
                    trigger_price=position.stop,
                    trigger_by=TriggerBy.MARK,
                    reduce_only=True,
                ),
            )


def fault_rule(rule: markets.Fault) -> FaultRule:
    """A fault as the venue takes it."""
    return FaultRule(
        name=rule.name,
        endpoint=rule.endpoint,
        kind=rule.kind,
        status=rule.status,
        body=rule.body,
        delay=rule.delay,
        symbol=rule.symbol,
        nth=None if rule.nth is None else frozenset(rule.nth),
        probability=float(rule.probability),
        times=rule.times,
        span=Span(rule.since, rule.until),
    )


def _listing(symbol: str, part: markets.Instrument) -> Listing:
    return Listing(
        instrument=_instrument(symbol, part),
        prices=_path(part.price),
        mark=None if part.mark_price is None else _path(part.mark_price),
        book=BookShape(
            quantity=part.book.quantity,
            levels=part.book.levels,
            spread_ticks=part.book.spread_ticks,
            step_ticks=part.book.step_ticks,
            growth=part.book.growth,
            offset=part.book.offset,
            refill_ns=part.book.refill,
        ),
        next_order_id=part.next_order_id,
        daily_volume=part.daily_volume,
    )


def _instrument(symbol: str, part: markets.Instrument) -> Instrument:
    return Instrument(
        symbol=symbol,
        base=part.base or symbol.removesuffix(part.quote),
        quote=part.quote,
        tick_size=part.tick_size,
        step_size=part.step_size,
        min_price=_or(part.min_price, part.tick_size),
        max_price=part.max_price,
        min_quantity=_or(part.min_quantity, part.step_size),
        max_quantity=part.max_quantity,
        max_market_quantity=_or(part.max_market_quantity, part.max_quantity),
        min_notional=part.min_notional,
        max_leverage=part.max_leverage,
        band_up=part.band_up,
        band_down=part.band_down,
        market_take_bound=part.market_take_bound,
        maintenance_margin_rate=part.maintenance_margin_rate,
        max_open_orders=part.max_open_orders,
        closing=part.closing,
        spot=part.spot,
    )


def _or(value: Decimal | None, default: Decimal) -> Decimal:
    return default if value is None else value


def _path(price: markets.Price) -> PricePath:
    if price.constant is not None:
        return Constant(price.constant)
    if price.random_walk is not None:
        walk = price.random_walk
        return RandomWalk(walk.start, sigma=float(walk.sigma), interval_ns=price.every)
    return Points(price.points or (), linear=price.linear, interval_ns=price.every)
