"""The Web Connector against a small SOAP service."""

from xml.etree import ElementTree

import pytest
from simulated_desk import Bridge, Desk, qwc_text

from ml_connector.sandbox.quickbooks.qwc_file import QwcRefused
from ml_connector.sandbox.quickbooks.transports import WsgiTransport
from ml_connector.sandbox.quickbooks.web_connector import SessionOutcome
from ml_connector.sandbox.quickbooks.workstation import Workstation

FULL = ["serverVersion", "clientVersion", "authenticate"]


class Site:
    """A desk, a service and the workstation between them."""

    def __init__(self, desk: Desk, bridge: Bridge) -> None:
        self.desk, self.bridge = desk, bridge
        self.waits: list[float] = []
        self.workstation = Workstation(
            desk.desktop, clock=lambda: desk.now, transport=lambda qwc: WsgiTransport(bridge), sleep=self._wait
        )
        self.workstation.add_application(qwc_text(), "s3cret")
        (self.application,) = self.workstation.applications.values()
        self.connector = self.application.connector

    def _wait(self, seconds: float) -> None:
        if seconds:
            self.waits.append(seconds)
            self.desk.passes(seconds=seconds)

    def runs(self) -> SessionOutcome:
        (outcome,) = self.workstation.poll()
        return outcome

    def queues_bill(self, set_id: str = "X") -> str:
        text = (
            '<?xml version="1.0" encoding="utf-8"?><?qbxml version="13.0"?><QBXML>'
            f'<QBXMLMsgsRq onError="stopOnError" newMessageSetID="{set_id}">{self.desk.bill(memo="d&#233;j&#224;")}'
            "</QBXMLMsgsRq></QBXML>"
        )
        self.bridge.queue.append(text)
        return text

    def data_exts(self) -> dict[tuple[str, str], str]:
        return self.desk.company.contents.data_exts


@pytest.fixture
def site(desk: Desk, bridge: Bridge) -> Site:
    return Site(desk, bridge)


def test_a_session_makes_the_calls_of_the_guide_in_order(site: Site) -> None:
    site.queues_bill("A")
    site.queues_bill("B")
    outcome = site.runs()
    exchange = ["sendRequestXML", "receiveResponseXML"]
    assert site.bridge.calls == [*FULL, *exchange, *exchange, "closeConnection"]
    assert (outcome.result, outcome.message_sets, outcome.calls) == ("completed", 2, 8)
    assert site.desk.amounts() == ["100.00", "100.00"]


def test_credentials_ticket_and_versions_are_passed_on(site: Site) -> None:
    site.queues_bill()
    site.runs()
    by_method = dict(reversed(site.bridge.arguments))
    assert by_method["authenticate"] == {"strUserName": "acme", "strPassword": "s3cret"}
    sent = by_method["sendRequestXML"]
    assert (sent["ticket"], sent["qbXMLCountry"]) == ("ticket-1", "US")
    assert (sent["qbXMLMajorVers"], sent["qbXMLMinorVers"]) == ("16", "0")
    assert sent["strCompanyFileName"].endswith("Cascade Ridge Builders.QBW")


def test_only_the_first_request_carries_host_company_and_preferences(site: Site) -> None:
    site.queues_bill("A")
    site.queues_bill("B")
    site.runs()
    first, second = [arguments for method, arguments in site.bridge.arguments if method == "sendRequestXML"]
    assert second["strHCPResponse"] == ""
    answers = ElementTree.fromstring(first["strHCPResponse"])[0]
    assert [rs.tag for rs in answers] == ["HostQueryRs", "CompanyQueryRs", "PreferencesQueryRs"]
    exts = {ext.findtext("DataExtName"): ext.findtext("DataExtValue") or "" for ext in answers.iter("DataExtRet")}
    assert exts["FileID"] == "{0d7b8c52-77a1-4e0e-9f40-6d1f0e9c2002}"
    assert exts["AppLock"].startswith("LOCKED:BOOKS-PC:")


def test_the_lock_is_taken_off_in_the_end_and_the_file_id_stays(site: Site) -> None:
    site.runs()
    assert [name for _, name in site.data_exts()] == ["FileID"]


