"""A company file that somebody put back to an older copy."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # it names rows
    from desks import Approved
    from world import World


def an_invoice_that_a_restored_file_lost(world: World) -> Approved:
    """Enter an invoice after a backup was taken, restore the backup, and let the Web Connector notice."""
    world.run_until_idle()
    world.quickbooks.screen.take_backup("monday")
    invoice = world.basware.approves(gross="200.00")
    world.run_until_idle()
    world.passes(3600)
    world.quickbooks.screen.restore_backup("monday")
    for _ in range(4):
        world.passes(60)
        world.polls()
    return invoice
