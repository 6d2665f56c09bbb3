"""The health check: can we get in, may we do what we need, does a list answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from urllib.parse import urlencode

from ml_connector.basware.calls import Calls
from ml_connector.basware.config import BaswareConfig
from ml_connector.basware.pages import fetch_page
from ml_connector.core.errors import ConnectorError


@dataclass(frozen=True, slots=True, kw_only=True)
class PingStep:
    """One step of the health check."""

    name: str
    ok: bool
    sentence: str  #: what was found, for an operator
    milliseconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PingReport:
    """All steps that were made; a failed token ends the check."""

    steps: tuple[PingStep, ...]

    @property
    def ok(self) -> bool:
        """Tell whether everything is as it has to be."""
        return all(step.ok for step in self.steps)


def ping(config: BaswareConfig, calls: Calls, clock: Callable[[], datetime]) -> PingReport:
    """Try a token, compare its scopes, read one invoice of every company."""
    steps: list[PingStep] = []

    def step(name: str, attempt: Callable[[], tuple[bool, str]]) -> bool:
        begun = clock()
        try:
            ok, sentence = attempt()
        except ConnectorError as error:
            ok, sentence = False, str(error)
        took = round((clock() - begun).total_seconds() * 1000)
        steps.append(PingStep(name=name, ok=ok, sentence=sentence, milliseconds=took))
        return ok

    def token() -> tuple[bool, str]:
        # A token that is kept would prove nothing about the secret as it is now.
        calls.tokens.drop_any()
        calls.tokens.current()
        return True, "Basware accepts the client id and secret."

    def scopes() -> tuple[bool, str]:
        granted = calls.tokens.current().granted
        if not granted:
            return True, "Basware does not say which scopes it granted."
        missing = [scope for scope in config.scopes if scope not in granted]
        if missing:
            return False, f"Not granted to the OAuth client: {', '.join(missing)}."
        return True, f"All {len(config.scopes)} scopes are granted."

    def invoices(company: str) -> tuple[bool, str]:
        query = urlencode({"ProcessingStatus": "WaitingForTransfer", "companyCode": company, "pageSize": "1"})
        page = fetch_page(calls, "/v1/accountingDocuments", query, "")
        # Basware answers the same for a company it does not know.
        words = "no invoice is waiting" if page.body is None else "at least one invoice is waiting"
        return True, f"The invoice list of company {company} answers: {words}."

    if step("token", token):
        step("scopes", scopes)
        for company in config.company_codes:
            step(f"invoices {company}", partial(invoices, company))
    return PingReport(steps=tuple(steps))