def test_entities_survive_the_double_escaping(site: Site) -> None:
    site.queues_bill()
    site.runs()
    response = ElementTree.fromstring(site.bridge.received[0]["response"])
    assert response.findtext(".//BillRet/Memo") == "d\u00e9j\u00e0"


@pytest.mark.parametrize(
    ("verdict", "result"), [("none", "no data exchange"), ("nvu", "invalid user"), ("busy", "busy")]
)
def test_a_service_may_decline(site: Site, verdict: str, result: str) -> None:
    site.bridge.authenticated = ["ticket-1", verdict]
    assert site.runs().result == result
    assert site.bridge.calls == [*FULL, "closeConnection"]


@pytest.mark.parametrize(
    ("namespace", "items"), [("urn:other", ["t", ""]), ("http://developer.intuit.com/", ["t"]), ("urn:other", [])]
)
def test_an_array_that_is_not_intuits_fails_authentication(site: Site, namespace: str, items: list[str]) -> None:
    site.bridge.array_namespace, site.bridge.authenticated = namespace, items
    outcome = site.runs()
    assert (outcome.result, site.bridge.calls) == ("error", FULL)
    assert outcome.detail.startswith("QBWC1012")


@pytest.mark.parametrize(
    ("answer", "goes_on"), [("", True), ("W:old", True), ("E:no", False), ("O:35.0", False), ("x", False)]
)
def test_the_service_judges_the_version_of_the_client(site: Site, answer: str, goes_on: bool) -> None:
    site.bridge.client_version = answer
    site.runs()
    assert ("authenticate" in site.bridge.calls) is goes_on


def test_no_op_waits_five_seconds_and_asks_again(site: Site) -> None:
    site.bridge.last_error = ["NoOp", "NoOp", "All done for now"]
    outcome = site.runs()
    ask = ["sendRequestXML", "getLastError"]
    assert site.bridge.calls == [*FULL, *ask, *ask, *ask, "closeConnection"]
    assert (site.waits, outcome.result, outcome.detail) == ([5.0, 5.0], "error", "All done for now")


def test_a_negative_answer_asks_for_the_reason(site: Site) -> None:
    site.queues_bill()
    site.bridge.progress, site.bridge.last_error = [-1], ["Out of paper"]
    assert site.runs().detail == "Out of paper"
    assert site.bridge.calls[-2:] == ["getLastError", "closeConnection"]


def test_an_hresult_arrives_with_an_empty_response(site: Site) -> None:
    site.bridge.queue.append("<QBXML/>")
    site.runs()
    (received,) = site.bridge.received
    assert (received["response"], received["hresult"]) == ("", "0x80040400")
    assert "parsing" in received["message"]


@pytest.mark.parametrize(
    ("method", "code"),
    [("authenticate", "QBWC1012"), ("sendRequestXML", "QBWC1041"), ("receiveResponseXML", "QBWC1042"),
     ("getLastError", "QBWC1043"), ("closeConnection", "QBWC1044")],
)  # fmt: skip
@pytest.mark.parametrize(
    "reply",
    [
        ("500 Oops", "text/html", b"<h1>Traceback</h1>"),
        ("200 OK", "text/xml; charset=utf-8", b"not xml"),
        ("200 OK", "application/json", b"{}"),
    ],
)
def test_an_unusable_reply_ends_the_session_under_the_methods_code(
    site: Site, method: str, code: str, reply: tuple[str, str, bytes]
) -> None:
    if method == "receiveResponseXML":
        site.queues_bill()
    site.bridge.broken[method] = reply
    outcome = site.runs()
    assert (outcome.result, outcome.detail.split(":")[0]) == ("error", code)


def test_another_open_company_file_is_a_connection_error(site: Site) -> None:
    site.bridge.authenticated = ["ticket-1", r"C:\Elsewhere.QBW"]
    outcome = site.runs()
    assert site.bridge.calls == [*FULL, "connectionError"]
    assert dict(site.bridge.arguments)["connectionError"]["hresult"] == "0x8004040A"
    assert outcome.result == "error"


