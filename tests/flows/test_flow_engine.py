"""The engine outlives its database: it says in one sentence what is wrong, waits, and goes on."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator

import pytest
from django.db import connection as database

from ml_connector.engine.embedded import EmbeddedEngine
from ml_connector.flows.standing import standings
from ml_connector.store import duties
from ml_connector.store.models import Document
from world import World

pytestmark = pytest.mark.both_databases


@pytest.fixture
def engine(world: World) -> Iterator[EmbeddedEngine]:
    made = EmbeddedEngine(world.surroundings, threads=1)
    made.start()
    yield made
    made.stop()


def _renames(what: str) -> None:
    with database.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {what}")


def _until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.02)


def _said(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.name.startswith("ml_connector.engine")]


def test_a_service_that_starts_looks_at_once_for_what_its_database_does_not_know_of(world: World) -> None:
    invoice = world.basware.approves()
    tenant = world.outside.basware
    with tenant.lock:
        tenant.invoices._changed(tenant.invoices.get(invoice.id), "TransferInProgress", tenant.now(), "a lost database")
    world.passes(120)
    assert world.connector.duty(duties.SWEEP).due_at > world.clock.now()
    engine = EmbeddedEngine(world.surroundings, threads=1)
    engine.start()
    try:
        _until(lambda: Document.objects.filter(invoice_id=invoice.id).exists())
    finally:
        engine.stop()


@pytest.mark.parametrize(
    ("table", "broken"),
    [("store_connection", "COLUMN pause_reason"), ("store_duty", "")],
    ids=["in a worker's turn", "while work is looked for"],
)
def test_a_database_that_fails_is_said_in_a_sentence_and_the_work_goes_on_when_it_is_back(
    world: World, engine: EmbeddedEngine, caplog: pytest.LogCaptureFixture, table: str, broken: str
) -> None:
    invoice = world.basware.approves()
    there, back = (
        (f"{table} RENAME COLUMN pause_reason TO gone", f"{table} RENAME COLUMN gone TO pause_reason")
        if broken
        else (f"{table} RENAME TO gone", f"gone RENAME TO {table}")
    )
    _renames(there)
    world.passes(3600)
    try:
        for _ in range(20):
            engine.wake()
            time.sleep(0.02)
        _until(lambda: bool(_said(caplog)))
        assert len(_said(caplog)) < 5, "it waits before it tries again"
        assert all(record.exc_info is None for record in _said(caplog))
        assert "database" in _said(caplog)[0].getMessage()
    finally:
        _renames(back)
    world.passes(3600)
    engine.wake()
    _until(lambda: Document.objects.filter(invoice_id=invoice.id).exists())


def test_a_database_that_fails_inside_a_duty_is_shown_on_the_connection(
    world: World, engine: EmbeddedEngine, caplog: pytest.LogCaptureFixture
) -> None:
    invoice = world.basware.approves()
    _renames("store_companycode RENAME TO gone")
    world.passes(3600)
    try:
        engine.wake()
        _until(lambda: duties.INVOICES in [d.name for d in world.connection.duties.exclude(failures=0)])
        assert all(record.exc_info is None for record in _said(caplog))
    finally:
        _renames("gone RENAME TO store_companycode")
    assert any("The database did not take it" in problem for problem in standings(world.clock.now())[0].problems)
    world.passes(3600)
    engine.wake()
    _until(lambda: Document.objects.filter(invoice_id=invoice.id).exists())
