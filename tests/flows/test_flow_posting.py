"""From an approved invoice to a bill."""

from __future__ import annotations

import pytest

from world import World

pytestmark = pytest.mark.both_databases


def test_an_approved_invoice_becomes_one_bill_and_one_success(world: World) -> None:
    invoice = world.basware.approves(gross="120.00")
    world.run_until_idle()
    assert world.quickbooks.amounts_billed_for(invoice) == ["120.00"]
    assert world.basware.heard_about(invoice) == ["success"]
    assert world.basware.sees(invoice)["voucherNumber1"] == world.quickbooks.txn_id(invoice)
