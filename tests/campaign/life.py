"""One seed: a firm starts, a storm of faults and people goes over it, and a calm comes in which everything must settle."""

from __future__ import annotations

import hashlib
import logging
import random
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from campaign.cases import Writer
from campaign.oracles import judge
from campaign.people import People, wakes_everything
from campaign.result import Result
from campaign.storm import StormyWorld
from campaign.wires import Weather
from ml_connector.sandbox.basware import faults as basware_faults
from ml_connector.sandbox.basware.faults import Fault
from ml_connector.sandbox.basware.switches import Switches
from ml_connector.sandbox.quickbooks import faults as quickbooks_faults
from ml_connector.sandbox.quickbooks.pace import INSTANT, Pace
from ml_connector.sandbox.quickbooks.refusals import ScreenRefusal
from ml_connector.sandbox.world import BEGINNING, small_firm
from ml_connector.store import duties
from ml_connector.store.models import AuditEntry
from world import NotAtRest

_FIRM = small_firm(1, vendors=14, customers=8)

#: An ordinary Monday, and the hours before the clocks go forward and back.
_STARTS = (
    BEGINNING,
    BEGINNING,
    datetime(2027, 3, 14, 8, 30, tzinfo=UTC),
    datetime(2027, 11, 7, 7, 30, tzinfo=UTC),
)

_SETTINGS = {
    "list_read_s": 600, "sweep_s": 3600, "request_status_s": 20, "payment_read_s": 120, "page_size": 5,
    "bills_per_set": 6, "txn_page": 10, "list_page": 10,
}  # fmt: skip

#: A request never reaches QuickBooks later than this after it was fetched: a Web Connector that held one for longer was
#: started anew meanwhile. See docs/explanation/exactly-once.md, "What remains".
_HELD_AT_MOST_S = 1800.0


def live(seed: int, aim: str = "") -> Result:
    """Live through one seed on the empty database at hand; at the side of a point that is the `aim`, if any, the connector
    surely dies."""
    began = time.process_time()
    logging.disable(logging.CRITICAL)
    result = Result(seed=seed)
    dice = random.Random(f"{seed}/weather")
    start = dice.choice(_STARTS)
    crashes = dice.choice((0.0, 0.06, 0.12, 0.12, 0.25))
    world = StormyWorld(
        seed,
        first=crashes,
        further=crashes / 12,
        firm=_FIRM,
        pace=dice.choice((INSTANT, Pace())),
        settings=_SETTINGS,
        start=start,
        switches=Switches(
            late_transfer_status=dice.choice((400, 405, 409)),
            token_lifetime_s=dice.choice((300, 3600)),
            status_delay_s=dice.choice((0.0, 30.0)),
        ),
    )
    world.process.aim = aim
    last_day = date(2026, 11, 20) if start == BEGINNING else (start - timedelta(days=3)).date()
    people = People(world, Writer(_FIRM, random.Random(f"{seed}/invoices"), last_day))
    try:
        _storm(world, people, dice, result, _EARLY)
        _respite(world, people)
        _storm(world, people, dice, result, _LATE)
        _calm(world, people)
        verdict = judge(world, people)
        result.problems, result.ends = verdict.problems, verdict.ends
    except NotAtRest as restless:
        result.problems = [f"stuck: {restless}"]
    finally:
        world.process.mortal = False
        world.process.dead = False
    result.invoices = len(people.cases)
    result.bills = len(people.bills())
    result.visited, result.hit = world.process.visited, world.process.hit
    result.faults += Counter({f"QuickBooks: {kind}": n for kind, n in world.outside.desktop.faults.counts.items()})
    result.faults += Counter({f"Basware: {kind}": n for kind, n in world.outside.basware.faults.struck.items()})
    result.faults += Counter({f"wire: {kind}": n for kind, n in (world.front.counts + world.back.counts).items()})
    result.faults["the connector dies"] += world.process.deaths
    result.faults["the database fails"] += world.process.failures
    result.events = world.events
    result.digest = _digest(world)
    result.seconds = time.process_time() - began
    return result


def _digest(world: StormyWorld) -> str:
    told = hashlib.sha256("\n".join(world.events).encode())
    columns = ("seq", "at", "document_id", "event", "from_state", "to_state", "actor")
    for row in AuditEntry.objects.order_by("id").values_list(*columns):
        told.update(repr(row).encode())
    return told.hexdigest()


# The storm.


def _storm(world: StormyWorld, people: People, dice: random.Random, result: Result, deeds: dict[str, int]) -> None:
    _gathers(world, dice)
    world.process.mortal = True
    held_since = world.clock.now()
    for number in range(dice.randint(6, 11)):
        for _ in range(dice.choice((0, 1, 1, 2)) if number else 4):
            _happens(people.approves, world, result)
        for _ in range(dice.choice((0, 1, 1, 2, 3))):
            deed = dice.choices(list(deeds), weights=list(deeds.values()))[0]
            _happens(getattr(people, deed), world, result)
        world.works()
        sessions: tuple[tuple[int, Callable[[], object]], ...] = (
            (8, world.polls), (2, world.polls_from_two_machines), (1, world.is_killed_while_polling),
        )  # fmt: skip
        dice.choices([act for _, act in sessions], weights=[weight for weight, _ in sessions])[0]()
        if dice.random() < 0.7:
            people.comes_back()
        world.works()
        world.passes(dice.choice((1.0, 20.0, 60.0, 60.0, 300.0, 900.0, 3700.0)))
        if (world.clock.now() - held_since).total_seconds() > _HELD_AT_MOST_S:
            held_since = world.clock.now()
            world.first_machine.restarts()
            world.second_machine.restarts()
    _disperses(world)


