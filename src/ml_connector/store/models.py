"""The rows. Truth lives here: state, what must be told to whom, and when it is next due are columns.

Amounts are whole cents, because a sum of cents is exact in every database. Times are aware UTC; QuickBooks' own stamps
are text, kept as they came.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Case, F, Q, Value, When

from ml_connector.core.books import ListKind
from ml_connector.core.states import State
from ml_connector.store.access import (
    AccessEntry,
    ApiToken,
    ConsoleSession,
    RecoveryCode,
    SavedView,
    SignInAttempt,
    SignInLink,
    SignOnAnswer,
    User,
)
from ml_connector.store.alert_rows import AlertMatter, AlertMessage, AlertRound, AlertRule, AlertTold
from ml_connector.store.chain_checks import ChainCheck
from ml_connector.store.day_figures import DayFigure
from ml_connector.store.list_rows import EntryEvent, ImportRequest, ListEntry, ListProgress
from ml_connector.store.mapping_rows import MappingChange, MissingCode
from ml_connector.store.replays import Replay
from ml_connector.store.reversals import Reversal
from ml_connector.store.signoffs import SignOff
from ml_connector.store.tried import HealthCheck, Trial
from ml_connector.store.upkeep import Backup

__all__ = [
    "AccessEntry",
    "AlertMatter",
    "AlertMessage",
    "AlertRound",
    "AlertRule",
    "AlertTold",
    "ApiToken",
    "Backup",
    "ChainCheck",
    "ConsoleSession",
    "DayFigure",
    "EntryEvent",
    "HealthCheck",
    "ImportRequest",
    "ListEntry",
    "ListProgress",
    "MappingChange",
    "MissingCode",
    "RecoveryCode",
    "Replay",
    "Reversal",
    "SavedView",
    "SignInAttempt",
    "SignInLink",
    "SignOff",
    "SignOnAnswer",
    "Trial",
    "User",
]  # Django looks here


#: Who writes entries by itself.
SYSTEM_ACTORS = ("connector", "web connector")
#: What happens to every invoice, time and again.
ROUTINE_EVENTS = (
    "received", "acknowledged", "planned", "handed_over", "added", "confirmed", "paid_in_full", "payment_changed",
)  # fmt: skip


class Connection(models.Model):
    """One company file and the Basware company codes whose invoices belong in it."""

    name = models.SlugField(max_length=40, unique=True)
    paused = models.BooleanField(default=False)
    pause_reason = models.CharField(max_length=250, blank=True)
    dry_run = models.BooleanField(default=False)  #: both systems are read, and nothing is written to either
    created_at = models.DateTimeField()
    base_url = models.CharField(max_length=500)
    token_url = models.CharField(max_length=500)
    settings = models.JSONField(default=dict)  #: what differs from core.settings.ConnectionSettings
    qb_user = models.CharField(max_length=60, unique=True)  #: user name of the Web Connector
    owner_id = models.CharField(max_length=38)  #: GUID in braces
    file_id = models.CharField(max_length=38, unique=True)  #: GUID in braces; written into the company file
    company_name = models.CharField(max_length=100, blank=True)  #: bound at the first session; empty until then
    company_path = models.CharField(max_length=500, blank=True)  #: last path the Web Connector told
    company_file_id = models.CharField(max_length=38, blank=True)  #: FileID that answered; empty until it was seen
    company_confirmed_at = models.DateTimeField(null=True)  #: a person said that it is the right one
    qbxml_version = models.CharField(max_length=8, blank=True)
    web_connector_version = models.CharField(max_length=40, blank=True)  #: as it told at its latest call
    product = models.CharField(max_length=255, blank=True)
    preferences = models.JSONField(default=dict)  #: core.books.Preferences as of the latest session
    currencies = models.JSONField(default=dict)  #: ISO code by QuickBooks' name of the currency
    books_version = models.BigIntegerField(default=0)
    mapping_version = models.BigIntegerField(default=0)
    last_poll_at = models.DateTimeField(null=True)  #: the Web Connector called
    last_success_at = models.DateTimeField(null=True)  #: a session in which QuickBooks spoke ended as it should
    last_session_note = models.CharField(max_length=500, blank=True)
    last_refused_at = models.DateTimeField(null=True)  #: a sign-in with a wrong user or password, to the minute
    poll_gaps = models.JSONField(default=list)  #: core.polls: seconds between the latest polls
    poll_weeks = models.JSONField(default=dict)  #: core.polls: hours with polls, by week, as hexadecimal bits
    outage_failures = models.IntegerField(default=0)  #: probes in a row that Basware did not answer; 0: it answers
    outage_since = models.DateTimeField(null=True)
    outage_probe_at = models.DateTimeField(null=True)  #: Basware is not called before
    outage_words = models.CharField(max_length=500, blank=True)
    last_restore = models.CharField(max_length=40, blank=True)  #: LastRestoreTime that is settled; raw
    last_condense = models.CharField(max_length=40, blank=True)  #: LastCondenseTime that is settled; raw
    stop_reason = models.CharField(max_length=500, blank=True)  #: why nothing is written to QuickBooks; empty if it is
    #: documents up to this number were looked for in a company file that may be older; null: no such search
    searched_up_to = models.BigIntegerField(null=True)
    seconds_per_bill = models.FloatField(default=0.0)  #: measured, smoothed; 0 until the first set was answered
    chain_seq = models.BigIntegerField(default=0)  #: last entry of the audit chain
    chain_hash = models.CharField(max_length=64, default="0" * 64)


class CompanyCode(models.Model):
    """A Basware company whose invoices go into this connection's company file."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="company_codes")
    code = models.CharField(max_length=32, unique=True)  #: P2P API: at most 32 characters


