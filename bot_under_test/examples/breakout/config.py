"""Settings, from the environment (or .env)."""

import os
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path


class ConfigError(Exception):
    pass


@dataclass(frozen=True)
class Config:
    api_key: str
    api_secret: str
    symbol: str
    interval: str
    channel: int
    ema: int
    notional: Decimal
    leverage: int
    stop_percent: Decimal
    max_hold_s: float
    state_file: Path
    metrics_file: Path
    log_level: str

    @classmethod
    def from_env(cls) -> "Config":
        return cls(
            api_key=_required("BINANCE_API_KEY"),
            api_secret=_required("BINANCE_API_SECRET"),
            symbol=os.environ.get("SYMBOL", "ADAUSDT").upper(),
            interval=os.environ.get("INTERVAL", "1m"),
            channel=int(os.environ.get("CHANNEL", "5")),
            ema=int(os.environ.get("EMA", "9")),
            notional=Decimal(os.environ.get("NOTIONAL_USDT", "100")),
            leverage=int(os.environ.get("LEVERAGE", "2")),
            stop_percent=Decimal(os.environ.get("STOP_PERCENT", "2.0")),
            max_hold_s=60 * float(os.environ.get("MAX_HOLD_MINUTES", "30")),
            state_file=Path(os.environ.get("STATE_FILE", "breakout.db")),
            metrics_file=Path(os.environ.get("METRICS_FILE", "metrics.jsonl")),
            log_level=os.environ.get("LOG_LEVEL", "INFO").upper(),
        )


def _required(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise ConfigError(f"{name} is not set; copy .env.example to .env and fill it in")
    return value
