"""The page a person looks at: what Basware shows of its invoices and of the master data it accepted."""

from __future__ import annotations

from html import escape
from typing import Any

from ml_connector.sandbox.basware.tenant import BaswareTenant

_STYLE = (
    "body{font:14px/1.4 system-ui,sans-serif;margin:2rem;color:#222}table{border-collapse:collapse}"
    "td,th{padding:.25rem .7rem;border-bottom:1px solid #ddd;text-align:left}td.n{text-align:right}"
)
_COLUMNS = ("Number", "Supplier", "Gross", "Currency", "Status", "Voucher number", "Paid", "Last message")


def render_page(tenant: BaswareTenant) -> bytes:
    """Return the page as UTF-8 HTML."""
    rows = "".join(_invoice_row(invoice) for invoice in tenant.invoices_view())
    head = "".join(f"<th>{name}</th>" for name in _COLUMNS)
    counts = "".join(
        f"<tr><td>{escape(path)}</td><td class=n>{count}</td></tr>" for path, count in tenant.accepted_counts().items()
    )
    return (
        "<!doctype html><html lang=en><head><meta charset=utf-8><title>Basware (sandbox)</title>"
        f"<style>{_STYLE}</style></head><body><h1>Basware P2P (sandbox)</h1>"
        f"<h2>Invoices</h2><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        "<h2>Master data accepted by P2P</h2><table><thead><tr><th>API</th><th>Records</th></tr></thead>"
        f"<tbody>{counts}</tbody></table></body></html>"
    ).encode()


def _invoice_row(invoice: dict[str, Any]) -> str:
    responses = invoice.get("paymentResponses") or invoice.get("transferResponses") or [{}]
    cells = (
        (str(invoice.get("invoiceNumber", "")), ""),
        (str(invoice.get("supplierName", "")), ""),
        (_amount(invoice.get("grossSum")), " class=n"),
        (str(invoice["currencyCode"]), ""),
        (str(invoice["processingStatus"]), ""),
        (str(invoice.get("voucherNumber1", "")), ""),
        (_amount(invoice["payment"].get("paidTotal")), " class=n"),
        (str(responses[-1].get("responseMessage") or ""), ""),
    )
    return "<tr>" + "".join(f"<td{css}>{escape(text)}</td>" for text, css in cells) + "</tr>"


def _amount(value: float | None) -> str:
    return "" if value is None else f"{value:,.2f}"