class DataKey(models.Model):
    """The key that encrypts one connection's credentials, or the installation's, itself encrypted under the master key."""

    #: null: encrypts what belongs to the installation and to its people
    connection = models.OneToOneField(Connection, null=True, on_delete=models.CASCADE, related_name="data_key")
    master_key_id = models.CharField(max_length=16)
    wrapped = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["master_key_id"], condition=Q(connection=None), name="data_key_of_installation"
            )
        ]


class Credential(models.Model):
    """One secret, readable only with the connection's data key and only in this place."""

    #: null: it belongs to the installation, or to a person
    connection = models.ForeignKey(Connection, null=True, on_delete=models.CASCADE, related_name="credentials")
    name = models.CharField(max_length=40)
    sealed = models.BinaryField()
    set_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "name"], name="credential_name"),
            models.UniqueConstraint(fields=["name"], condition=Q(connection=None), name="credential_of_installation"),
        ]


class Exchange(models.Model):
    """One exchange with another system: the exact bytes, secrets masked. Never changed, never deleted."""

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT)
    at = models.DateTimeField()
    system = models.CharField(max_length=12)
    what = models.CharField(max_length=300)
    status = models.CharField(max_length=40, blank=True)
    request_id = models.CharField(max_length=80, blank=True)
    request = models.BinaryField()
    response = models.BinaryField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        indexes = [models.Index(fields=["request_id"], name="exchange_request", condition=~Q(request_id=""))]


class MessageSet(models.Model):
    """A set of writes under one message-set id. Its exact text is committed before it leaves."""

    class Fate(models.TextChoices):
        """What is known of it."""

        SENT = "sent"
        ANSWERED = "answered"
        LOST = "lost"
        RESOLVED = "resolved"

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT)
    set_id = models.CharField(max_length=24)
    text = models.TextField()
    fate = models.CharField(max_length=10, choices=Fate.choices, default=Fate.SENT)
    sent_at = models.DateTimeField()
    #: QuickBooks is known to be done with it, whatever it said: no Web Connector holds it any more
    answered = models.BooleanField(default=False)
    settled_at = models.DateTimeField(null=True)
    asked = models.IntegerField(default=0)  #: sessions in which QuickBooks was asked after it and did not say enough

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "set_id"], name="message_set_id")]
        indexes = [models.Index(fields=["connection", "fate"], name="message_set_fate")]


