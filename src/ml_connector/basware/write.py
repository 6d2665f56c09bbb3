"""Answers about one invoice -> the JSON Basware takes. Every length is guarded; ids are refused rather than cut.

Source: P2P API, transferResponses and paymentResponses.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from ml_connector.basware.limits import code, prose
from ml_connector.basware.wire import PaymentFields
from ml_connector.basware.write_lists import encoded, number
from ml_connector.core.money import cents_text
from ml_connector.core.report import PaymentState, TransferReport

_MESSAGE_MAX = 250
_SOURCE_SYSTEM_MAX = 32


def transfer_response_body(
    report: TransferReport,
    *,
    external_code: str,
    source_system: str,
    payment_block: bool,
    transfer_date: date,
) -> bytes:
    """Write the answer to one transfer.

    `external_code` names this answer for ever: the same for a repetition, another for another answer. `payment_block`
    is the invoice's own. A voucher number longer than 25 characters is refused, because a cut one finds nothing.

    Raises:
        WireLimit: an id does not fit.
    """
    body: dict[str, Any] = {
        "externalCode": code("externalCode", external_code, 36),
        "success": report.success,
        "responseMessage": _message(report.message, report.success),
    }
    if source_system:
        body["sourceSystem"] = prose(source_system, _SOURCE_SYSTEM_MAX)
    if report.success:
        # Basware keeps them only for a success.
        if report.voucher_number_1:
            body["voucherNumber1"] = code("voucherNumber1", report.voucher_number_1, 25)
        if report.voucher_number_2:
            body["voucherNumber2"] = code("voucherNumber2", report.voucher_number_2, 25)
        body["transferDate"] = transfer_date.isoformat()
    body["paymentBlock"] = payment_block
    return encoded(body)


def payment_response_body(
    state: PaymentState,
    *,
    external_code: str,
    source_system: str,
    keep: PaymentFields,
    reported_on: date,
    message: str = "",
) -> bytes:
    """Write what has been paid on one Bill so far; amounts are cumulative and in the invoice's currency.

    A field that is left out is cleared on the invoice, so all of them are written each time: the invoice's own from
    `keep`, the payment's from `state`. `paidTotal` does not contain the discount. `reported_on` stands in where nothing
    is paid any more, because Basware would put its own date there.

    Raises:
        WireLimit: an id or amount does not fit.
        InexactAmount: an amount is finer than a cent.
    """
    body: dict[str, Any] = {
        "externalCode": code("externalCode", external_code, 36),
        "success": True,
        "responseMessage": _message(message or _paid_words(state), True),
    }
    if source_system:
        body["sourceSystem"] = prose(source_system, _SOURCE_SYSTEM_MAX)
    body["paymentDate"] = state.paid_on or reported_on.isoformat()
    body["paymentTermCode"] = code("paymentTermCode", keep.payment_term_code, 25, least=0)
    body["paymentMethod"] = code("paymentMethod", keep.payment_method or state.method, 25, least=0)
    body["paidTotal"] = _amount("paidTotal", state.paid)
    body["cashDiscount"] = _amount("cashDiscount", state.discount)
    body["checkNumber"] = code("checkNumber", state.check_number, 25, least=0)
    if keep.payment_message:
        body["paymentMessage"] = prose(keep.payment_message, 100)
    body["paymentNumber"] = code("paymentNumber", state.payment_txn_id, 250, least=0)
    if state.reversal_txn_id:
        body["paymentReversalDocument"] = code("paymentReversalDocument", state.reversal_txn_id, 250)
    body["paymentBlock"] = keep.payment_block
    return encoded(body)


def _message(text: str, success: bool) -> str:
    # Never empty: the message is what the AP clerk sees in the invoice's log.
    return prose(text, _MESSAGE_MAX) or ("Done." if success else "Not entered in QuickBooks.")


def _paid_words(state: PaymentState) -> str:
    if not state.paid and not state.discount:
        return "No longer paid in QuickBooks."
    discount = f", discount {cents_text(state.discount)}" if state.discount else ""
    return f"Paid in QuickBooks so far: {cents_text(state.paid)}{discount}."


def _amount(field: str, value: Decimal) -> float:
    return number(field, Decimal(cents_text(value)))
