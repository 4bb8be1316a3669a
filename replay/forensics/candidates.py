"""What may have been the cause: the candidates that a log is explained by.

A candidate changes the scenario in one respect: another version of the bot, defects added or taken
away, or another behaviour of a venue. Behaviours and theories are scenarios themselves, those of
`scenarios/behaviours` and `scenarios/theories`; what such a scenario says of its venues' behaviour
is laid over the scenario that is to be explained.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from bot_under_test.reference import VERSIONS, Defect
from scenarios.markets import VenueBehaviour
from scenarios.schema import CURRENT, Bot, BotVersion, Scenario

Kind = Literal["as it is", "defects", "behaviour", "theory"]
_LONGEST_SETTLE_NS = 5_000_000_000
_DEFECT_SETTINGS = ("add_defects", "remove_defects")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One possible cause."""

    name: str
    title: str
    kind: Kind
    version: str
    defects: frozenset[str] | None = None
    """Exactly these, of the reference bot; None leaves them as the version has them."""
    behaviours: Mapping[str, VenueBehaviour] = field(default_factory=dict)
    """What is laid over a venue's own, by venue; its times count from `since_ns`."""
    since_ns: int = 0
    """When the first stimulus came in the scenario that the behaviours are from."""

    def applied(self, scenario: Scenario) -> Scenario:
        """The scenario with this cause in it."""
        shift_ns = scenario.begins - self.since_ns
        venues = {
            name: venue.model_copy(
                update={
                    "behaviour": _laid_over(
                        venue.behaviour, self.behaviours[name], list(venue.instruments), shift_ns
                    )
                }
            )
            if name in self.behaviours
            else venue
            for name, venue in scenario.venues.items()
        }
        return scenario.model_copy(
            update={
                "venues": venues,
                "bot": self._bot(scenario.bot),
                "settle": min(scenario.settle, _LONGEST_SETTLE_NS),
            }
        )

    def _bot(self, bot: Bot) -> Bot:
        if self.defects is None:
            return bot
        given = bot.versions.get(self.version, BotVersion()).settings
        own: dict[str, Any] = {k: v for k, v in given.items() if k not in _DEFECT_SETTINGS}
        has = {defect.value for defect in VERSIONS[self.version]}
        own["remove_defects"] = sorted(has - self.defects)
        own["add_defects"] = sorted(self.defects - has)
        version = BotVersion.model_construct(settings=own)
        return Bot.model_construct(
            factory=bot.factory, settings=bot.settings, versions={self.version: version}
        )


def as_it_is(version: str) -> Candidate:
    """Nothing changed."""
    return Candidate(
        name=f"{version}, as it is", title="nothing is wrong", kind="as it is", version=version
    )


def releases() -> Iterator[Candidate]:
    """Every version of the reference bot that has defects, with all that it has."""
    for version, defects in VERSIONS.items():
        if defects:
            names = frozenset(defect.value for defect in defects)
            whole = with_defects(version, names, name=f"version {version}")
            yield replace(whole, title=f"with all of its {len(names)} defects")


def single_defects() -> Iterator[Candidate]:
    """Each defect alone, in the version that has none."""
    for defect in sorted(Defect, key=lambda each: each.value):
        yield with_defects(CURRENT, frozenset([defect.value]), name=defect.value)


def with_defects(version: str, defects: frozenset[str], *, name: str) -> Candidate:
    """A version of the reference bot with these defects and no other."""
    listed = ", ".join(sorted(defects))
    title = listed if listed != name else f"{CURRENT} with this defect alone"
    return Candidate(name=name, title=title, kind="defects", version=version, defects=defects)


def behaviours(
    sources: Iterable[Scenario], scenario: Scenario, carriers: Iterable[Candidate]
) -> Iterator[Candidate]:
    """Each behaviour of a venue that `scenario` has too, under each of the bots."""
    carriers = list(carriers)
    for source in sources:
        laid = _behaviours_of(source, scenario)
        for carrier in carriers if laid else ():
            yield replace(
                carrier,
                name=source.name,
                title=source.title,
                kind="behaviour",
                behaviours=laid,
                since_ns=source.begins,
            )


def theories(sources: Iterable[Scenario], scenario: Scenario) -> Iterator[Candidate]:
    """What somebody took for the cause: a behaviour, a bot, or both, as its scenario has them."""
    for source in sources:
        laid = _behaviours_of(source, scenario)
        if not laid and any(_says_something(each.behaviour) for each in source.venues.values()):
            continue  # of a venue that was not there
        version = source.versions[0]
        settings = source.bot.settings_for(version)
        has = {defect.value for defect in VERSIONS.get(version, frozenset())}
        has |= set(settings.get("add_defects", ()))
        yield Candidate(
            name=source.name,
            title=source.title.removeprefix("Theory: "),
            kind="theory",
            version=version,
            defects=frozenset(has - set(settings.get("remove_defects", ()))),
            behaviours=laid,
            since_ns=source.begins,
        )


def _behaviours_of(source: Scenario, scenario: Scenario) -> dict[str, VenueBehaviour]:
    return {
        name: venue.behaviour
        for name, venue in source.venues.items()
        if name in scenario.venues and _says_something(venue.behaviour)
    }


def _says_something(behaviour: VenueBehaviour) -> bool:
    return behaviour != VenueBehaviour()


def _laid_over(
    own: VenueBehaviour, laid: VenueBehaviour, symbols: Sequence[str], shift_ns: int
) -> VenueBehaviour:
    """Of several rules that match the last one wins: the candidate's."""
    faults = [each for fault in _moved(laid.faults, shift_ns) for each in _each(fault, symbols)]
    names = {fault.name for fault in own.faults}
    return own.model_copy(
        update={
            "latency": (*own.latency, *_moved(laid.latency, shift_ns)),
            "visibility": (*own.visibility, *_moved(laid.visibility, shift_ns)),
            "limits": own.limits if laid.limits is None else laid.limits,
            "faults": (*own.faults, *(each for each in faults if each.name not in names)),
            "settings": {**own.settings, **laid.settings},
        }
    )


def _moved(rules: Iterable[Any], shift_ns: int) -> Iterator[Any]:
    """The rules for whatever symbol, their times counted from this scenario's first stimulus."""
    for rule in rules:
        span = {
            name: time_ns + shift_ns
            for name in ("since", "until")
            if (time_ns := getattr(rule, name)) is not None
        }
        yield rule.model_copy(update={"symbol": None, **span})


def _each(fault: Any, symbols: Sequence[str]) -> Iterator[Any]:
    """A fault that counts what it meets counts for each symbol anew, as if it were the only one."""
    if (fault.nth is None and fault.times is None) or len(symbols) == 1:
        yield fault
        return
    for symbol in symbols:
        yield fault.model_copy(update={"name": f"{fault.name} of {symbol}", "symbol": symbol})
