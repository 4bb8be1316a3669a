"""The Postgres in which a replayed bot keeps its tables.

Which one may be used is the scenario's word: it has to be one of its neighbours. A driver in C
would reach any other as well, out of the world's sight.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenarios.schema import Scenario
from simulator.errors import InputError
from simulator.neighbours.address import Address

if TYPE_CHECKING:
    import psycopg

    from simulator import World

_VARIABLE = "DATABASE_URL"
SCHEMA = "trading_bot_replay"
"""Where a replayed bot has its tables; emptied before each run."""
_MARK = "made by replay, and dropped by it"
_DEFAULT_PORT = "5432"
_CONNECT_S = 10


def is_url(where: object) -> bool:
    """Whether a database is named as Postgres is."""
    return isinstance(where, str) and where.startswith(("postgresql://", "postgres://"))


def chosen(
    scenario: Scenario, version: str, given: Path | str | None, environment: Mapping[str, str]
) -> str | None:
    """Where the bot keeps its tables: what was asked for, what its settings say, or what the
    environment's `DATABASE_URL` says where the scenario has neighbours; None where it is up to
    the bot. Raises InputError for a Postgres that is not one of the scenario's neighbours; one that
    was asked for needs only to be on this machine.
    """
    if given is not None:
        if is_url(given):
            Address.parse(_address_of(str(given), "--database"))
        return str(given)
    where: object = scenario.bot.settings_for(version).get("database")
    source = "bot.settings.database"
    if where is None and scenario.neighbours:
        where = environment.get(_VARIABLE)
        source = _VARIABLE
    if where is not None and is_url(where):
        _check_is_neighbour(scenario, str(where), source)
    return None if where is None else str(where)


def make_neighbour(world: World, url: str) -> None:
    """Lets the world wait for a Postgres that was asked for on the command line, as for one that
    the scenario names."""
    address = _address_of(url, "--database")
    if address not in {str(each.address) for each in world.neighbours.named}:
        world.neighbour("--database", address)


def _check_is_neighbour(scenario: Scenario, url: str, source: str) -> None:
    address = _address_of(url, source)
    known = {name: str(Address.parse(one.address)) for name, one in scenario.neighbours.items()}
    if address in known.values():
        return
    listed = ", ".join(f"{name} at {each}" for name, each in known.items()) or "none"
    raise InputError(
        f"{scenario.name}: {source} leads to {address}, which is no neighbour of the scenario "
        f'(it has: {listed}); add `neighbours: {{db: {{address: "{address}"}}}}`'
    )


def _address_of(url: str, source: str) -> str:
    """`127.0.0.1:5432`, or a socket's path; never the user or the password."""
    _driver()
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        parts = conninfo_to_dict(url)
    except ProgrammingError:
        raise InputError(
            f"{source} is no URL of Postgres; write postgresql://user@127.0.0.1:5432/name"
        ) from None
    host, port = str(parts.get("host") or "localhost"), str(parts.get("port") or _DEFAULT_PORT)
    if host.startswith("/"):
        return f"{host}/.s.PGSQL.{port}"
    host = "127.0.0.1" if host == "localhost" else host
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


@contextmanager
def reserved(url: str | None) -> Iterator[None]:
    """Gives the bot a schema without any tables, for one run at a time: others wait for it.

    Does nothing for a database that is not in Postgres. Raises InputError where it cannot be done.
    """
    if url is None or not is_url(url):
        yield
        return
    psycopg = _driver()
    with connected(url) as connection:
        try:
            connection.execute("SELECT pg_advisory_lock(hashtext(%s))", (SCHEMA,))
            _make_empty(connection)
        except psycopg.Error as error:
            raise InputError(f"the database cannot be used: {_said(error)}") from None
        yield


def _make_empty(connection: psycopg.Connection[Any]) -> None:
    from psycopg import sql

    name = sql.Identifier(SCHEMA)
    found = connection.execute(
        "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = %s",
        (SCHEMA,),
    ).fetchone()
    if found is not None and found[0] != _MARK:
        raise InputError(
            f"the database has a schema {SCHEMA} that no replay has made; rename it, or name "
            f"another database"
        )
    connection.execute("SET client_min_messages = warning")
    connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(name))
    connection.execute(sql.SQL("CREATE SCHEMA {}").format(name))
    connection.execute(sql.SQL("COMMENT ON SCHEMA {} IS {}").format(name, _MARK))


def password_in(url: str) -> str:
    """What must not be shown; empty where there is none."""
    _driver()
    from psycopg.conninfo import conninfo_to_dict

    return str(conninfo_to_dict(url).get("password") or "")


def connected(url: str) -> psycopg.Connection[Any]:
    """A connection that sees the replayed bot's tables. Raises InputError where there is none."""
    driver = _driver()
    made: psycopg.Connection[Any]
    options = f"-c search_path={SCHEMA} -c timezone=UTC"
    try:
        made = driver.connect(url, autocommit=True, connect_timeout=_CONNECT_S, options=options)
    except driver.Error as error:
        raise InputError(
            f"the database cannot be reached: {_said(error)}; start it, or name another"
        ) from None
    return made


def _said(error: Exception) -> str:
    return " ".join(str(error).split())


def _driver() -> Any:
    try:
        import psycopg
    except ImportError as error:
        raise InputError(
            "a database in Postgres needs psycopg; pip install 'trading-bot-simulator[postgres]'"
        ) from error
    return psycopg