def test_the_service_may_name_another_file_to_try(site: Site) -> None:
    site.bridge.authenticated = ["ticket-1", r"C:\Elsewhere.QBW"]
    site.bridge.connection_error = [""]
    site.queues_bill()
    assert site.runs().result == "completed"


def test_a_closed_quickbooks_opens_for_a_path_and_closes_again(site: Site) -> None:
    path = site.desk.company.path
    site.desk.screen.quit()
    site.runs()
    assert dict(site.bridge.arguments)["connectionError"]["hresult"] == "0x80040416"
    site.bridge.authenticated = ["ticket-1", path]
    assert site.runs().result == "completed"
    assert site.desk.desktop.running is False


def test_a_file_registered_for_another_connection_is_left_alone(site: Site) -> None:
    site.runs()
    other = qwc_text(FileID="{0d7b8c52-77a1-4e0e-9f40-6d1f0e9c2003}")
    site.workstation.add_application(other, "s3cret")
    assert site.workstation.poll()[-1].detail.startswith("QBWC1026")


def test_a_program_killed_before_quickbooks_leaves_no_bill(site: Site) -> None:
    text = site.queues_bill()
    site.desk.faults.arm("request_lost", only="BillAddRq")
    assert site.runs().result == "killed"
    assert site.bridge.calls[-1] == "sendRequestXML"
    assert site.desk.amounts() == []
    site.bridge.queue.append(text)
    assert site.runs().result == "completed"
    assert site.desk.amounts() == ["100.00"]


def test_a_program_killed_after_quickbooks_leaves_a_bill_nobody_heard_of(site: Site) -> None:
    text = site.queues_bill()
    site.desk.faults.arm("answer_lost", only="BillAddRq")
    assert site.runs().result == "killed"
    assert (site.bridge.received, site.desk.amounts()) == ([], ["100.00"])
    assert ("AppLock" in {name for _, name in site.data_exts()}) is True
    site.bridge.queue.append(text)
    site.runs()
    assert site.desk.amounts() == ["100.00"]


@pytest.mark.parametrize("seed", range(6))
def test_a_late_request_reaches_quickbooks_in_a_later_session_and_nobody_hears_of_it(site: Site, seed: int) -> None:
    site.queues_bill("late")
    site.desk.faults.reseed(seed)
    site.desk.faults.arm("request_late", only="BillAddRq")
    assert site.runs().result == "killed"
    assert site.desk.amounts() == []
    for place in range(5):
        site.queues_bill(f"later-{place}")
    assert site.runs().result == "completed"
    assert (len(site.bridge.received), len(site.desk.amounts())) == (5, 6)


def test_a_late_request_is_remembered_like_any_other(site: Site) -> None:
    text = site.queues_bill()
    site.desk.faults.arm("request_late", only="BillAddRq")
    site.runs()
    for _ in range(6):
        site.bridge.queue.append(text)
        site.runs()
    assert site.desk.amounts() == ["100.00"]


@pytest.mark.parametrize("seed", range(6))
def test_an_answer_can_be_cut_off_in_the_middle_although_all_of_it_was_saved(site: Site, seed: int) -> None:
    site.queues_bill()
    site.desk.faults.reseed(seed)
    site.desk.faults.arm("answer_cut", only="BillAddRq")
    assert site.runs().result == "completed"
    (received,) = site.bridge.received
    assert received["response"]
    with pytest.raises(ElementTree.ParseError):
        ElementTree.fromstring(received["response"])
    assert site.desk.amounts() == ["100.00"]


def test_an_answer_can_be_delivered_twice(site: Site) -> None:
    site.queues_bill()
    site.desk.faults.arm("answer_twice")
    assert site.runs().result == "completed"
    assert site.bridge.received[0] == site.bridge.received[1]


def test_a_client_that_lost_patience_ends_the_session_although_the_service_heard_it(site: Site) -> None:
    site.queues_bill()
    site.desk.faults.arm("service_timeout", only="receiveResponseXML")
    outcome = site.runs()
    assert (outcome.result, len(site.bridge.received)) == ("error", 1)
    assert "timed out" in outcome.detail


