"""Is this the right company file? Decided from the first answer of a session, before anything is read or written."""

from __future__ import annotations

from datetime import datetime

from ml_connector.core.errors import NeedsOperator
from ml_connector.core.records import CompanyFile
from ml_connector.quickbooks.company import read_company
from ml_connector.quickbooks.hardened import UnreadableAnswer
from ml_connector.quickbooks.render import message_set
from ml_connector.quickbooks.requests import host_company_preferences
from ml_connector.quickbooks.versions import OLDEST, negotiate
from ml_connector.store import duties, lists
from ml_connector.store.chain import Entry, Ledger
from ml_connector.store.models import Connection

#: Home currencies by QuickBooks' edition, where multiple currencies are off and the file does not say.
_HOME_CURRENCIES = {"US": "USD", "CA": "CAD", "UK": "GBP", "GB": "GBP"}


class WrongCompanyFile(NeedsOperator):
    """Another company file answered than the one the connection belongs to."""


def question(connection: Connection) -> str:
    """Return the queries that identify the file, for a session that began without the answers to them."""
    return message_set(host_company_preferences(connection.owner_id, OLDEST), version=OLDEST)


def identify(ledger: Ledger, text: str, path: str, major: str, minor: str) -> None:
    """Make sure that the right file answered, and take over what it allows.

    Raises:
        WrongCompanyFile: it is another file; nothing may be read or written.
        NeedsOperator: it did not describe itself, or speaks no usable qbXML version.
    """
    connection = ledger.connection
    try:
        company = read_company(text, connection.owner_id)
    except UnreadableAnswer as unreadable:
        raise NeedsOperator(
            f"The company file could not be identified, and nothing was read or written: {unreadable}"
        ) from None
    _check(connection, company, path)
    version = negotiate(major, minor, company.supported_versions)
    _bind(ledger, company, path)
    _take_over(connection, company, str(version), ledger.now)
    if connection.company_path and path.casefold() != connection.company_path.casefold():
        words = f"The company file is opened from {path}; before it was {connection.company_path}."
        ledger.note(Entry(event="company_file", words=words))
    connection.company_path = path[:500]
    connection.product = company.product
    connection.save(
        update_fields=[
            "company_name", "company_file_id", "company_path", "product", "qbxml_version", "preferences", "books_version",
        ]
    )  # fmt: skip


def _check(connection: Connection, company: CompanyFile, path: str) -> None:
    ours = connection.file_id.lower()
    told = {file_id.lower() for file_id in company.file_ids}
    if told and ours not in told:
        raise WrongCompanyFile(
            f"The company file {company.company_name!r} belongs to another connection than {connection.name}; open the"
            f" right file ({connection.company_name or 'the one this connection was made for'}) in QuickBooks."
        )
    if not connection.company_name or company.company_name == connection.company_name:
        return  # the first session, or the company it always was
    # A company may be renamed, and a file may be moved, but not both at once: the Web Connector writes our FileID into
    # whatever file it opens without one, so that another company's file would carry it too.
    renamed_in_place = bool(told) and path.casefold() == connection.company_path.casefold()
    if not renamed_in_place:
        raise WrongCompanyFile(
            f"QuickBooks has {company.company_name!r} open, but connection {connection.name} belongs to"
            f" {connection.company_name!r}; open that file in QuickBooks. Nothing was read or written."
        )


def _bind(ledger: Ledger, company: CompanyFile, path: str) -> None:
    connection = ledger.connection
    if connection.company_name == company.company_name and (connection.company_file_id or not company.file_ids):
        return
    verb = "renamed to" if connection.company_name else "bound to"
    ledger.note(Entry(event="company_file", words=f"Connection {verb} {company.company_name} ({path})."))
    connection.company_name = company.company_name[:100]
    if company.file_ids:
        connection.company_file_id = connection.file_id


def _take_over(connection: Connection, company: CompanyFile, version: str, now: datetime) -> None:
    """Take over what the file allows. A change has blocked documents planned again, because it may have freed them."""
    home = _HOME_CURRENCIES.get(company.country.upper(), "USD")
    if company.multicurrency:
        home = connection.currencies.get(company.home_currency_name, home)
    preferences = lists.preferences_as_json(company, home)
    if preferences == connection.preferences and version == connection.qbxml_version:
        return
    connection.preferences, connection.qbxml_version = preferences, version
    lists.books_changed(connection)
    duties.wake(connection.pk, now, duties.PLANNING)
