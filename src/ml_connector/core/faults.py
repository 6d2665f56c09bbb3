"""Reasons why a document cannot be posted, each with a code, a sentence and a next step. Codes never change meaning."""

from __future__ import annotations

from collections.abc import Mapping as ReadOnlyDict
from dataclasses import dataclass, field
from enum import StrEnum


class Owner(StrEnum):
    """Who must act."""

    CLERK = "AP clerk"
    CONTROLLER = "controller"
    ADMIN = "IT admin"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultText:
    """What the operator reads. `{value}`, `{at}` and `{detail}` are filled in."""

    says: str
    do: str
    owner: Owner
    words: str = "Blocked"  #: the state in plain words while this is the first fault
    heals_itself: bool = False  #: tried again by itself; a person need not act at once


REGISTER: ReadOnlyDict[str, FaultText] = {
    "MLC-READ-01": FaultText(
        says="The invoice could not be read: {detail}",
        do="Correct the invoice in Basware and send it again, or give up on it so that Basware is told.",
        owner=Owner.CLERK,
    ),
    "MLC-VENDOR-01": FaultText(
        says="QuickBooks has no vendor for supplier code {value} ({detail}).",
        do="Create the vendor in QuickBooks, or map the supplier: ml-connector mapping set vendor {value} <ListID>.",
        owner=Owner.CLERK,
        words="Needs mapping",
    ),
    "MLC-VENDOR-02": FaultText(
        says="The invoice has no supplier code ({detail}).",
        do="Give the supplier a code in Basware and send the invoice again, or give up on it.",
        owner=Owner.CLERK,
        words="Needs mapping",
    ),
    "MLC-VENDOR-03": FaultText(
        says="The vendor {value} is inactive in QuickBooks.",
        do="Make the vendor active in QuickBooks, or map the supplier to another vendor.",
        owner=Owner.CLERK,
        words="Needs mapping",
    ),
    "MLC-ACCOUNT-01": FaultText(
        says="Row {at}: QuickBooks has no account for code {value}.",
        do="Map the code to an account: ml-connector mapping set account {value} <ListID or account number>.",
        owner=Owner.CLERK,
        words="Needs mapping",
    ),
    "MLC-ACCOUNT-02": FaultText(
        says="Row {at} has no account code.",
        do="Code the row in Basware and send the invoice again, or give up on it.",
        owner=Owner.CLERK,
        words="Needs mapping",
    ),
    "MLC-ACCOUNT-03": FaultText(
        says="Row {at}: the account {value} is inactive in QuickBooks.",
        do="Make the account active in QuickBooks, or map the code to another account.",
        owner=Owner.CLERK,
        words="Needs mapping",
    ),
    "MLC-ACCOUNT-04": FaultText(
        says="Row {at}: a Bill line cannot be charged to {value}, because it is of the type {detail}.",
        do="Map the code to an account that can carry expenses.",
        owner=Owner.CLERK,
        words="Needs mapping",
    ),
    "MLC-ACCOUNT-05": FaultText(
        says="Row {at}: the account {value} is kept in {detail}, which is neither the home currency nor the vendor's.",
        do="Map the code to an account in the home currency or the vendor's currency.",
        owner=Owner.CLERK,
        words="Needs mapping",
    ),
    "MLC-CLASS-01": FaultText(
        says="Row {at}: QuickBooks has no class for cost center {value}.",
        do="Map the cost center to a class: ml-connector mapping set class {value} <ListID>.",
        owner=Owner.CLERK,
        words="Needs mapping",
    ),
    "MLC-CLASS-02": FaultText(
        says="Row {at}: the class {value} is inactive in QuickBooks.",
        do="Make the class active in QuickBooks, or map the cost center to another class.",
        owner=Owner.CLERK,
        words="Needs mapping",
    ),
    "MLC-CLASS-03": FaultText(
        says="Row {at} has the cost center {value}, but class tracking is off in this company file.",
        do="Turn class tracking on in QuickBooks (Edit, Preferences, Accounting), or map the cost center to IGNORE.",
        owner=Owner.CONTROLLER,
        words="Needs mapping",
    ),
    "MLC-JOB-01": FaultText(
        says="Row {at}: QuickBooks has no customer or job for project {value}.",
        do="Map the project to a job: ml-connector mapping set customer {value} <ListID>.",
        owner=Owner.CLERK,
        words="Needs mapping",
    ),
    "MLC-JOB-02": FaultText(
        says="Row {at}: the customer or job {value} is inactive in QuickBooks.",
        do="Make the job active in QuickBooks, or map the project to another job.",
        owner=Owner.CLERK,
        words="Needs mapping",
    ),
    "MLC-TERMS-01": FaultText(
        says="QuickBooks has no terms for payment term {value}.",
        do="Map the payment term: ml-connector mapping set terms {value} <ListID>, or IGNORE to use the due date alone.",
        owner=Owner.CLERK,
        words="Needs mapping",
    ),
    "MLC-CODE-01": FaultText(
        says="{at}: the mapping of {value} points to {detail}, which is not in the company file's lists.",
        do="Correct the mapping; a merged or deleted QuickBooks entry needs a new target.",
        owner=Owner.CLERK,
        words="Needs mapping",
    ),
    "MLC-TOTAL-01": FaultText(
        says="The coding rows add up to {value}, but the invoice total is {detail}.",
        do="Correct the coding in Basware and send the invoice again, or give up on it.",
        owner=Owner.CLERK,
    ),
    "MLC-TOTAL-02": FaultText(
        says="Row {at} has no amount.",
        do="Correct the coding in Basware and send the invoice again, or give up on it.",
        owner=Owner.CLERK,
    ),
    "MLC-TOTAL-03": FaultText(
        says="The invoice total is zero.",
        do="Nothing can be posted for a zero total: skip the invoice, or give up on it so that Basware is told.",
        owner=Owner.CLERK,
    ),
    "MLC-TOTAL-04": FaultText(
        says="The invoice has no coding rows.",
        do="Code the invoice in Basware and send it again, or give up on it.",
        owner=Owner.CLERK,
    ),
    "MLC-TOTAL-05": FaultText(
        says="{at} is {value}, which is more than QuickBooks can hold (13 digits before the point).",
        do="Correct the amount in Basware and send the invoice again, or give up on it.",
        owner=Owner.CLERK,
    ),
    "MLC-DATE-01": FaultText(
        says="The invoice has neither a voucher date nor an invoice date.",
        do="Set a date in Basware and send the invoice again, or give up on it.",
        owner=Owner.CLERK,
    ),
    "MLC-DATE-02": FaultText(
        says="The date {value} is on or before the closing date {detail} of the company file.",
        do="Change the voucher date in Basware and send the invoice again, move the closing date in QuickBooks, or give up.",
        owner=Owner.CONTROLLER,
    ),
    "MLC-CURRENCY-01": FaultText(
        says="The invoice is in {value}, but the vendor's currency in QuickBooks is {detail}.",
        do="Map the supplier to the vendor kept in {value}, or give up on the invoice.",
        owner=Owner.CLERK,
        words="Needs mapping",
    ),
    "MLC-CURRENCY-02": FaultText(
        says="The invoice is in {value}, but multiple currencies are off in this company file, which is kept in {detail}.",
        do="Turn multiple currencies on in QuickBooks (Edit, Preferences, Multiple Currencies; this cannot be undone) and keep"
        " a vendor in {value}, or give up on the invoice.",
        owner=Owner.CONTROLLER,
    ),
    "MLC-NUMBER-01": FaultText(
        says="The invoice has no number.",
        do="Enter the supplier's invoice number in Basware and send the invoice again, or give up on it.",
        owner=Owner.CLERK,
    ),
    "MLC-BLOCK-01": FaultText(
        says="The invoice is blocked for payment in Basware.",
        do="Remove the payment block in Basware and send the invoice again, or let such invoices be posted: ml-connector"
        " connection set <NAME> --post-payment-blocked.",
        owner=Owner.CLERK,
    ),
    "MLC-DUP-01": FaultText(
        says="QuickBooks already has {value}, but it differs: {detail}.",
        do="Decide: ml-connector link <ID> --txn-id <TxnID> to use the existing one, or ml-connector retry <ID> --post-new if"
        " it is another invoice.",
        owner=Owner.CLERK,
        words="Possible duplicate",
    ),
    "MLC-DUP-02": FaultText(
        says="QuickBooks already has {value}, posted for another Basware invoice ({detail}).",
        do="Decide: ml-connector give-up <ID> --reason <why> if the supplier sent it twice, or ml-connector retry <ID>"
        " --post-new if it is another one.",
        owner=Owner.CLERK,
        words="Possible duplicate",
    ),
    "MLC-DUP-03": FaultText(
        says="More than one document in QuickBooks could be this invoice: {detail}.",
        do="Decide: ml-connector link <ID> --txn-id <TxnID> names the right one, or ml-connector retry <ID> --post-new if none"
        " of them is.",
        owner=Owner.CLERK,
        words="Possible duplicate",
    ),
    "MLC-DUP-04": FaultText(
        says="The outcome of an earlier attempt is unknown, and QuickBooks has {value}, which may be this invoice: {detail}.",
        do="Decide: ml-connector link <ID> --txn-id <TxnID> if it is, or ml-connector retry <ID> --post-new if it is another"
        " one.",
        owner=Owner.CLERK,
        words="Possible duplicate",
    ),
    "MLC-LINK-01": FaultText(
        says="The document {value} that was named for linking is not in QuickBooks, or belongs to another vendor.",
        do="Look up the TxnID in QuickBooks and link again, or post a new one: ml-connector retry <ID> --post-new.",
        owner=Owner.CLERK,
        words="Possible duplicate",
    ),
    "MLC-LINK-02": FaultText(
        says="The document {value} was named for linking, but {detail}.",
        do="Correct it in QuickBooks, or name another one: ml-connector link <ID> --txn-id <TxnID>.",
        owner=Owner.CLERK,
        words="Not linked",
    ),
    "MLC-QB-01": FaultText(
        says="QuickBooks refused it: {detail} (status {value}).",
        do="Mend the cause in QuickBooks or in the mapping and retry, or give up so that Basware is told.",
        owner=Owner.CLERK,
        words="Refused by QuickBooks",
    ),
    "MLC-QB-02": FaultText(
        says="QuickBooks could not take it at the moment: {detail} (status {value}).",
        do="Nothing: it is tried again by itself.",
        owner=Owner.NOBODY,
        words="Waiting for QuickBooks",
        heals_itself=True,
    ),
    "MLC-QB-03": FaultText(
        says="QuickBooks does not allow it: {detail} (status {value}).",
        do="Change the permission or the setting in QuickBooks, then retry.",
        owner=Owner.ADMIN,
        words="Refused by QuickBooks",
    ),
    "MLC-QB-04": FaultText(
        says="QuickBooks could not read the request ({detail}); nothing was entered.",
        do="Send the output of ml-connector show <ID> to the connector's support; the invoice is held and not sent again.",
        owner=Owner.ADMIN,
        words="Refused by QuickBooks",
    ),
    "MLC-QB-05": FaultText(
        says="It was tried {value} times without success; last: {detail}.",
        do="Look into the cause, then retry; other invoices are not held up by this one.",
        owner=Owner.ADMIN,
        words="Refused by QuickBooks",
    ),
    "MLC-QB-06": FaultText(
        says="It could not be found out whether QuickBooks entered it, in {value} sessions; last: {detail}",
        do="Look for it in QuickBooks: ml-connector link <ID> --txn-id <TxnID> if it is there, ml-connector retry <ID> if not.",
        owner=Owner.CLERK,
        words="Outcome unknown",
    ),
    "MLC-BW-01": FaultText(
        says="Basware refused the answer about this invoice: {detail}.",
        do="Look at the invoice in Basware, mend the cause, then: ml-connector retry <ID>. If Basware need not be told:"
        " ml-connector skip <ID> --reason <why>.",
        owner=Owner.CLERK,
        words="Not taken by Basware",
    ),
    "MLC-BW-02": FaultText(
        says="Basware no longer knows this invoice.",
        do="Check in Basware whether the invoice was removed: ml-connector skip <ID> --reason <why> if so, ml-connector retry"
        " <ID> if not.",
        owner=Owner.CLERK,
    ),
    "MLC-BW-03": FaultText(
        says="Basware no longer waits for this invoice to be transferred: it stands at {value} there.",
        do="Look at the invoice in Basware: if it is to be entered, have it transferred again there, then: ml-connector retry"
        " <ID>. If not: ml-connector skip <ID> --reason <why>.",
        owner=Owner.CLERK,
    ),
    "MLC-CHANGED-01": FaultText(
        says="Basware offers this invoice again with other content, but it is already in QuickBooks as {value}: {detail}.",
        do="Correct the document in QuickBooks by hand, then: ml-connector link <ID> --txn-id <TxnID> to confirm it as it"
        " stands. Or give up on it, so that Basware is told: ml-connector give-up <ID> --reason <why>.",
        owner=Owner.CONTROLLER,
    ),
    "MLC-CHANGED-02": FaultText(
        says="QuickBooks entered it as {value}, but holds it otherwise than it was sent: {detail}.",
        do="Correct it in QuickBooks by hand, then: ml-connector link <ID> --txn-id <TxnID> to confirm it as it stands.",
        owner=Owner.CONTROLLER,
        words="Differs in QuickBooks",
    ),
    "MLC-CHANGED-03": FaultText(
        says="It was entered in QuickBooks as {value}, but {detail}.",
        do="Decide: ml-connector link <ID> --txn-id <TxnID> names the document that stands for it now, ml-connector give-up"
        " <ID> --reason <why> tells Basware that it failed, ml-connector skip <ID> --reason <why> tells nobody.",
        owner=Owner.CONTROLLER,
        words="Gone from QuickBooks",
    ),
    "MLC-CHANGED-04": FaultText(
        says="It was entered in QuickBooks as {value}, but the company file was put back to an older copy, which does not"
        " have it.",
        do="Decide for all such documents: ml-connector connection restored shows them, and with --repost enters them again."
        " For this one alone: ml-connector retry <ID> enters it again, ml-connector link <ID> --txn-id <TxnID> names the"
        " document that stands for it now, ml-connector give-up <ID> --reason <why> tells Basware that it failed.",
        owner=Owner.CONTROLLER,
        words="Lost with a restored file",
    ),
    "MLC-CHANGED-05": FaultText(
        says="In QuickBooks {value} was edited after it was entered: {detail}.",
        do="Put it right in QuickBooks, which is noticed, or accept it as it is now: ml-connector link <ID> --txn-id <TxnID>."
        " Or give up on it, so that Basware is told: ml-connector give-up <ID> --reason <why>.",
        owner=Owner.CONTROLLER,
        words="Edited in QuickBooks",
    ),
    "MLC-PAID-01": FaultText(
        says="In QuickBooks {value} counts as paid, but no money was paid: it was settled by a credit ({detail}).",
        do="If that is right: ml-connector link <ID> --txn-id <TxnID> ends the question; Basware is told of no payment, so mark"
        " the invoice there. If not, take the credit off the Bill in QuickBooks, which is noticed.",
        owner=Owner.CONTROLLER,
        words="Settled by a credit",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One reason. `at` says where (a row, a field), `value` what was found there, `detail` what it was compared with."""

    code: str
    at: str = ""
    value: str = ""
    detail: str = ""

    @property
    def text(self) -> FaultText:
        """The register's entry."""
        return REGISTER[self.code]

    @property
    def says(self) -> str:
        """The sentence for the operator."""
        return self.text.says.format(at=self.at, value=self.value, detail=self.detail)

    @property
    def do(self) -> str:
        """The next step."""
        return self.text.do.format(at=self.at, value=self.value or "<code>", detail=self.detail)


@dataclass(slots=True)
class Faults:
    """Every reason at once, in the order they were found."""

    items: list[Fault] = field(default_factory=list)

    def add(self, code: str, *, at: str = "", value: str = "", detail: str = "") -> None:
        """Note one more reason; the same one is noted once."""
        fault = Fault(code=code, at=at, value=value, detail=detail)
        if fault not in self.items:
            self.items.append(fault)

    def __bool__(self) -> bool:
        return bool(self.items)
