"""What a person names is exactly one document, and nothing is done to any other."""

from __future__ import annotations

import pytest

from ml_connector.core.errors import NeedsOperator
from ml_connector.flows import operator
from world import World


@pytest.mark.parametrize("text", ["", " ", "\t\n"])
def test_an_empty_id_stands_for_no_document(world: World, text: str) -> None:
    invoice = world.basware.approves()
    world.fetches()
    assert world.connector.document(invoice).txn_id == ""
    with pytest.raises(NeedsOperator, match="The ID is empty"):
        operator.find(None, text)


def test_blanks_around_an_id_do_not_matter(world: World) -> None:
    invoice = world.basware.approves()
    world.fetches()
    assert operator.find(None, f" {invoice.number} ") == world.connector.document(invoice)


def test_a_document_is_not_linked_to_an_empty_txn_id(world: World) -> None:
    invoice = world.basware.approves()
    world.fetches()
    before = world.connector.story(invoice)
    with pytest.raises(NeedsOperator, match="The TxnID is empty"):
        world.connector.links(invoice, " ")
    assert world.connector.story(invoice) == before


@pytest.mark.parametrize("named", ["1CC54C\u20131785955489", "x" * 40, "1CC54C", "1" * 30 + "-1785955489", "H-1"])
def test_a_mistyped_link_is_refused_and_holds_up_nobody_else(world: World, named: str) -> None:
    vendor = world.firm.vendor_named("Q")
    line = {"account": world.firm.account_numbered("6110").list_id, "amount": "99.00"}
    bill = world.quickbooks.screen.type_bill(vendor=vendor.list_id, ref_number="L-1", lines=[line])
    invoice = world.basware.approves(number="L-1", vendor=vendor)
    world.run_until_idle()
    with pytest.raises(NeedsOperator, match=r"is no TxnID.*Copy it from ml-connector why"):
        world.connector.links(invoice, named)
    good = world.basware.approves()
    world.run_until_idle()
    assert world.basware.heard_about(good) == ["success"]
    world.connector.links(invoice, f" {bill} ")
    world.run_until_idle()
    assert world.quickbooks.amounts_billed_for(invoice) == ["99.00"]
    assert world.basware.heard_about(invoice) == ["success"]
