"""Every length and format of qbXML and the Web Connector that we must keep to, once, with its source.

Lengths count characters after decoding, not bytes and not the `&#233;` they are written as.
"""

from __future__ import annotations

import re
from decimal import Decimal

from ml_connector.core.errors import Defect


class WireLimit(Defect):
    """QuickBooks cannot hold the value. It is neither rounded nor cut to fit; planning should have refused it."""

    def __init__(self, field: str, value: object) -> None:
        super().__init__(f"QuickBooks cannot hold {value!s:.80} as {field}.")
        self.field, self.value = field, value


# Types. Source: qbxml 13.0 XSD types.
ID_CHARS = 36  # IDTYPE: ListID, TxnID
EDIT_SEQUENCE_CHARS = 16
AMOUNT_LIMIT = Decimal(10) ** 13  # AMTTYPE: up to 13 digits before the point
AMOUNT = re.compile(r"[+-]?[0-9]{1,13}(\.[0-9]{2})?")
GUID = re.compile(r"\{[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}")  # GUIDTYPE; `0` means the visible fields
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
DATETIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}")  # sent without an offset
EARLIEST_YEAR, LATEST_YEAR = 1970, 2037  # DATETIMETYPE ends on 2038-01-19

# Fields of a Bill or VendorCredit. Source: qbxmlops130, BillAdd and VendorCreditAdd.
REF_NUMBER_CHARS = 20
MEMO_CHARS = 4095  # of the document and of each line
RET_ELEMENT_CHARS = 50  # IncludeRetElement

# Envelope. Source: Intuit status codes (1060) and error recovery; a set's name over 24 characters is refused with 9004,
# and another source allows only 23.
REQUEST_ID_CHARS = 50
MESSAGE_SET_ID_CHARS = 23

# Web Connector. Source: QBWC Programmer's Guide, .QWC file and receiveResponseXML.
QWC_DESCRIPTION_CHARS = 80
PROGRESS_WHILE_WORK_REMAINS = 99
PROGRESS_FINISHED = 100
PROGRESS_FAILED = -1

# Pages. Bridges in the field use 100 to 500 records; without iterators a 15,000-entry list runs into timeouts.
LIST_PAGE = 500
TXN_PAGE = 100
