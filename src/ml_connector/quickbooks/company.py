"""Who answers: the company file as the first call of a Web Connector session describes it (`strHCPResponse`)."""

from __future__ import annotations

from datetime import date

from lxml import etree

from ml_connector.core.errors import NeedsOperator
from ml_connector.core.records import CompanyFile
from ml_connector.quickbooks import limits
from ml_connector.quickbooks.hardened import UnreadableAnswer, whole_tree

_FILE_ID = "FileID"


class CompanyUnknown(NeedsOperator):
    """QuickBooks did not say which company file is open, or what it allows; nothing may be written until it does."""


def read_company(hcp_text: str, owner_id: str) -> CompanyFile:
    """Read host, company and preferences from one answer.

    `owner_id` is the OwnerID of our `.qwc` file, braces included: of the company's data extensions only `FileID` under
    this owner is ours.

    Raises:
        UnreadableAnswer: the text is not qbXML.
        CompanyUnknown: one of the three answers is missing or was refused.
    Source: QBWC Programmer's Guide, sendRequestXML; qbxmlops130, HostRet, CompanyRet and PreferencesRet.
    """
    root = whole_tree(hcp_text)
    host = _ret(root, "Host")
    company = _ret(root, "Company")
    preferences = _ret(root, "Preferences")
    return CompanyFile(
        company_name=_text(company, "CompanyName"),
        file_ids=_file_ids(company, owner_id),
        product=_text(host, "ProductName"),
        supported_versions=tuple(
            version
            for element in host.iterchildren("SupportedQBXMLVersion")
            if (version := (element.text or "").strip())
        ),
        country=_text(host, "Country"),
        class_tracking=_flag(preferences, "AccountingPreferences/IsUsingClassTracking"),
        multicurrency=_flag(preferences, "MultiCurrencyPreferences/IsMultiCurrencyOn"),
        home_currency_name=_text(preferences, "MultiCurrencyPreferences/HomeCurrencyRef/FullName"),
        closing_date=_date(preferences, "AccountingPreferences/ClosingDate"),
        account_numbers=_flag(preferences, "AccountingPreferences/IsUsingAccountNumbers"),
    )


def _ret(root: etree._Element, what: str) -> etree._Element:
    answer = root.find(f"QBXMLMsgsRs/{what}QueryRs")
    ret = None if answer is None else answer.find(f"{what}Ret")
    if ret is not None:
        return ret
    said = "nothing" if answer is None else f"status {answer.get('statusCode')}: {answer.get('statusMessage')}"
    raise CompanyUnknown(
        f"QuickBooks did not describe its {what.lower()} ({said}): open the company file as the Admin, allow the"
        " connector to read it, and run the Web Connector again."
    )


def _file_ids(company: etree._Element, owner_id: str) -> tuple[str, ...]:
    # Other owners write here too: the Web Connector keeps its lock in the same place.
    return tuple(
        value
        for extension in company.iterchildren("DataExtRet")
        if _text(extension, "OwnerID").lower() == owner_id.strip().lower()
        and _text(extension, "DataExtName") == _FILE_ID
        and (value := _text(extension, "DataExtValue"))
    )


def _text(element: etree._Element, path: str) -> str:
    return (element.findtext(path) or "").strip()


def _flag(element: etree._Element, path: str) -> bool:
    text = _text(element, path)
    if text not in ("", "true", "false"):
        raise UnreadableAnswer(f"QuickBooks' {path} is {text!r:.40} instead of true or false.")
    return text == "true"


def _date(element: etree._Element, path: str) -> date | None:
    text = _text(element, path)
    if not text:
        return None
    if limits.DATE.fullmatch(text) is None:
        raise UnreadableAnswer(f"QuickBooks' {path} is {text!r:.40} instead of a date.")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UnreadableAnswer(f"QuickBooks' {path} is {text!r:.40} instead of a date.") from None