class Document(models.Model):
    """One Basware invoice on its way into the company file."""

    # No index of its own: several below begin with it.
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="documents", db_index=False)
    invoice_id = models.CharField(max_length=36)
    company_code = models.CharField(max_length=32)
    supplier_code = models.CharField(max_length=25, blank=True)
    supplier_name = models.CharField(max_length=250, blank=True)
    invoice_number = models.CharField(max_length=100, blank=True)
    invoice_date = models.CharField(max_length=10, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    gross_cents = models.BigIntegerField(default=0)  #: signed; a credit note is negative
    payment_block = models.BooleanField(default=False)  #: blocked for payment in Basware; an answer repeats it
    state = models.CharField(max_length=10, choices=[(s.value, s.name) for s in State])
    due_at = models.DateTimeField(null=True)  #: when it is next worked on by itself; null: not by itself
    raw = models.BinaryField()  #: the invoice as Basware sent it, exact bytes
    raw_sha256 = models.CharField(max_length=64)
    received_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True)
    posted_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField()
    faults = models.JSONField(default=list)  #: core.faults.Fault as dictionaries
    fault_code = models.CharField(max_length=20, blank=True)  #: of the first fault; written with the faults
    reason = models.CharField(max_length=250, blank=True)  #: a person's words at skip or give-up
    remark = models.CharField(max_length=500, blank=True)  #: what QuickBooks warned of when it entered it
    plan_no = models.IntegerField(default=1)
    tries = models.IntegerField(default=0)  #: refusals for passing reasons in a row
    plan_basis = models.CharField(max_length=60, blank=True)  #: lists, mapping and qbXML version it was planned on
    kind = models.CharField(max_length=12, blank=True)  #: Bill or VendorCredit, once planned
    vendor_list_id = models.CharField(max_length=36, blank=True)
    ref_number = models.CharField(max_length=20, blank=True)
    txn_date = models.CharField(max_length=10, blank=True)
    request_xml = models.TextField(blank=True)  #: the planned BillAddRq or VendorCreditAddRq, as it will be sent
    alone = models.BooleanField(
        default=False
    )  #: a set with it was unreadable; it is sent by itself until it is settled
    absent_in = models.BigIntegerField(default=0)  #: session in which QuickBooks last said that it is not there
    message_set = models.ForeignKey(MessageSet, null=True, on_delete=models.PROTECT, related_name="documents")
    wanted_txn_id = models.CharField(max_length=36, blank=True)  #: a person named it as the right one
    post_new = models.BooleanField(default=False)  #: a person said that look-alikes are other invoices
    txn_id = models.CharField(max_length=36, blank=True)
    txn_number = models.CharField(max_length=20, blank=True)
    edit_sequence = models.CharField(max_length=16, blank=True)
    compare_due = models.BooleanField(default=False)  #: its Bill is to be compared with what the invoice says now
    held = models.JSONField(null=True)  #: core.drift.Held that a person accepted; null: as it was entered
    linked = models.BooleanField(default=False)  #: typed in by a person, not added by us
    response_no = models.IntegerField(default=0)  #: transfer responses begun
    # What is reconciled, signed: a credit note is negative. See store/reckoning.py.
    period = models.CharField(max_length=7, blank=True)  #: month it counts in, as 2026-03; empty until it was read
    basware_cents = models.BigIntegerField(default=0)  #: as Basware last offered it; 0 while it is not ours to enter
    posted_cents = models.BigIntegerField(default=0)  #: as we entered or linked it; 0 if we did not
    books_cents = models.BigIntegerField(default=0)  #: as QuickBooks last said its Bill is; 0 if there is none
    books_period = models.CharField(max_length=7, blank=True)  #: month of its Bill's date, as QuickBooks last said
    books_said_at = models.DateTimeField(null=True)  #: when QuickBooks last said so
    paid_cents = models.BigIntegerField(default=0)  #: as last reported to Basware
    discount_cents = models.BigIntegerField(default=0)  #: as last reported to Basware
    payment_content = models.CharField(max_length=200, blank=True)  #: what the last report said
    payment_tried = models.CharField(max_length=200, blank=True)  #: what a report says whose outcome is not known yet
    payments_told = models.JSONField(
        default=list
    )  #: TxnIDs of the payments that the last report counted, the latest last
    payment_no = models.IntegerField(default=0)  #: payment responses begun
    payment_due = models.BooleanField(default=False)  #: payments changed; Basware is to be told
    payment_told_at = models.DateTimeField(
        null=True
    )  #: when Basware took the last report, until it was seen to show it
    answer_tries = models.IntegerField(default=0)  #: failures in a row of telling Basware
    answer_fault = models.JSONField(null=True)  #: why Basware refused the answer that is still to be given
    assigned_to = models.CharField(max_length=60, blank=True)  #: name of the user who takes care of it; empty: nobody
    #: why it is in the error inbox: a fault code, or the state where there is none; empty if it is not in it
    cause = models.GeneratedField(
        expression=Case(
            When(~Q(fault_code=""), state__in=["blocked", "changed"], then=F("fault_code")),
            When(state__in=["blocked", "changed", "in_doubt"], then=F("state")),
            When(answer_fault__isnull=False, then=Value("MLC-BW-01")),
            default=Value(""),
        ),
        output_field=models.CharField(max_length=20),
        db_persist=True,
    )
    resolved_at = models.DateTimeField(null=True)  #: when it last left the error inbox; null: never
    resolved_cause = models.CharField(max_length=20, blank=True)  #: `cause` until then

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "invoice_id"], name="document_invoice"),
            models.CheckConstraint(condition=Q(state__in=[s.value for s in State]), name="document_state"),
            # A Bill belongs to one document; a second one that points to it would be a double confirmation.
            models.UniqueConstraint(fields=["connection", "txn_id"], condition=~Q(txn_id=""), name="document_txn_once"),
        ]
        indexes = [
            models.Index(fields=["connection", "state", "id"], name="document_state_order"),
            models.Index(fields=["connection", "id"], name="document_unheard", condition=Q(acknowledged_at=None)),
            models.Index(fields=["connection", "id"], name="document_compare", condition=Q(compare_due=True)),
            models.Index(fields=["connection", "state", "id"], name="document_payment", condition=Q(payment_due=True)),
            models.Index(fields=["connection", "invoice_number"], name="document_number"),
            models.Index(fields=["connection", "ref_number"], name="document_ref_number"),
            models.Index(fields=["connection", "id"], name="document_named", condition=Q(wanted_txn_id__gt="")),
            models.Index(
                fields=["connection", "state"], name="document_refused", condition=Q(answer_fault__isnull=False)
            ),
            models.Index(fields=["fault_code", "id"], name="document_fault", condition=~Q(fault_code="")),
            models.Index(fields=["supplier_code", "supplier_name"], name="document_supplier"),
            models.Index(fields=["received_at"], name="document_received"),
            # The error inbox adds up whole groups, so everything it asks for stands in the index; not `cause` itself,
            # because SQLite answers nothing that names a generated column from an index alone.
            models.Index(
                fields=["connection", "fault_code", "state", "currency", "assigned_to", "gross_cents", "id"],
                name="document_inbox",
                condition=Q(state__in=["blocked", "changed", "in_doubt"]),
            ),
            models.Index(
                fields=["resolved_at", "id"], name="document_resolved", condition=Q(resolved_at__isnull=False)
            ),
            models.Index(
                fields=["connection", "resolved_at", "id"],
                name="document_resolved_of",
                condition=Q(resolved_at__isnull=False),
            ),
            # Holds all that a month's sums are made of, so that no row is read for them.
            models.Index(
                fields=[
                    "connection",
                    "period",
                    "currency",
                    "supplier_code",
                    "basware_cents",
                    "posted_cents",
                    "books_cents",
                    "books_period",
                ],
                name="document_reckoning",
            ),
            models.Index(
                fields=["connection", "books_period"],
                name="document_moved",
                condition=Q(books_period__gt="") & ~Q(books_period=F("period")),
            ),
        ]


