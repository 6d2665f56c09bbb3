"""The verbs of the Basware P2P API that the connector uses. Each makes one call and says exactly what came of it.

No verb waits or repeats itself, but for one repeat after a 401 and fresh addresses for pages that ran out: when to try
again is the caller's. Every value and every `ConnectorError` carries the exchange it came from, secrets masked.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from urllib.parse import quote, urlencode

from ml_connector.basware import subscriptions
from ml_connector.basware.calls import Answer, Calls
from ml_connector.basware.config import BaswareConfig
from ml_connector.basware.dialects import ApiErrors
from ml_connector.basware.masking import with_exchange
from ml_connector.basware.pages import Page, fetch_page
from ml_connector.basware.ping import Ping
from ml_connector.basware.publishing import (
    ROUTES,
    Posted,
    RecordsRefused,
    RequestOutcome,
    read_request_outcome,
)
from ml_connector.basware.reach import Reach
from ml_connector.basware.subscriptions import Subscription
from ml_connector.basware.transport import Transport
from ml_connector.basware.wire import RawInvoice, SplitPage, Unreadable, split_page
from ml_connector.core.books import ListKind
from ml_connector.core.errors import Defect, TryAgain
from ml_connector.core.exchange import Exchange
from ml_connector.core.invoice import InvoiceId
from ml_connector.core.secret import Secret

_DOCUMENTS = "/v1/accountingDocuments"
_WRITE = "accountingDocuments.write"

#: Seconds after which a conflict in a list call that names no record is worth another try.
_CONFLICT_WAIT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoicePage:
    """One page of invoices. Its length proves nothing: more may follow a short one."""

    exchange: Exchange
    invoices: tuple[RawInvoice, ...]
    continuation: str  #: to be given back with the same question; empty after the last page
    nameless: tuple[bytes, ...] = ()  #: elements without an `invoiceId`, which nobody can acknowledge or answer


class Acknowledged(StrEnum):
    """What came of an acknowledgement."""

    DONE = "done"
    ALREADY = "already"  #: it does not wait for one (405): an earlier one of ours won, or somebody took it away
    GONE = "gone"  #: Basware does not know the invoice, or request (404; 400 was seen as well)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """An acknowledgement and its exchange."""

    outcome: Acknowledged
    exchange: Exchange
    found: str = ""  #: the invoice's status, where it was read back


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """Basware took a response. P2P's own verdict follows under `request_id`."""

    exchange: Exchange
    request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBack:
    """Basware did not take a response (400, 405, 409), perhaps because it has it already.

    Read the invoice: if `responses_of` holds our external code, or the status is the one aimed at, it was taken.
    """

    exchange: Exchange
    status: int
    errors: ApiErrors


