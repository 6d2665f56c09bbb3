"""Every behaviour of the tenant that is unknown, configurable at Basware, or worth varying, as one value."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """How this tenant behaves. Defaults follow the documents; where they are silent, the stricter reading."""

    #: Seconds a token lives. Source: tokens API, `expires_in` 3600.
    token_lifetime_s: int = 3600
    #: A scope that the client may not ask for fails the whole token (400 invalid_scope); else it is left out of it.
    unknown_scopes_refused: bool = True
    #: Status for a token without the needed scope: 401 or 403 (the documents leave it open).
    missing_scope_status: int = 401
    #: Seconds a pre-signed invoice URL is good for. Source: P2P API states 15 minutes, for attachments.
    presigned_lifetime_s: int = 900
    #: Send the continuation token with the final answer only, not with the 302 too.
    token_on_final_only: bool = False
    #: Chance, 0 to 1, that a page holds fewer invoices than asked for although more are left.
    short_page_chance: float = 0.15
    #: Chance, 0 to 1, that an invoice carries a property no document names.
    unknown_field_chance: float = 0.05
    #: Coding rows after which a page ends early: many rows shrink pages (P2P API, paging).
    rows_per_page: int = 2000
    #: Status for a transferResponse on an invoice that does not wait for one: 400, 405 or 409 (undocumented).
    late_transfer_status: int = 400
    #: Any successful paymentResponse makes an invoice Paid; else only a full payment does (undocumented).
    paid_on_first_payment: bool = False
    #: GET /v1/vendors answers a bare array, as seen on live tenants, instead of `vendorEntities`.
    vendors_as_bare_array: bool = False
    #: Seconds until P2P has worked on posted master data and responses; 0 means by the next look at the clock.
    status_delay_s: float = 0.0
    #: An older version of a record is skipped when a newer one came within a second of it.
    record_expires: bool = True
    #: GET accountingDocuments/status answers; Basware enables it per tenant, until then it finds nothing.
    status_search_enabled: bool = False
    #: Form of the webhook signature: hex, HEX, base64, base64url, or one of them with `sha256=` before it.
    signature_form: str = "hex"
    #: A webhook URL must be https, as it would have to be at Basware; off, because the sandbox is on this machine.
    webhooks_need_https: bool = False

    def __post_init__(self) -> None:
        """Refuse values no tenant can have. Raises: ValueError."""
        if self.signature_form.removeprefix("sha256=") not in ("hex", "HEX", "base64", "base64url"):
            raise ValueError(f"There is no signature form {self.signature_form}.")
        if not (0 <= self.short_page_chance <= 1 and 0 <= self.unknown_field_chance <= 1):
            raise ValueError("A chance lies between 0 and 1.")
        if self.late_transfer_status not in (400, 405, 409) or self.missing_scope_status not in (401, 403):
            raise ValueError("A late response is refused with 400, 405 or 409, a missing scope with 401 or 403.")
        if self.status_delay_s < 0 or min(self.token_lifetime_s, self.presigned_lifetime_s, self.rows_per_page) < 1:
            raise ValueError("A duration or size cannot be negative or zero.")

    def changed(self, values: dict[str, Any]) -> Switches:
        """Return a copy with some switches set. Raises: ValueError for an unknown name or a value of another kind."""
        known = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        for name, value in values.items():
            if name not in known:
                raise ValueError(f"There is no switch called {name}.")
            kind = type(known[name])
            if kind is float and isinstance(value, int) and not isinstance(value, bool):
                continue
            if type(value) is not kind:
                raise ValueError(f"Switch {name} must be {kind.__name__}.")
        return replace(self, **values)
