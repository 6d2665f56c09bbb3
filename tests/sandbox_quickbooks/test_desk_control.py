"""The control port and the process behind it, over real sockets."""

import contextlib
import http.client
import io
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cheroot.wsgi import Server
from simulated_desk import Bridge, Desk, qwc_text

from ml_connector.sandbox.quickbooks.control import ACTIONS, ControlApp
from ml_connector.sandbox.quickbooks.transports import HttpTransport, WsgiTransport
from ml_connector.sandbox.quickbooks.workstation import Workstation

SOURCE = Path(__file__).parents[2] / "src"


class Caller:
    """Calls the control application in this process."""

    def __init__(self, app: ControlApp) -> None:
        self.app = app

    def __call__(self, method: str, path: str, arguments: object = None) -> tuple[int, Any]:
        body = b"" if arguments is None else json.dumps(arguments).encode()
        statuses: list[str] = []
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
        }
        content = b"".join(self.app(environ, lambda status, headers: statuses.append(status)))
        return int(statuses[0][:3]), content.decode() if path == "/" else json.loads(content)


@pytest.fixture
def call(desk: Desk, bridge: Bridge) -> Caller:
    workstation = Workstation(
        desk.desktop, clock=lambda: desk.now, transport=lambda qwc: WsgiTransport(bridge), sleep=lambda seconds: None
    )
    return Caller(ControlApp(workstation))


def test_bills_can_be_typed_paid_and_looked_at(call: Caller, desk: Desk) -> None:
    line = {"account": desk.account("6110"), "amount": "12.34", "class": "Commercial"}
    status, answer = call(
        "POST", "/_control/do/type_bill", {"vendor": desk.vendor(), "ref_number": "R1", "lines": [line]}
    )
    assert status == 200
    assert call("POST", "/_control/do/pay_bills", {"bills": [answer["result"]], "fraction": "0.5"})[0] == 200
    bill = next(row for row in call("GET", "/_control/bills")[1] if row["ref_number"] == "R1")
    assert (bill["amount"], bill["open_amount"], bill["lines"][0]["class"]) == ("12.34", "6.17", "Commercial")
    assert call("GET", "/_control/payments")[1][0]["applied"][0]["ref_number"] == "R1"


def test_a_session_can_be_ordered_and_is_counted_and_recorded(call: Caller, desk: Desk, bridge: Bridge) -> None:
    assert call("POST", "/_control/web-connector", {"qwc": qwc_text(), "password": "s3cret"})[0] == 200
    call("POST", "/_control/recording", {"on": True})
    head = '<?xml version="1.0"?><?qbxml version="13.0"?>'
    text = head + '<QBXML><QBXMLMsgsRq onError="stopOnError">{}</QBXMLMsgsRq></QBXML>'
    bridge.queue.append(text.format(desk.bill()))
    bridge.queue.append(text.format("<Nonsense/>"))
    status, outcomes = call("POST", "/_control/poll", {})
    assert (status, outcomes[0]["result"]) == (200, "completed")
    counters = call("GET", "/_control/counters")[1]
    assert counters["requests"] == {"BillAddRq": 1}
    assert counters["soap_calls"]["receiveResponseXML"] == 2
    first, second = call("GET", "/_control/messages")[1]
    assert "BillAddRq" in first["request"]
    assert (second["hresult"], second["response"]) == ("0x80040400", "")
    assert call("GET", "/_control/sessions")[1][0]["message_sets"] == 2
    assert "s3cret" not in json.dumps([call("GET", f"/_control/{name}")[1] for name in ("state", "log", "messages")])


def test_faults_are_armed_counted_and_taken_back(call: Caller, desk: Desk) -> None:
    call("POST", "/_control/faults", {"kind": "lock_3175", "times": 2})
    assert desk.status(desk.bill()) == "3175"
    answer = call("GET", "/_control/faults")[1]
    assert (answer["fired"], answer["armed"][0]["times"]) == ({"lock_3175": 1}, 1)
    assert call("POST", "/_control/faults/disarm", {})[1]["armed"] == []
    assert len(call("POST", "/_control/faults", {"realistic": True})[1]["armed"]) == len(answer["kinds"])


