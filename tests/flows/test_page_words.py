"""In front of the console nobody is told to type a command for what a button does."""

from __future__ import annotations

import re

import pytest

from ml_connector.core.causes import cause_of
from ml_connector.core.faults import REGISTER
from ml_connector.core.states import State
from ml_connector.flows.page_words import for_pages
from ml_connector.flows.story import why
from ml_connector.store.models import Document
from world import World

_COMMAND = re.compile(r"ml-connector [a-z]|--[a-z]|<ID>|<ListID>|<why>")


@pytest.mark.parametrize("code", REGISTER)
def test_the_next_step_of_every_fault_names_buttons_and_no_commands(code: str) -> None:
    told = for_pages(REGISTER[code].do)
    assert not _COMMAND.search(told), told
    assert not _COMMAND.search(for_pages(cause_of(code).do)), code


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        (
            "Decide: ml-connector link <ID> --txn-id <TxnID> to use the existing one, or ml-connector retry <ID> --post-new if"
            " it is another invoice.",
            "Decide: “Link to a Bill” to use the existing one, or “Try again” as a new document if it is another invoice.",
        ),
        (
            "Skipped. Basware was not told; ml-connector retry brings it back, ml-connector give-up tells Basware.",
            "Skipped. Basware was not told; “Try again” brings it back, “Give up” tells Basware.",
        ),
        ("Resume it: ml-connector connection resume acme.", "Resume it: “Go on”, in the settings of the connection."),
        (
            "There is a connection 'acme' already; change it with ml-connector connection set.",
            "There is a connection 'acme' already; change it in its settings.",
        ),
        (
            "Take one every night: ml-connector backup --out FILE.",
            "Take one every night: ml-connector backup --out FILE.",
        ),
        ("Nothing: it is tried again by itself.", "Nothing: it is tried again by itself."),
    ],
)
def test_a_command_becomes_the_button_that_does_the_same(sentence: str, shown: str) -> None:
    assert for_pages(sentence) == shown


@pytest.mark.both_databases
def test_why_is_told_without_commands_whatever_holds_an_invoice_up(world: World) -> None:
    blocked = world.basware.approves(supplierCode="NOBODY-KNOWS")
    skipped = world.basware.approves(paymentBlock=True)
    world.run_until_idle()
    world.connector.skips(skipped, "paid by card")
    waiting = world.basware.approves()
    world.fetches()
    told = [_told(world, world.connector.document(invoice)) for invoice in (blocked, skipped, waiting)]
    world.connector.pauses()
    told.append(_told(world, world.connector.document(waiting)))
    world.connector.resumes()
    world.passes(86_400)
    told.append(_told(world, world.connector.document(waiting)))
    assert [State(world.connector.state(i)) for i in (blocked, skipped)] == [State.BLOCKED, State.SKIPPED]
    for sentence in told:
        assert not _COMMAND.search(sentence), sentence


def _told(world: World, document: Document) -> str:
    found = why(Document.objects.select_related("connection").get(pk=document.pk), world.clock.now())
    return f"{for_pages(found.cause)} {for_pages(found.next_step)}"
