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
