"""The installation itself: versions, backups, keys, the audit chain, and whether work is done in time."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from ml_connector.flows import upkeep
from ml_connector.web.console.render import page
from ml_connector.web.running import current

_SHOWN = 50


def show(request: HttpRequest) -> HttpResponse:
    """Show how the installation stands."""
    surroundings = current().surroundings
    facts = upkeep.facts(surroundings, current().config.home)
    chains = upkeep.chains(surroundings.clock())
    asking = [chain for chain in chains if chain.breaks or chain.stale]
    return page(
        request,
        "system.html",
        facts=facts,
        chains=chains[:_SHOWN],
        count=len(chains),
        asking=len(asking),
        own_url=current().config.own_url,
        wrong=[fact for fact in facts if not fact.ok],
        broken=any(chain.breaks for chain in chains),
    )
