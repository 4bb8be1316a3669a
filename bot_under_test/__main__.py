"""Runs the bot as an ordinary program: `python -m bot_under_test`.

Settings come from the environment (`BOT_VERSION`, `BOT_DATABASE`, ...: any setting of a number, a
text or yes/no, in capitals; `BINANCE_API_KEY` and `BINANCE_SECRET`, `BYBIT_API_KEY` and
`BYBIT_SECRET`; `DATABASE_URL` for a Postgres), signals from the server that `BOT_SIGNAL_SERVER`
names, and from standard input, one JSON object a line:
`{"id": "1", "symbol": "SKLUSDT", "side": "BUY", "quantity": 308}`.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from collections.abc import Mapping

from bot_under_test.reference import VENUES, ReferenceBot, Settings, Signal

logger = logging.getLogger("core.bot")


def settings_from(environment: Mapping[str, str]) -> Settings:
    """Raises ValueError for a setting that does not exist, and without credentials."""
    credentials: dict[str, dict[str, str]] = {}
    for venue in VENUES:
        names = {"api_key": f"{venue.upper()}_API_KEY", "secret": f"{venue.upper()}_SECRET"}
        given = {part: environment[name] for part, name in names.items() if name in environment}
        if given and len(given) < len(names):
            raise ValueError(f"set {' and '.join(names.values())} in the environment, or neither")
        if given:
            credentials[venue] = given
    if not credentials:
        raise ValueError("set BINANCE_API_KEY and BINANCE_SECRET in the environment, or BYBIT_...")
    database = environment.get("DATABASE_URL", "bot.sqlite")
    values: dict[str, object] = {"database": database, "credentials": credentials}
    for name, text in environment.items():
        if name.startswith("BOT_"):
            values[name.removeprefix("BOT_").lower()] = _value(text)
    return Settings.read(values)


def _value(text: str) -> object:
    """A JSON value where it is one (`1.5`, `true`, `["SKLUSDT"]`), else the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text


async def run(settings: Settings) -> None:
    """Until standard input ends."""
    bot = ReferenceBot(settings)
    try:
        await bot.start()
        while line := await asyncio.to_thread(sys.stdin.readline):
            if not line.strip():
                continue
            try:
                signal = Signal.read(json.loads(line))
            except ValueError as error:
                logger.warning("⚠️ Not a signal: %s", error)
                continue
            await bot.open(signal)
    finally:
        await bot.stop()


def main() -> None:
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s - %(name)s - %(levelname)s - %(message)s",
    )
    try:
        settings = settings_from(os.environ)
    except ValueError as error:
        sys.exit(f"bot_under_test: {error}")
    try:
        asyncio.run(run(settings))
    except KeyboardInterrupt:
        logger.info("👋 Stopped")


if __name__ == "__main__":
    main()