class AuditEntry(models.Model):
    """One thing that happened, chained by hash to everything before it on this connection."""

    # Six rows are written for every invoice, so there is no index that no question needs.
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, db_index=False)
    seq = models.BigIntegerField()
    at = models.DateTimeField()
    actor = models.CharField(max_length=80)  #: `connector`, or who gave the command
    document = models.ForeignKey(Document, null=True, on_delete=models.PROTECT, related_name="story")
    event = models.CharField(max_length=40)
    from_state = models.CharField(max_length=10, blank=True)
    to_state = models.CharField(max_length=10, blank=True)
    words = models.TextField(blank=True)
    exchange = models.ForeignKey(Exchange, null=True, on_delete=models.PROTECT, db_index=False)
    exchange_sha256 = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "seq"], name="audit_seq")]
        indexes = [
            models.Index(fields=["connection", "at"], name="audit_at"),
            # Nearly all entries are routine, and are not in these: what is looked for by person or event is rare.
            models.Index(
                fields=["connection", "actor", "seq"], name="audit_people", condition=~Q(actor__in=SYSTEM_ACTORS)
            ),
            models.Index(
                fields=["connection", "event", "seq"], name="audit_seldom", condition=~Q(event__in=ROUTINE_EVENTS)
            ),
        ]


class Session(models.Model):
    """One update session of the Web Connector. The ticket itself is not kept, only its hash."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE)
    ticket_sha256 = models.CharField(max_length=64, unique=True)
    opened_at = models.DateTimeField()
    last_call_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    phase = models.CharField(max_length=20)  #: quickbooks.session.Phase
    company_known = models.BooleanField(default=False)  #: the company file was identified
    work = models.JSONField(default=dict)  #: what this session still wants to do
    asked_at = models.DateTimeField(null=True)  #: when the request now with QuickBooks left
    last_error = models.CharField(max_length=500, blank=True)
    calls = models.IntegerField(default=0)


class Watermark(models.Model):
    """Up to where something was read, in QuickBooks' own stamp, raw."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE)
    name = models.CharField(max_length=40)
    stamp = models.CharField(max_length=40)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "name"], name="watermark_name")]


