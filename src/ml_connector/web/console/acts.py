"""What a person can do about a document, in the words of the page that asks before it is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """Something to be filled in."""

    name: str
    label: str
    hint: str
    kind: str = "text"  #: text, words, check or person
    limit: int = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One act; its screen has the same name."""

    name: str
    verb: str  #: on the button
    says: str  #: what will happen
    fields: tuple[Field, ...] = ()
    danger: bool = False  #: cannot be taken back by the connector


_REASON = Field(name="reason", label="Reason", hint="Whoever looks later reads this.")

ACTS: Mapping[str, Act] = {
    act.name: act
    for act in (
        Act(
            name="retry",
            verb="Try again",
            says="The invoice is planned again at once, with today's lists and mapping. If it is in QuickBooks already, it is"
            " found there and not entered twice.",
            fields=(
                Field(
                    name="post_new",
                    label="The look-alikes in QuickBooks are other invoices: enter it as a new document",
                    hint="Only after you looked at them in QuickBooks.",
                    kind="check",
                ),
            ),
        ),
        Act(
            name="link",
            verb="Link to a Bill",
            says="You name the document in QuickBooks that this invoice is. QuickBooks is asked for it in the next session of"
            " the Web Connector; nothing is entered.",
            fields=(
                Field(
                    name="txn_id",
                    label="TxnID in QuickBooks",
                    hint="Two numbers with a hyphen, such as 1007-1791478800.",
                    limit=36,
                ),
            ),
        ),
        Act(
            name="skip",
            verb="Skip",
            says="The invoice is taken out of the work. Basware is not told, and goes on waiting for it. You can bring it back.",
            fields=(_REASON,),
        ),
        Act(
            name="give-up",
            verb="Give up",
            says="Basware is told that the transfer failed, with your reason. The invoice comes back only if somebody corrects"
            " it in Basware and sends it again. What is in QuickBooks stays there.",
            fields=(Field(name="reason", label="Reason", hint="Basware's users read this."),),
            danger=True,
        ),
        Act(
            name="assign",
            verb="Assign",
            says="Whoever takes care of it finds it in the error inbox under Mine, until it has moved on.",
            fields=(Field(name="person", label="Who takes care of it", hint="Nobody gives it back.", kind="person"),),
        ),
        Act(
            name="note",
            verb="Add a note",
            says="The note is kept in the story of this document, with your name. It cannot be changed or deleted.",
            fields=(
                Field(
                    name="words", label="Note", hint="What whoever looks later should know.", kind="words", limit=1000
                ),
            ),
        ),
    )
}
