"""What holds documents up, said once for all documents that share the cause.

A fault speaks of one document; the error inbox speaks of a group. Each cause has one sentence and one next step.
"""

from __future__ import annotations

from collections.abc import Mapping as ReadOnlyDict
from dataclasses import dataclass

from ml_connector.core.books import ListKind
from ml_connector.core.faults import REGISTER, Owner
from ml_connector.core.states import WORDS, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why a group of documents is held up."""

    code: str  #: a fault code, or a state's value
    words: str  #: the state as people read it
    says: str  #: one plain sentence
    do: str  #: the next step
    owner: Owner
    maps: ListKind | None = None  #: mended where codes of this kind are mapped
    heals_itself: bool = False  #: goes on by itself, so nobody needs to act at once


def cause_of(code: str) -> Cause:
    """Return what is said of a cause; one that is not known speaks with its code."""
    if code == State.IN_DOUBT:
        return Cause(
            code=code,
            words=WORDS[State.IN_DOUBT],
            says="The answer of QuickBooks was lost, so it is not known whether these were entered.",
            do="Nothing: QuickBooks is asked in the next session, and nothing is sent again before it has said.",
            owner=Owner.NOBODY,
            heals_itself=True,
        )
    says, do = _SAID.get(code, ("These are held up.", "Open one; its page says why."))
    text = REGISTER.get(code)
    if text is None:
        words = WORDS[State(code)] if code in set(State) else code
        return Cause(code=code, words=words, says=says, do=do, owner=Owner.CLERK)
    return Cause(
        code=code,
        words=text.words,
        says=says,
        do=do,
        owner=text.owner,
        maps=_MAPS.get(code),
        heals_itself=text.heals_itself,
    )


_MAPS: ReadOnlyDict[str, ListKind] = {
    "MLC-VENDOR-01": ListKind.VENDOR,
    "MLC-VENDOR-03": ListKind.VENDOR,
    "MLC-CURRENCY-01": ListKind.VENDOR,
    "MLC-ACCOUNT-01": ListKind.ACCOUNT,
    "MLC-ACCOUNT-03": ListKind.ACCOUNT,
    "MLC-ACCOUNT-04": ListKind.ACCOUNT,
    "MLC-ACCOUNT-05": ListKind.ACCOUNT,
    "MLC-CLASS-01": ListKind.CLASS,
    "MLC-CLASS-02": ListKind.CLASS,
    "MLC-CLASS-03": ListKind.CLASS,
    "MLC-JOB-01": ListKind.CUSTOMER,
    "MLC-JOB-02": ListKind.CUSTOMER,
    "MLC-TERMS-01": ListKind.TERMS,
}

_CORRECT = "Correct them in Basware and send them again, or give up on them so that Basware is told."
_LOOK_ALIKE = (
    "Open each one: link it to the Bill that is there, or try again as a new document if it is another invoice."
)

_SAID: ReadOnlyDict[str, tuple[str, str]] = {
    "MLC-READ-01": ("These invoices could not be read.", _CORRECT),
    "MLC-VENDOR-01": (
        "QuickBooks has no vendor for the supplier codes of these invoices.",
        "Map the suppliers, or create the vendors in QuickBooks; what waits is then planned by itself.",
    ),
    "MLC-VENDOR-02": (
        "These invoices have no supplier code.",
        "Give the suppliers a code in Basware and send the invoices again, or give up on them.",
    ),
    "MLC-VENDOR-03": (
        "The vendors of these invoices are inactive in QuickBooks.",
        "Make the vendors active in QuickBooks, or map the suppliers to others.",
    ),
    "MLC-ACCOUNT-01": (
        "QuickBooks has no account for codes in these invoices.",
        "Map the codes to accounts; what waits is then planned by itself.",
    ),
    "MLC-ACCOUNT-02": (
        "Rows of these invoices have no account code.",
        "Code the rows in Basware and send the invoices again, or give up on them.",
    ),
    "MLC-ACCOUNT-03": (
        "Accounts of these invoices are inactive in QuickBooks.",
        "Make the accounts active in QuickBooks, or map the codes to others.",
    ),
    "MLC-ACCOUNT-04": (
        "Codes in these invoices mean accounts that a Bill cannot charge.",
        "Map the codes to accounts that can carry expenses.",
    ),
    "MLC-ACCOUNT-05": (
        "Codes in these invoices mean accounts in another currency.",
        "Map the codes to accounts in the home currency or the vendor's.",
    ),
    "MLC-CLASS-01": (
        "QuickBooks has no class for cost centers of these invoices.",
        "Map the cost centers to classes, or leave them out; what waits is then planned by itself.",
    ),
    "MLC-CLASS-02": (
        "Classes of these invoices are inactive in QuickBooks.",
        "Make the classes active in QuickBooks, or map the cost centers to others.",
    ),
    "MLC-CLASS-03": (
        "These invoices have cost centers, but class tracking is off in the company file.",
        "Turn class tracking on in QuickBooks (Edit, Preferences, Accounting), or leave the cost centers out.",
    ),
    "MLC-JOB-01": (
        "QuickBooks has no customer or job for projects of these invoices.",
        "Map the projects to jobs, or leave them out; what waits is then planned by itself.",
    ),
    "MLC-JOB-02": (
        "Jobs of these invoices are inactive in QuickBooks.",
        "Make the jobs active in QuickBooks, or map the projects to others.",
    ),
    "MLC-TERMS-01": (
        "QuickBooks has no terms for payment terms of these invoices, and they have no due date.",
        "Map the payment terms, or leave them out.",
    ),
    "MLC-CODE-01": (
        "The mapping of codes in these invoices points to entries that QuickBooks no longer has.",
        "Map the codes to the entries that stand for them now.",
    ),
    "MLC-TOTAL-01": ("The coding rows of these invoices do not add up to their totals.", _CORRECT),
    "MLC-TOTAL-02": ("Rows of these invoices have no amount.", _CORRECT),
    "MLC-TOTAL-03": (
        "The totals of these invoices are zero.",
        "Nothing can be posted for zero: skip them, or give up on them so that Basware is told.",
    ),
    "MLC-TOTAL-04": ("These invoices have no coding rows.", _CORRECT),
    "MLC-TOTAL-05": ("These invoices have amounts that QuickBooks cannot hold.", _CORRECT),
    "MLC-DATE-01": ("These invoices have no date.", _CORRECT),
    "MLC-DATE-02": (
        "These invoices fall into a period that is closed in QuickBooks.",
        "Change their voucher dates in Basware and send them again, or move the closing date in QuickBooks and try again.",
    ),
    "MLC-CURRENCY-01": (
        "These invoices are in another currency than their vendors in QuickBooks.",
        "Map the suppliers to the vendors kept in the currency of the invoices, or give up on them.",
    ),
    "MLC-CURRENCY-02": (
        "These invoices are in foreign currencies, which are off in the company file.",
        "Turn multiple currencies on in QuickBooks, which cannot be undone, or give up on them.",
    ),
    "MLC-NUMBER-01": (
        "These invoices have no number.",
        "Enter the suppliers' numbers in Basware and send them again, or give up on them.",
    ),
    "MLC-BLOCK-01": (
        "These invoices are blocked for payment in Basware.",
        "Remove the payment blocks in Basware and send them again, or let the connection post such invoices.",
    ),
    "MLC-DUP-01": ("QuickBooks has Bills that look like these invoices, but differ.", _LOOK_ALIKE),
    "MLC-DUP-02": (
        "QuickBooks has Bills of the same numbers, posted for other Basware invoices.",
        "Open each one: give up on it if the supplier sent it twice, or try again as a new document if it is another invoice.",
    ),
    "MLC-DUP-03": ("More than one Bill in QuickBooks could be each of these invoices.", _LOOK_ALIKE),
    "MLC-DUP-04": (
        "After an attempt whose outcome is unknown, QuickBooks has Bills that may be these invoices.",
        _LOOK_ALIKE,
    ),
    "MLC-LINK-01": (
        "The Bills that were named for these invoices are not in QuickBooks, or belong to other vendors.",
        "Look up their TxnIDs in QuickBooks and link again.",
    ),
    "MLC-LINK-02": (
        "The Bills that were named for these invoices do not fit them.",
        "Correct the Bills in QuickBooks, or name others.",
    ),
    "MLC-QB-01": (
        "QuickBooks refused these invoices.",
        "Open one for QuickBooks' own words, mend the cause there, then try again.",
    ),
    "MLC-QB-02": (
        "QuickBooks could not take these at the moment.",
        "Nothing: they are tried again by themselves.",
    ),
    "MLC-QB-03": (
        "QuickBooks does not allow these to be entered.",
        "Change the permission or the setting in QuickBooks, then try again.",
    ),
    "MLC-QB-04": (
        "QuickBooks could not read the requests for these; nothing was entered.",
        "Send what ml-connector show ID prints to the connector's support.",
    ),
    "MLC-QB-05": (
        "These were tried many times without success.",
        "Open one for the last refusal, look into the cause, then try again.",
    ),
    "MLC-QB-06": (
        "It could not be found out whether QuickBooks entered these.",
        "Look for each in QuickBooks: link it if it is there, try again if it is not.",
    ),
    "MLC-BW-01": (
        "Basware refused the answers about these.",
        "Look at them in Basware, mend the cause, then try again; skip those of which Basware need not be told.",
    ),
    "MLC-BW-02": (
        "Basware no longer knows these invoices.",
        "Check in Basware whether they were removed: skip them if so, try again if not.",
    ),
    "MLC-BW-03": (
        "Basware no longer waits for these invoices.",
        "Have them transferred again in Basware and try again, or skip them.",
    ),
    "MLC-CHANGED-01": (
        "These were changed in Basware after they were entered in QuickBooks.",
        "Open each one: correct the Bill in QuickBooks by hand, then try again or link it as it stands.",
    ),
    "MLC-CHANGED-02": (
        "QuickBooks holds these otherwise than they were sent.",
        "Open each one: correct the Bill in QuickBooks by hand, then link it as it stands.",
    ),
    "MLC-CHANGED-03": (
        "The Bills of these invoices are gone from QuickBooks, or void.",
        "Open each one: link the document that stands for it now, give up on it, or skip it.",
    ),
    "MLC-CHANGED-04": (
        "A company file that was put back to an older copy lost these.",
        "Decide for all of them at once where the connection was stopped, or open each one.",
    ),
    "MLC-CHANGED-05": (
        "The Bills of these invoices were edited in QuickBooks after they were entered.",
        "Open each one: put it right in QuickBooks, which is noticed, or link it as it is now.",
    ),
    "MLC-PAID-01": (
        "The Bills of these invoices were settled by credits, so Basware is told of no payment.",
        "Open each one: link it to end the question and mark the invoice in Basware, or take the credit off.",
    ),
}  # fmt: skip
