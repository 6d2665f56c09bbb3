"""Run the simulated Basware tenant as a process of its own: `python -m ml_connector.sandbox.basware`.

When it is ready it prints one line of JSON with its addresses and the client it accepts; it ends on SIGTERM or SIGINT.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from collections.abc import Sequence

from ml_connector.sandbox.basware.faults import realistic_mix
from ml_connector.sandbox.basware.seed_invoices import firm_invoices
from ml_connector.sandbox.basware.serve import BaswareServer
from ml_connector.sandbox.basware.switches import Switches
from ml_connector.sandbox.basware.tenant import DEFAULT_CLIENT, BaswareTenant
from ml_connector.sandbox.basware.tokens import ApiClient
from ml_connector.sandbox.firm import build_firm


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ml_connector.sandbox.basware", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port of the API; 0 takes any free one")
    parser.add_argument("--presigned-port", type=int, default=0, help="port of the pre-signed host")
    parser.add_argument("--control-port", type=int, default=0, help="port of the control interface")
    parser.add_argument("--seed", type=int, default=1, help="seed of the firm, its invoices and every fault")
    parser.add_argument("--data", choices=("firm", "empty"), default="firm", help="invoices to begin with")
    parser.add_argument("--invoices", type=int, default=48, help="how many invoices the firm begins with")
    parser.add_argument("--faults", choices=("on", "off"), default="off", help="arm a realistic mix of faults")
    parser.add_argument("--company", action="append", default=[], help="company code known to P2P, default US10")
    parser.add_argument("--client-id", default=DEFAULT_CLIENT.client_id)
    parser.add_argument("--client-secret", default=DEFAULT_CLIENT.client_secret)
    parser.add_argument(
        "--switch", action="append", default=[], metavar="NAME=JSON", help="a behaviour, e.g. status_delay_s=5"
    )
    return parser


def _switches(settings: Sequence[str]) -> Switches:
    values = {}
    for setting in settings:
        name, _, text = setting.partition("=")
        try:
            values[name] = json.loads(text)
        except ValueError:
            values[name] = text  # a word such as base64 needs no quotation marks
    return Switches().changed(values)


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until a signal comes; returns the exit code."""
    parser = _arguments()
    options = parser.parse_args(argv)
    try:
        switches = _switches(options.switch)
    except ValueError as wrong:
        parser.error(str(wrong))
    firm = build_firm(options.seed)
    tenant = BaswareTenant(
        seed=options.seed,
        company_codes=options.company or [firm.company_code],
        clients=[ApiClient(client_id=options.client_id, client_secret=options.client_secret)],
        switches=switches,
    )
    if options.data == "firm":
        tenant.offer_invoices(seed.document for seed in firm_invoices(firm, options.seed, options.invoices))
    if options.faults == "on":
        for fault in realistic_mix():
            tenant.arm(fault)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        server = BaswareServer(
            tenant,
            firm,
            seed=options.seed,
            port=options.port,
            presigned_port=options.presigned_port,
            control_port=options.control_port,
        )
    except OSError as taken:
        print(f"The sandbox cannot listen: {taken}.", file=sys.stderr)
        return 1
    with server:
        addresses = {
            "base_url": server.base_url,
            "token_url": f"{server.base_url}/v1/tokens",
            "presigned_url": server.presigned_url,
            "control_url": server.control_url,
            "client_id": options.client_id,
            "client_secret": options.client_secret,
            "company_codes": options.company or [firm.company_code],
        }
        print(json.dumps(addresses), flush=True)
        stop.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
