"""The health check: is there a way, can we get in, may we do what we need, does a list answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from urllib.parse import urlencode

from ml_connector.basware.calls import Calls
from ml_connector.basware.config import BaswareConfig
from ml_connector.basware.pages import fetch_page
from ml_connector.basware.reach import Host, Reach, host_of
from ml_connector.core.errors import ConnectorError, Defect

DNS, TLS, TOKEN, SCOPES, INVOICES = "dns", "tls", "token", "scopes", "invoices"


@dataclass(frozen=True, slots=True, kw_only=True)
class PingStep:
    """One step of the health check."""

    name: str
    ok: bool
    sentence: str  #: what was found, for an operator
    milliseconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PingReport:
    """All steps that were made; a failed one ends the check, but for missing scopes."""

    steps: tuple[PingStep, ...]

    @property
    def ok(self) -> bool:
        """Tell whether everything is as it has to be."""
        return all(step.ok for step in self.steps)


def step_names(config: BaswareConfig) -> tuple[str, ...]:
    """Return the steps in the order in which they are made."""
    return DNS, TLS, TOKEN, SCOPES, *(f"{INVOICES} {company}" for company in config.company_codes)


def goes_on_after(name: str, *, ok: bool) -> bool:
    """Tell whether the step after this one can say anything."""
    return ok or name == SCOPES


class Ping:
    """Makes the steps: look the name up, open a line, try a token, compare its scopes, read one invoice of every company."""

    def __init__(self, config: BaswareConfig, calls: Calls, reach: Reach, clock: Callable[[], datetime]) -> None:
        self._config = config
        self._calls = calls
        self._reach = reach
        self._clock = clock
        companies = {f"{INVOICES} {company}": partial(self._invoices, company) for company in config.company_codes}
        self._steps: Mapping[str, Callable[[], tuple[bool, str]]] = {
            DNS: self._dns, TLS: self._tls, TOKEN: self._token, SCOPES: self._scopes, **companies,
        }  # fmt: skip

    def all(self) -> PingReport:
        """Make one step after the other, as long as that makes sense."""
        steps: list[PingStep] = []
        for name in self._steps:
            steps.append(self.make(name))
            if not goes_on_after(name, ok=steps[-1].ok):
                break
        return PingReport(steps=tuple(steps))

    def make(self, name: str) -> PingStep:
        """Make one step; raises nothing for what Basware or the network answers."""
        if name not in self._steps:
            raise Defect(f"there is no step {name!r}")
        begun = self._clock()
        try:
            ok, sentence = self._steps[name]()
        except ConnectorError as error:
            ok, sentence = False, str(error)
        took = round((self._clock() - begun).total_seconds() * 1000)
        return PingStep(name=name, ok=ok, sentence=sentence, milliseconds=took)

    def _hosts(self) -> list[Host]:
        return list(dict.fromkeys(map(host_of, (self._config.base_url, self._config.token_url))))

    def _dns(self) -> tuple[bool, str]:
        return True, " ".join(map(self._reach.find, self._hosts()))

    def _tls(self) -> tuple[bool, str]:
        return True, " ".join(map(self._reach.connect, self._hosts()))

    def _token(self) -> tuple[bool, str]:
        # A token that is kept would prove nothing about the secret as it is now.
        self._calls.tokens.drop_any()
        self._calls.tokens.current()
        return True, "Basware accepts the client id and secret."

    def _scopes(self) -> tuple[bool, str]:
        granted = self._calls.tokens.current().granted
        if not granted:
            return True, "Basware does not say which scopes it granted."
        missing = [scope for scope in self._config.scopes if scope not in granted]
        if missing:
            return False, f"Not granted to the OAuth client: {', '.join(missing)}."
        return True, f"All {len(self._config.scopes)} scopes are granted."

    def _invoices(self, company: str) -> tuple[bool, str]:
        query = urlencode({"ProcessingStatus": "WaitingForTransfer", "companyCode": company, "pageSize": "1"})
        page = fetch_page(self._calls, "/v1/accountingDocuments", query, "")
        # Basware answers the same for a company it does not know.
        words = "no invoice is waiting" if page.body is None else "at least one invoice is waiting"
        return True, f"The invoice list of company {company} answers: {words}."