@pytest.mark.parametrize(
    ("path", "arguments"),
    [
        ("/_control/do/type_bill", {"vendor": "nobody", "lines": []}),
        ("/_control/do/type_bill", {"supplier": "x"}),
        ("/_control/do/void", {"txn_id": "1-1"}),
        ("/_control/do/pay_bills", {"fraction": "2"}),
        ("/_control/do/pay_bills", {"fraction": []}),
        ("/_control/do/set_closing_date", {"closing_date": "soon"}),
        ("/_control/do/merge", {"kind": "Colour", "loser": "a", "winner": "b"}),
        ("/_control/faults", {"kind": "earthquake"}),
        ("/_control/faults", {"kind": "crash", "probability": 3}),
        ("/_control/web-connector", {"qwc": "no-such-file.qwc", "password": ""}),
        ("/_control/web-connector", {"qwc": "<QBWCXML/>", "password": ""}),
        ("/_control/web-connector", {"password": "x"}),
        ("/_control/poll", [1]),
    ],
)
def test_a_mistake_is_answered_with_one_sentence_and_changes_nothing(
    call: Caller, path: str, arguments: object
) -> None:
    before = call("GET", "/_control/bills")
    status, answer = call("POST", path, arguments)
    assert status == 400
    assert answer["error"].endswith(".")
    assert "Traceback" not in answer["error"]
    assert call("GET", "/_control/bills") == before


def test_addresses_that_do_not_exist_are_not_found(call: Caller) -> None:
    assert call("GET", "/_control/secrets")[0] == 404
    assert call("POST", "/_control/do/format_disk", {})[0] == 404
    assert call("GET", "/elsewhere")[0] == 404


def test_every_action_is_listed(call: Caller) -> None:
    assert tuple(call("GET", "/_control/actions")[1]) == ACTIONS


def test_the_page_shows_what_quickbooks_shows(call: Caller, desk: Desk) -> None:
    desk.adds_bill(ref="&lt;script&gt;")
    page = call("GET", "/")[1]
    assert "260 vendors" in page
    assert "&lt;script&gt;" in page
    assert "<script>" not in page


@contextlib.contextmanager
def serving(app: object) -> Iterator[int]:
    server = Server(("127.0.0.1", 0), app, numthreads=2, server_name="localhost")
    server.prepare()
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield server.bind_addr[1]
    finally:
        server.stop()
        thread.join(timeout=5)


def test_over_real_http_the_client_has_the_habits_of_dotnet(desk: Desk, bridge: Bridge) -> None:
    workstation = Workstation(
        desk.desktop,
        clock=lambda: desk.now,
        transport=lambda qwc: HttpTransport(timeout_s=10),
        sleep=lambda seconds: None,
    )
    with serving(bridge) as port:
        workstation.add_application(qwc_text(f"http://localhost:{port}/qbwc"), "s3cret")
        (outcome,) = workstation.poll()
    assert (outcome.result, bridge.calls[-1]) == ("completed", "closeConnection")
    environ = next(environ for environ in bridge.environ if environ["REQUEST_METHOD"] == "POST")
    assert environ["HTTP_EXPECT"] == "100-continue"
    assert environ["HTTP_SOAPACTION"] == '"http://developer.intuit.com/serverVersion"'
    assert environ["CONTENT_TYPE"] == "text/xml; charset=utf-8"
    assert "HTTP_COOKIE" not in environ


def test_a_service_that_is_not_there_is_an_error_of_the_session_and_no_crash(desk: Desk, bridge: Bridge) -> None:
    workstation = Workstation(
        desk.desktop,
        clock=lambda: desk.now,
        transport=lambda qwc: HttpTransport(timeout_s=10),
        sleep=lambda seconds: None,
    )
    with serving(bridge) as port:
        workstation.add_application(qwc_text(f"http://localhost:{port}/qbwc"), "s3cret")
    (outcome,) = workstation.poll()
    assert (outcome.result, outcome.detail.split(":")[0]) == ("error", "QBWC1012")


def test_the_process_prints_its_address_polls_on_demand_and_ends_on_sigterm(bridge: Bridge, tmp_path: Path) -> None:
    with serving(bridge) as port:
        qwc = tmp_path / "bridge.qwc"
        qwc.write_text(qwc_text(f"http://localhost:{port}/qbwc"), encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "ml_connector.sandbox.quickbooks",
            "--qwc",
            str(qwc),
            "--password-env",
            "SECRET",
        ]
        environment = {**os.environ, "PYTHONPATH": str(SOURCE), "SECRET": "s3cret"}
        process = subprocess.Popen(
            [*command, "--poll-seconds", "3600"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        try:
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            connection = http.client.HTTPConnection(ready["control"].removeprefix("http://"), timeout=20)
            connection.request("POST", "/_control/poll", body="{}", headers={"Content-Type": "application/json"})
            outcomes = json.loads(connection.getresponse().read())
            assert outcomes[0]["result"] == "completed"
            connection.close()
        finally:
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, b"")
    assert dict(bridge.arguments)["authenticate"]["strPassword"] == "s3cret"


def test_the_process_says_in_one_sentence_why_it_cannot_start(tmp_path: Path) -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "ml_connector.sandbox.quickbooks", "--qwc", str(tmp_path / "missing.qwc")],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        capture_output=True,
        check=False,
        timeout=30,
    )
    assert finished.returncode == 1
    assert finished.stderr.startswith(b"The sandbox cannot start:")
    assert b"Traceback" not in finished.stderr
