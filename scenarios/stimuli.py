"""What sets a bot going: signals handed to it, waves on the signal server, POSIX signals."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from scenarios.types import (
    BOT,
    BotHost,
    Duration,
    Moment,
    Number,
    Part,
    Positive,
    Switch,
    Symbol,
    VenueName,
    Whole,
)
from scenarios.units import Unusable

_QUARTER_NS = 900_000_000_000


class Signal(Part):
    """What the signal server tells the bot."""

    id: Whole
    symbol: Symbol
    side: Literal["BUY", "SELL"]
    scores: tuple[Number, Number] = Field(description="Week and month.")
    exchange: VenueName = "binance"
    quantity: Positive | None = Field(
        default=None, description="In the base asset; by default the bot's own size."
    )
    timestamp: Moment | None = Field(
        default=None, description="What it is dated; by default, when sent."
    )


class Wave(Part):
    """Signals that the signal server has from a moment on; the bot fetches them by itself."""

    timestamp: Moment | None = Field(
        default=None,
        description="What the signals are dated; by default the last full quarter of an hour.",
    )
    lasts: Duration = Field(
        default=180_000_000_000, description="How long the run goes on for it, from `at`."
    )
    signals: tuple[Signal, ...] = Field(min_length=1)


class Stimulus(Part):
    """Something that sets the bot going, or stops it: a signal handed to it, a wave on the server,
    or a POSIX signal to its program."""

    at: Moment
    signal: Signal | None = None
    wave: Wave | None = None
    send: Literal["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGKILL"] | None = None
    host: BotHost = Field(default=BOT, description="Whose it is, of a signal of either kind.")

    @model_validator(mode="after")
    def _one_of_all(self) -> Stimulus:
        if sum(each is not None for each in (self.signal, self.wave, self.send)) != 1:
            raise Unusable("needs one of `signal`, `wave` and `send`", "write one entry for each")
        if self.wave is not None and self.host != BOT:
            cure = "leave it out: who connects to the signal server gets the wave"
            raise Unusable("a wave is for nobody in particular", cure, ("host",))
        return self

    @property
    def wave_ns(self) -> int:
        """The quarter of an hour that a wave's signals belong to."""
        assert self.wave is not None
        given_ns = self.wave.timestamp
        return self.at // _QUARTER_NS * _QUARTER_NS if given_ns is None else given_ns

    @property
    def signals(self) -> tuple[Signal, ...]:
        return self.wave.signals if self.wave is not None else (self.signal,) if self.signal else ()


class SignalServer(Part):
    """The host `signals`, which serves the waves."""

    close_after_batch: Switch = Field(
        default=False, description="It ends the connection, with code 1000, after each list."
    )
