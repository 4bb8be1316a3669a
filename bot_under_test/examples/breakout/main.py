"""Breakout bot for Binance USD-M futures. Settings come from .env; SIGTERM stops it cleanly."""

import asyncio
import logging
import signal
import sys

from binance import AsyncClient, BinanceSocketManager
from binance.exceptions import BinanceAPIException, ReadLoopClosed
from dotenv import load_dotenv

from config import Config, ConfigError
from metrics import Metrics
from state import State
from trader import TROUBLE, Trader

log = logging.getLogger("breakout")


def set_up_logging(level: str) -> None:
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%H:%M:%S")
    )
    logging.basicConfig(level=level, handlers=[handler])
    logging.getLogger("websockets").setLevel(logging.WARNING)


async def connect(config: Config) -> AsyncClient:
    """The exchange may be away for a while when we come up."""
    pause = 1
    while True:
        try:
            return await AsyncClient.create(config.api_key, config.api_secret)
        except TROUBLE as error:
            log.warning("cannot connect (%s), again in %d s", error, pause)
            await asyncio.sleep(pause)
            pause = min(2 * pause, 60)


async def listen(name: str, make_socket, handle) -> None:
    """Reads a stream for ever. The library reconnects by itself; when it gives up, so do we not."""
    while True:
        try:
            async with make_socket() as socket:
                log.info("%s stream is up", name)
                while True:
                    message = await socket.recv()
                    if message.get("e") == "error":
                        log.warning("%s stream: %s", name, message.get("m"))
                        continue
                    await handle(message)
        except (ReadLoopClosed, OSError, TimeoutError, BinanceAPIException) as error:
            log.warning("%s stream: %s; again in 5 s", name, error)
            await asyncio.sleep(5)


async def run(config: Config) -> None:
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, over.set)
    state, metrics = State(config.state_file), Metrics(config.metrics_file)
    metrics.start()
    client = await connect(config)
    try:
        trader = Trader(client, config, state, metrics)
        await trader.prepare()
        sockets = BinanceSocketManager(client)
        stream = f"{config.symbol.lower()}@kline_{config.interval}"
        tasks = [
            asyncio.create_task(listen("user", sockets.futures_user_socket, trader.on_user)),
            asyncio.create_task(
                listen(
                    "market", lambda: sockets.futures_multiplex_socket([stream]), trader.on_candle
                )
            ),
            asyncio.create_task(over.wait()),
        ]
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        log.info("stopping")
        for task in tasks[:2]:
            task.cancel()
        await asyncio.gather(*tasks[:2], return_exceptions=True)
        await trader.stop()
        for task in done:
            task.result()
    finally:
        await client.close_connection()
        metrics.stop()
        state.close()
    log.info("stopped")


def main() -> int:
    load_dotenv()
    try:
        config = Config.from_env()
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    set_up_logging(config.log_level)
    asyncio.run(run(config))
    return 0


if __name__ == "__main__":
    sys.exit(main())