class BaswareClient:
    """One Basware environment with one OAuth client. May be shared by threads.

    Every verb raises `TryAgain` for no answer, 429 and 5xx (`applied` None where a write may have taken effect), and
    `NeedsOperator` where Basware does not let us; what a verb raises beyond that is said there.
    """

    def __init__(
        self,
        config: BaswareConfig,
        client_id: str,
        client_secret: Secret,
        transport: Transport,
        clock: Callable[[], datetime],
        *,
        may_write: Callable[[], bool] = lambda: True,
    ) -> None:
        """`clock` returns aware UTC; `may_write` is asked before every call that is no plain reading."""
        self._config = config
        self._calls = Calls(config, client_id, client_secret, transport, clock, may_write)
        self._clock = clock

    @property
    def config(self) -> BaswareConfig:
        """Where Basware is, and what is asked of it."""
        return self._config

    def ping(self, reach: Reach) -> Ping:
        """Return the health check, whose steps are made one by one or all together."""
        return Ping(self._config, self._calls, reach, self._clock)

    # Invoices. Source: P2P API, accountingDocuments.

    def invoice_page(
        self, status: str, company_code: str, continuation: str = "", *, updated_after: datetime | None = None
    ) -> InvoicePage:
        """Read one page of the invoices of a company that are in one processing status.

        `updated_after` is aware; a `continuation` is good only with the arguments it came with. If a page fails, start
        over from the first one: how long a continuation lives is not documented.

        Raises:
            Refused: Basware does not accept the question.
        """
        asked = {"ProcessingStatus": status, "companyCode": company_code, "pageSize": str(self._config.page_size)}
        if updated_after is not None:
            asked["lastUpdated"] = updated_after.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        page = fetch_page(self._calls, _DOCUMENTS, urlencode(asked), continuation)
        if page.body is None:
            return InvoicePage(exchange=page.exchange, invoices=(), continuation="")
        split = _split(page, page.body)
        return InvoicePage(
            exchange=page.exchange, invoices=split.invoices, continuation=page.continuation, nameless=split.nameless
        )

    def invoice(self, invoice_id: InvoiceId) -> RawInvoice | None:
        """Read one invoice as it stands now; None if Basware does not know it.

        Raises:
            Refused: Basware does not accept the question.
        """
        page = fetch_page(self._calls, f"{_DOCUMENTS}/{quote(invoice_id, safe='')}", "", "")
        if page.body is None:
            return None
        invoices = _split(page, page.body).invoices
        for found in invoices:
            if found.invoice_id == invoice_id:
                return found
        if invoices:
            words = f"Basware answered with another invoice than {invoice_id}."
            raise with_exchange(TryAgain(words), page.exchange)
        return None

    def acknowledge(self, invoice_id: InvoiceId) -> Acknowledgement:
        """Take an invoice over, so that Basware no longer offers it. Store it first.

        Raises:
            Refused: any other answer than the documented ones.
        """
        answer = self._calls.make("POST", f"{_DOCUMENTS}/{quote(invoice_id, safe='')}/acknowledge", scope=_WRITE)
        return Acknowledgement(outcome=_acknowledged(answer), exchange=answer.exchange)

    def send_transfer_response(self, invoice_id: InvoiceId, body: bytes) -> Sent | ReadBack:
        """Say what became of a transfer. `body` is one of `transfer_response_body`.

        Raises:
            Refused: Basware does not know the invoice (404), or any other answer than the documented ones.
        """
        return self._respond(invoice_id, "transferResponses", body)

    def send_payment_response(self, invoice_id: InvoiceId, body: bytes) -> Sent | ReadBack:
        """Say what has been paid. `body` is one of `payment_response_body`.

        Raises:
            Refused: Basware does not know the invoice (404), or any other answer than the documented ones.
        """
        return self._respond(invoice_id, "paymentResponses", body)

    def _respond(self, invoice_id: InvoiceId, collection: str, body: bytes) -> Sent | ReadBack:
        path = f"{_DOCUMENTS}/{quote(invoice_id, safe='')}/{collection}"
        answer = self._calls.make("POST", path, scope=_WRITE, body=body)
        if answer.good:
            return Sent(exchange=answer.exchange, request_id=answer.exchange.request_id)
        if answer.status in {400, 405, 409}:
            # Which of them a late or repeated response gets is not documented, so none is branched on.
            return ReadBack(exchange=answer.exchange, status=answer.status, errors=answer.errors)
        raise answer.refusal()

    # Lists. Source: P2P API, the POST operations of the lists, and requestStatus.

    def post_records(self, kind: ListKind, bodies: Sequence[bytes]) -> Posted:
        """Create or overwrite records of one list. `bodies` fit one call (see `batches`), no record twice among them.

        Raises:
            RecordsRefused: Basware named records it does not take, or takes none of them.
        """
        route = ROUTES[kind]
        if not 1 <= len(bodies) <= route.batch:
            raise Defect(f"{len(bodies)} records do not fit one call for {kind}; it takes 1 to {route.batch}.")
        answer = self._calls.make("POST", route.path, scope=route.scope, body=b"[" + b",".join(bodies) + b"]")
        if answer.good:
            return Posted(exchange=answer.exchange, request_id=answer.exchange.request_id)
        errors = answer.errors
        if answer.status == 409 and not any(error.external_code for error in errors.errors):
            words = f"Basware is busy with the same records: {errors.words or 'conflict'}."
            raise with_exchange(TryAgain(words, retry_after_s=_CONFLICT_WAIT_S, applied=None), answer.exchange)
        refused = RecordsRefused(
            errors.code or str(answer.status), errors.words or f"HTTP {answer.status}", errors.errors
        )
        raise with_exchange(refused, answer.exchange)

    def request_status(self, request_id: str) -> RequestOutcome | None:
        """Ask what P2P made of a request; None while Basware has nothing to say about it.

        Raises:
            Refused: Basware does not accept the question.
        """
        path = f"/v1/requestStatus/{quote(request_id, safe='')}"
        answer = self._calls.make("GET", path, scope="requestStatus.read")
        if answer.status == 404:
            return None
        if not answer.good:
            raise answer.refusal()
        return read_request_outcome(request_id, answer.response.body, answer.exchange)

    def acknowledge_request_status(self, request_ids: Sequence[str]) -> dict[str, Acknowledgement]:
        """Tell Basware that outcomes are known here, so that it no longer lists them.

        One id that Basware does not accept may fail them all, so they then go one by one.

        Raises:
            Refused: any other answer than the documented ones.
        """
        if not request_ids:
            return {}
        body = json.dumps({"requestIds": list(request_ids)}, separators=(",", ":")).encode()
        answer = self._calls.make("POST", "/v1/requestStatus/acknowledge", scope="requestStatus.write", body=body)
        if answer.good or len(request_ids) == 1:
            made = Acknowledgement(outcome=_acknowledged(answer), exchange=answer.exchange)
            return dict.fromkeys(request_ids, made)
        outcome: dict[str, Acknowledgement] = {}
        for request_id in request_ids:
            outcome.update(self.acknowledge_request_status((request_id,)))
        return outcome

    # Notifications. Source: Push Notification API, subscriptions.

    def create_subscription(
        self, url: str, secret: Secret, sub_type: str = "WaitingForTransfer", *, task_type: str = "AccountingDocuments"
    ) -> tuple[Subscription, ...]:
        """Ask to be notified at `url`. Basware tries the address at once and wants a 200, so it must answer already.

        Raises:
            NeedsOperator: the address or the secret cannot be used.
            Refused: Basware does not take the subscription, for instance because its trial call failed.
        """
        return subscriptions.create(self._calls, url, secret, task_type, sub_type)

    def list_subscriptions(self) -> tuple[Subscription, ...]:
        """Return what is subscribed, by us and by others, without the secrets."""
        return subscriptions.listed(self._calls)

    def delete_subscription(self, task_type: str, sub_type: str) -> int:
        """End all subscriptions of exactly one type, whoever made them; return how many there were.

        Raises:
            NeedsOperator: `All`, which would end the subscriptions of other integrations as well.
            Refused: Basware does not take the call.
        """
        return subscriptions.delete(self._calls, task_type, sub_type)


def _split(page: Page, body: bytes) -> SplitPage:
    try:
        return split_page(body)
    except Unreadable as unreadable:
        raise with_exchange(TryAgain(str(unreadable)), page.exchange) from None


def _acknowledged(answer: Answer) -> Acknowledged:
    if answer.good:
        return Acknowledged.DONE
    # As a rule an earlier attempt of ours won and its answer was lost; the invoice tells. (P2P API, acknowledge)
    if answer.status == 405:
        return Acknowledged.ALREADY
    if answer.status in {400, 404}:
        return Acknowledged.GONE
    raise answer.refusal()