class MappingRule(models.Model):
    """What a person decided a Basware code means."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE)
    kind = models.CharField(max_length=10, choices=[(k.value, k.name) for k in ListKind])
    code = models.CharField(max_length=250)
    list_id = models.CharField(max_length=36, blank=True)  #: empty: leave the reference out
    set_by = models.CharField(max_length=80)
    set_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "kind", "code"], name="mapping_rule_code")]


class PaymentShare(models.Model):
    """One payment's share in one Bill, as QuickBooks holds it now; voided and deleted payments have none."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE)
    payment_txn_id = models.CharField(max_length=36)
    bill_txn_id = models.CharField(max_length=36)
    kind = models.CharField(max_length=24)
    paid_on = models.CharField(max_length=10)
    ref_number = models.CharField(max_length=11, blank=True)
    amount_cents = models.BigIntegerField()
    discount_cents = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "payment_txn_id", "bill_txn_id"], name="payment_share")
        ]
        indexes = [models.Index(fields=["connection", "bill_txn_id"], name="payment_share_bill")]


class Duty(models.Model):
    """One kind of work of one connection, and when it is next due. Wake-ups only bring `due_at` forward."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="duties")
    name = models.CharField(max_length=30)
    due_at = models.DateTimeField()
    failures = models.IntegerField(default=0)
    last_ok_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=500, blank=True)
    needs_operator = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "name"], name="duty_name")]
        indexes = [models.Index(fields=["due_at"], name="duty_due")]


class Delivery(models.Model):
    """A notification that was taken; the same one again does nothing."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE)
    key = models.CharField(max_length=64)  #: SHA-256 of the task id, or of the body if it has none
    received_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "key"], name="delivery_key")]
