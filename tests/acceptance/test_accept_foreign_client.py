"""A SOAP client that nobody here wrote reads the service's own description and completes a session with it."""

from __future__ import annotations

from datetime import UTC, datetime

from zeep import Client

from conftest import Served
from ml_connector.sandbox.quickbooks.desktop import QuickBooksDesktop
from ml_connector.sandbox.quickbooks.hostclock import HostClock
from ml_connector.sandbox.quickbooks.seeding import company_of_firm
from ml_connector.sandbox.world import small_firm


def test_zeep_completes_a_session_from_the_served_description(served: Served) -> None:
    service = Client(f"{served.installation.url}/qbwc/main?wsdl").service
    company = company_of_firm(small_firm(), HostClock(lambda: datetime.now(UTC)))
    quickbooks = QuickBooksDesktop(company).begin_session("", "zeep")
    assert service.serverVersion()
    assert service.clientVersion("34.0") in ("", None)
    ticket, verdict = list(service.authenticate(served.user, served.password))[:2]
    assert not verdict
    asked = 0
    while request := service.sendRequestXML(ticket, "", company.path, "US", 16, 0):
        asked += 1
        progress = service.receiveResponseXML(ticket, quickbooks.process(request), "", "")
        assert 0 <= progress <= 100, service.getLastError(ticket)
        if progress == 100:
            break
        assert asked < 100
    assert asked > 5
    assert service.closeConnection(ticket).startswith("OK")
    shown = served.installation.run("connection", "show", "main").value
    assert shown["company_name"] == "Cascade Ridge Builders"
    assert shown["last_success_at"]
    lists = served.installation.run("lists", "status", "main")
    assert lists.code == 0, lists