def test_quickbooks_that_will_not_open_is_reported_and_retried_by_path(site: Site) -> None:
    site.desk.faults.arm("connection_error")
    site.bridge.connection_error = [""]
    site.queues_bill()
    assert site.runs().result == "completed"
    assert dict(site.bridge.arguments)["connectionError"]["hresult"] == "0x80040408"


def boundaries_of_one_bill() -> list[str]:
    site = Site(Desk(), Bridge())
    site.queues_bill()
    return list(site.connector.session())


@pytest.mark.parametrize("place", range(len(boundaries_of_one_bill())))
def test_the_program_can_be_killed_at_every_boundary_and_started_again(site: Site, place: int) -> None:
    text = site.queues_bill()
    steps = site.connector.session()
    for _ in range(place + 1):
        next(steps)
    steps.close()
    assert site.connector.sessions[-1].result == "killed"
    site.bridge.queue = [text]
    assert site.runs().result == "completed"
    assert site.desk.amounts() == ["100.00"]


def test_a_crash_can_be_armed_for_one_boundary(site: Site) -> None:
    site.queues_bill()
    site.desk.faults.arm("crash", only="before receiveResponseXML")
    assert site.runs().detail == "crashed before receiveResponseXML"
    assert site.desk.faults.counts == {"crash": 1}


def test_the_schedule_is_kept_and_the_service_may_stretch_it(site: Site) -> None:
    assert len(site.workstation.advance()) == 1
    site.desk.passes(minutes=4)
    assert site.workstation.advance() == []
    site.desk.passes(minutes=1)
    site.bridge.authenticated = ["ticket-1", "none", "900"]
    assert len(site.workstation.advance()) == 1
    site.desk.passes(minutes=14)
    assert site.workstation.advance() == []
    site.desk.passes(minutes=1)
    site.bridge.authenticated = ["ticket-1", "none", "", "420"]
    assert len(site.workstation.advance()) == 1
    site.desk.passes(minutes=6)
    assert site.workstation.advance() == []
    site.desk.passes(minutes=1)
    assert len(site.workstation.advance()) == 1


def test_the_log_shows_calls_and_no_password(site: Site) -> None:
    site.queues_bill()
    site.runs()
    log = "\n".join(site.workstation.log)
    assert "authenticate : strUserName=acme" in log
    assert "s3cret" not in log


@pytest.mark.parametrize(
    ("replaced", "code"),
    [
        ({"AppName": ""}, "QBWC1039"),
        ({"QBType": "QBOE"}, "QBWC1039"),
        ({"OwnerID": "6f0c1d0e-3b0a-4a55-9d33-2c8b7f5a1001"}, "QBWC1039"),
        ({"AppDescription": "d" * 81}, "QBWC1039"),
        ({"AppURL": "http://bridge.example.com/qbwc"}, "QBWC1010"),
        ({"AppURL": "https://192.0.2.7/qbwc"}, "QBWC1001"),
        ({"AppSupport": "https://elsewhere.example.org/help"}, "QBWC1000"),
        ({"AppSupport": "https://192.0.2.7/help"}, "QBWC1002"),
        ({"PersonalDataPref": "pdpNotneeded"}, "QBWC1039"),
    ],
)
def test_a_qwc_file_against_the_rules_is_not_added(site: Site, replaced: dict[str, str], code: str) -> None:
    with pytest.raises(QwcRefused) as refused:
        site.workstation.add_application(qwc_text(**replaced), "s3cret")
    assert refused.value.code == code


def test_plain_http_is_allowed_on_this_machine_only(site: Site) -> None:
    assert site.workstation.add_application(qwc_text("http://localhost:8000/qbwc"), "s3cret").app_name == "Bridge"


def test_an_application_that_may_only_read_cannot_write(site: Site) -> None:
    site.workstation.add_application(qwc_text(IsReadOnly="true"), "s3cret")
    site.queues_bill()
    assert site.runs().result == "completed"
    assert 'statusCode="3264"' in site.bridge.received[0]["response"]
    assert site.desk.amounts() == []