def _respite(world: StormyWorld, people: People) -> None:
    """A fine hour: most of what was approved is entered, and can be paid and edited."""
    people.comes_back()
    for _ in range(3):
        world.works()
        world.polls()
        world.works()
        world.passes(120.0)


def _happens(deed: Callable[[], str], world: StormyWorld, result: Result) -> None:
    try:
        words = deed()
    except ScreenRefusal as refused:
        words = f"QuickBooks does not let them: {refused}"
    if words:
        world.note(words)
        result.deeds[deed.__name__] += 1


#: What people do between two sessions, and how often: while invoices come in, and once Bills are there.
_EARLY = {
    "approves": 4, "transfers_again": 4, "pays": 4, "takes_payment_back": 1, "types_in": 2, "edits": 2, "removes": 1,
    "changes_lists": 4, "closes_books": 1, "leaves_quickbooks": 1, "saves_backup": 2, "restores_backup": 1,
    "sets_clock": 2, "maps": 1, "maps_by_file": 1, "operates": 3, "mends_some": 2, "acknowledges_elsewhere": 1,
    "lists_clash": 1, "renames_twice": 1, "subscribes_anew": 1,
}  # fmt: skip
_LATE = _EARLY | {
    "pays": 10,
    "takes_payment_back": 6,
    "edits": 4,
    "transfers_again": 5,
    "approves": 1,
    "mends_some": 4,
}

#: Happens to every call of its kind, so it is kept rarer than the others.
_SELDOM = {"crash": 0.2, "connection_error": 0.5, "service_timeout": 0.3}
_SECONDS = {"slow": 1.5, "presigned-slow": 1.5, "status-delay": 45.0, "throttle": 20.0}
#: Only ways to set the simulator up, or without effect here.
_NOT_ARMED = frozenset({"connection-test-fails"})


def _gathers(world: StormyWorld, dice: random.Random) -> None:
    """Choose the weather of this seed: some kinds of faults, and how often each strikes."""
    wildness = dice.choice((0.3, 1.0, 1.0, 2.0))
    for kind in quickbooks_faults.KINDS:
        if dice.random() < 0.5:
            chance = min(0.4, wildness * dice.uniform(0.01, 0.08) * _SELDOM.get(kind, 1.0))
            if kind.startswith("recovery"):
                chance = 0.5
            world.outside.desktop.faults.arm(kind, times=None, probability=chance)
        if dice.random() < 0.1:
            world.outside.desktop.faults.arm(kind, times=1, only="BillAddRq" if "crash" not in kind else "")
    for kind in basware_faults.KINDS:
        if kind not in _NOT_ARMED and dice.random() < 0.5:
            chance = min(0.4, wildness * dice.uniform(0.005, 0.06))
            seconds = _SECONDS.get(kind, 2.0)
            world.outside.basware.arm(
                Fault(
                    kind=kind,
                    probability=chance,
                    seconds=seconds,
                    http_date=dice.random() < 0.3,
                )
            )

    world.process.broken_disk = dice.choice((0.0, 0.0, 0.002, 0.01))

    def weather() -> Weather:
        chances = {name: dice.uniform(0.0, 0.04) * wildness if dice.random() < 0.4 else 0.0 for name in _WEATHER}
        return Weather(**chances)

    world.front.weather, world.back.weather = weather(), weather()


_WEATHER = ("lost", "unanswered", "cut", "doubled", "late", "replayed")


# The calm.


def _disperses(world: StormyWorld) -> None:
    world.process.mortal = False
    world.outside.desktop.faults.disarm()
    world.outside.basware.disarm()
    world.transport.scripted.clear()
    world.front.weather, world.back.weather = Weather(), Weather()


def _calm(world: StormyWorld, people: People) -> None:
    world.note("the calm begins")
    world.back.delivers_late(all_of_them=True)
    people.puts_right()
    _comes_to_rest(world)
    for _ in range(12):
        if not people.decides_on_older_file() + people.mends(leave=0.25):
            break
        people.maps()
        _comes_to_rest(world)
    # What Basware was told and forgot is found by the sweep, once it had its time to work on it.
    world.passes(2 * 3600.0)
    duties.wake_all(world.connection.pk, world.clock.now(), duties.SWEEP)
    _comes_to_rest(world)
    if people.mends(leave=0.0):
        _comes_to_rest(world)


def _comes_to_rest(world: StormyWorld) -> None:
    wakes_everything(world)
    world.run_until_idle(limit_s=12 * 3600.0)
