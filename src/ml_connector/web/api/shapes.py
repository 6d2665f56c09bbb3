"""What goes in and out, as the OpenAPI description tells it. Money is text with two decimals; times are ISO 8601."""

from __future__ import annotations

from typing import Any

from ninja import Field, Schema


class Said(Schema):
    """What was done."""

    said: str


class Money(Schema):
    """An amount in one currency."""

    currency: str
    amount: str
    documents: int | None = None


# Documents.


class Fault(Schema):
    """What is the matter with a document."""

    code: str
    says: str
    do: str


class Document(Schema):
    """One Basware invoice on its way into QuickBooks."""

    id: int
    connection: str
    invoice_id: str
    invoice_number: str
    invoice_date: str
    supplier_code: str
    supplier_name: str
    currency: str
    gross: str = Field(description="A credit note is negative.")
    kind: str = Field(description="Bill or VendorCredit; empty until it is planned.")
    ref_number: str
    state: str
    state_words: str = Field(description="The state as people read it.")
    txn_id: str
    txn_number: str
    linked: bool
    paid: str
    discount: str
    faults: list[Fault]
    reason: str
    remark: str
    received_at: str
    acknowledged_at: str | None
    posted_at: str | None
    confirmed_at: str | None
    due_at: str | None
    deadline: str | None = Field(description="Until when Basware waits for an answer.")


class Documents(Schema):
    """A page of documents, the newest first."""

    documents: list[Document]
    newer: int | None = Field(description="There are newer ones: ask with `after`.")
    older: int | None = Field(description="There are older ones: ask with `before`.")


class Why(Schema):
    """Why it is where it is, who must act, what happens next and when."""

    state: str
    cause: str
    owner: str
    next_step: str
    next_try: str | None
    deadline: str | None
    overdue: bool
    waiting_since: str
    acknowledged_at: str | None
    time_zone: str


class Chapter(Schema):
    """One thing that happened."""

    seq: int
    at: str
    actor: str
    event: str
    words: str
    from_state: str
    to_state: str
    exchange: int | None = Field(description="Number of what was said to another system.")
    request_id: str


class Pair(Schema):
    """One field on both sides."""

    field: str
    basware: str
    quickbooks: str


class LinePair(Schema):
    """One coding row, and the expense line it becomes."""

    basware_coding: str
    basware_amount: str | None
    quickbooks_account: str
    quickbooks_amount: str | None
    quickbooks_note: str


class Sides(Schema):
    """Basware and QuickBooks side by side."""

    fields: list[Pair]
    lines: list[LinePair]
    basware_total: str | None
    quickbooks_total: str | None
    agrees: bool
    unreadable: str


class Story(Document):
    """A document with everything that is known of it."""

    why: Why
    story: list[Chapter]
    sides: Sides
    acts: list[str] = Field(description="What a person can do about it now.")


class Exchange(Schema):
    """What was said to another system, secrets masked."""

    at: str
    system: str
    what: str
    status: str
    request_id: str
    request: str
    response: str


class Done(Schema):
    """A document after something was done about it."""

    id: int
    state: str
    said: str


class Retry(Schema):
    """Try a document again."""

    post_new: bool = Field(False, description="Look-alikes in QuickBooks are other invoices: enter a new document.")


class Link(Schema):
    """Name the document in QuickBooks that an invoice is."""

    txn_id: str


class Reason(Schema):
    """Why something is done."""

    reason: str


class Assign(Schema):
    """Give a document to somebody."""

    person: str = Field("", description="Name of a user; empty: nobody.")


class Note(Schema):
    """Write something into the story."""

    words: str


class ViewIn(Schema):
    """Filters of the work list, kept under a name."""

    name: str
    q: str = ""
    state: list[str] = []
    connection: str = ""
    vendor: str = ""
    since: str = ""
    until: str = ""
    fault: str = ""


class View(Schema):
    """A saved view."""

    number: int
    name: str
    query: str


class Need(Schema):
    """Something that needs a person."""

    words: str
    says: str
    verb: str
    urgent: bool
    address: str


class Total(Schema):
    """A daily view with its count."""

    name: str
    states: list[str]
    count: int


class Series(Schema):
    """Named counts of a chart."""

    name: str
    counts: list[int]


class Chart(Schema):
    """Figures, and the sentence that says the same."""

    title: str
    labels: list[str]
    series: list[Series]
    says: str
    unit: str


class Overview(Schema):
    """The first page."""

    needs: list[Need]
    totals: list[Total]
    charts: list[Chart]


# The inbox and replays.


class Group(Schema):
    """The documents that one cause holds up."""

    cause: str
    words: str
    says: str
    do: str
    owner: str
    heals_itself: bool
    documents: int
    assigned: int
    sums: list[Money]
    oldest_at: str | None


class Inbox(Schema):
    """The error inbox by cause."""

    counts: dict[str, int]
    groups: list[Group]


class Held(Document):
    """A document of the inbox, and what is the matter with it."""

    says: str


class OpenedGroup(Schema):
    """One cause with a page of its documents."""

    group: Group
    documents: list[Held]
    newer: int | None
    older: int | None


class Solved(Schema):
    """A document that left the inbox."""

    id: int
    invoice_number: str
    supplier_name: str
    was: str
    state_words: str
    resolved_at: str | None


class SolvedPage(Schema):
    """What left the inbox, the latest first."""

    documents: list[Solved]
    before: str = Field(description="Where the next page begins; empty if there is none.")


class Choice(Schema):
    """Which documents, and what is to be done to them."""

    act: str = Field("retry", description="retry, skip, give-up, assign or note.")
    numbers: list[int] = Field([], description="These; empty: all of the error inbox that fit the rest.")
    cause: str = ""
    connection: str = ""
    q: str = ""
    since: str = ""
    until: str = ""
    waits_kind: str = ""
    waits_code: str = ""


class Part(Schema):
    """Documents of a plan to which the same happens, for the same reason."""

    outcome: str
    code: str
    words: str
    says: str
    runs: bool
    documents: int
    sums: list[Money]


class LeftOut(Schema):
    """A document that a run left out."""

    id: int
    why: str


class Replay(Schema):
    """A plan, and what became of it."""

    id: int
    act: str
    stage: str
    made_by: str
    made_at: str
    documents: int
    would_run: int = Field(description="Documents it would work on; name this number to run it.")
    more: bool
    needs_second_person: bool
    parts: list[Part]
    left_out: list[LeftOut]


class ReplayDone(Replay):
    """A plan after it was run or decided."""

    said: str


class Replays(Schema):
    """A page of replays, the latest first."""

    replays: list[Replay]
    before: int | None


class PartDocuments(Schema):
    """The documents of one part of a plan."""

    documents: list[Document]
    after: int | None


class Run(Schema):
    """Carry a plan out."""

    documents: int = Field(description="How many documents the plan works on, to confirm it.")
    words: str = Field("", description="The reason, the note, or the person to assign to.")


class Decision(Schema):
    """Approve or refuse what another person wants."""

    approve: bool


# Mapping.


class Suggestion(Schema):
    """An entry that a code may mean."""

    list_id: str
    code: str
    name: str
    score: int
    why: str


class Freed(Schema):
    """What mapping a code sets free."""

    documents: int
    sums: list[Money]
    still: int = Field(description="Documents that wait for something else too.")


class Unmapped(Schema):
    """A code that holds documents up."""

    code: str
    name: str
    documents: int
    frees: Freed
    best: Suggestion | None


class MappingRule(Schema):
    """What a code means."""

    code: str
    list_id: str = Field(description="Empty: left out of Bills.")
    target: str
    target_code: str
    trouble: str
    set_by: str
    set_at: str


class Mapping(Schema):
    """The mapping of one connection and kind: what is missing first."""

    connection: str
    kind: str
    missing: dict[str, int] = Field(description="Codes that are not mapped, by kind.")
    proposals: int
    unmapped: list[Unmapped]
    unmapped_after: str = Field(description="Where the next page of missing codes begins; empty if there is none.")
    broken: list[MappingRule]
    rules: list[MappingRule]
    after: str = Field(description="The code after which the next page of rules begins; empty if there is none.")


class MappingCode(Schema):
    """One code: what waits for it, what it means, and what it may mean."""

    kind: str
    code: str
    name: str
    frees: Freed
    documents: list[int]
    rule: MappingRule | None
    suggestions: list[Suggestion]
    hits: list[Suggestion]
    may_be_left_out: bool


class MapIn(Schema):
    """Decide what a code means."""

    kind: str
    code: str
    target: str | None = Field(description="ListID, account number, full name, or IGNORE; null takes the mapping back.")
    connection: str = ""


class MappingChange(Schema):
    """One change of the mapping."""

    id: int
    kind: str
    code: str
    before: str | None
    after: str | None
    before_name: str
    after_name: str
    by: str


class Version(Schema):
    """One version of the mapping."""

    version: int
    by: str
    approved_by: str
    at: str
    how: str
    changes: int
    first: list[MappingChange]


class Versions(Schema):
    """A page of versions, the latest first."""

    versions: list[Version]
    before: int | None


class OfConnection(Schema):
    """Which connection."""

    connection: str = ""


class Decide(Schema):
    """Approve or refuse proposals of other people."""

    numbers: list[int]
    approve: bool
    connection: str = ""


class MappingFile(Schema):
    """A file of mappings."""

    text: str = Field(description="CSV, as the file of the mapping has it.")
    plan: bool = Field(False, description="Only say what it would change.")
    connection: str = ""


class MappingLine(Schema):
    """One line of a file."""

    line: int
    kind: str
    code: str
    now: str
    then: str | None
    changes: bool
    problem: str


class MappingTaken(Schema):
    """What became of a file."""

    taken: int
    lines: list[MappingLine]


# Lists.


class AList(Schema):
    """One list as a whole."""

    kind: str
    entries: int
    standing: dict[str, int]
    read_at: str | None
    sent_at: str | None
    problem: str
    complete: str


class Entry(Schema):
    """One entry of a list."""

    kind: str
    list_id: str
    code: str
    name: str
    active: bool
    standing: str
    since: str | None
    says: str


class Entries(Schema):
    """Entries of one list."""

    entries: list[Entry]
    after: str | None = Field(description="The ListID after which the next page begins.")
    more: bool = Field(description="More fit than are shown; say more of the name.")


class SideField(Schema):
    """One field of an entry in both systems."""

    field: str
    quickbooks: str
    basware: str
    differs: bool


class Happened(Schema):
    """One thing that happened to an entry."""

    at: str | None
    what: str
    words: str
    actor: str


class EntryDetails(Entry):
    """Everything about one entry."""

    next: str
    fields: list[SideField]
    sent_at: str | None
    request_id: str
    history: list[Happened]
    mappings: list[str]
    documents: list[int]


class OfKind(Schema):
    """Which list; empty: all of them."""

    kind: str = ""


class Resent(Schema):
    """How many entries are sent again."""

    resent: int


# Payments and months.


class Payment(Schema):
    """A payment of a Bill, and how far Basware knows it."""

    document: int
    invoice_number: str
    supplier_name: str
    bill_txn_id: str
    payment_txn_id: str
    method: str
    number: str
    paid_on: str
    paid: str
    discount: str
    currency: str
    state: str
    says: str
    next: str


class Payments(Schema):
    """A page of payments, the latest first."""

    payments: list[Payment]
    before: int | None


class Sums(Schema):
    """Three columns in one currency."""

    currency: str
    documents: int
    differing: int
    basware: str
    connector: str
    quickbooks: str


class SupplierSums(Sums):
    """Three columns of one supplier."""

    code: str
    name: str


class Month(Schema):
    """A month: Basware, connector and QuickBooks, to the cent."""

    connection: str
    company: str
    period: str
    agrees: bool
    unread: int
    asked_for_saved_at: str | None
    asked_for_deleted_at: str | None
    totals: list[Sums]
    suppliers: list[SupplierSums]
    digest: str = Field(description="Names these figures; give it back to sign exactly them.")
    signed_by: str | None
    signed_at: str | None
    changed_since: int | None = Field(description="Suppliers whose figures changed since it was signed.")


class Cause(Schema):
    """A document that makes a difference."""

    id: int
    invoice_number: str
    supplier_name: str
    state_words: str
    says: str
    do: str


class Causes(Schema):
    """Documents that make a difference."""

    documents: list[Cause]
    after: int | None


class Sign(Schema):
    """Sign a month."""

    month: str = Field(description="As 2026-03.")
    digest: str = Field(description="Of the figures that were looked at.")
    remark: str = Field("", description="For auditors; needed where the columns do not agree.")
    connection: str = ""


class Signed(Schema):
    """A signature."""

    month: str
    signed_by: str
    digest: str


# The audit trail.


class AuditEntry(Schema):
    """One entry of the audit trail."""

    id: int
    seq: int
    at: str
    actor: str
    document: int | None
    event: str
    from_state: str
    to_state: str
    words: str
    exchange_sha256: str
    hash: str


class AuditPage(Schema):
    """A page of entries, the newest first."""

    connection: str
    entries: list[AuditEntry]
    before: int | None


class AuditEntryFull(AuditEntry):
    """One entry with what was said to another system, secrets masked."""

    exchange: Exchange | None


class AuditExport(Schema):
    """Which part of the trail, and how it is written."""

    connection: str = ""
    q: str = ""
    actor: str = ""
    event: str = ""
    since: str = ""
    until: str = ""
    form: str = Field("jsonl", description="jsonl or csv.")
    full: bool = Field(False, description="With the exact bytes of every exchange; jsonl only.")


class Check(Schema):
    """How far the chain is verified."""

    number: int
    connection: str
    entries: int
    checked: int
    ended: bool
    ok: bool | None = Field(description="Null until it has ended.")
    words: str
    breaks: list[str]


# Connections.


class Standing(Schema):
    """One connection at a glance."""

    name: str
    company_name: str
    state: str
    paused: bool
    dry_run: bool
    pause_reason: str
    last_poll_at: str | None
    last_success_at: str | None
    last_session_note: str
    company_path: str
    next_poll_at: str | None
    missed_polls: int
    earlier_password_until: str | None
    unanswered: int
    first_deadline: str | None
    waiting: int
    oldest_waiting_at: str | None
    blocked: int
    problems: list[str]


class DutyState(Schema):
    """One kind of work, and when it is next due."""

    due_at: str
    last_ok_at: str | None
    failures: int
    last_error: str


class Connection(Standing):
    """One connection with everything about it, secrets apart."""

    base_url: str
    token_url: str
    company_codes: list[str]
    web_connector_user: str
    owner_id: str
    file_id: str
    product: str
    qbxml_version: str
    documents: dict[str, int]
    settings: dict[str, Any]
    duties: dict[str, DutyState]


class ConnectionIn(Schema):
    """A new connection; it begins in dry run."""

    name: str
    base_url: str
    token_url: str = ""
    company_codes: list[str]
    client_id: str
    client_secret: str
    settings: dict[str, Any] = {}


class ConnectionMade(Schema):
    """A new connection, and the Web Connector's password, which is shown this once."""

    name: str
    web_connector_user: str
    password: str


class ConnectionChange(Schema):
    """What is named is changed, and nothing else."""

    base_url: str | None = None
    token_url: str | None = None
    client_id: str | None = None
    client_secret: str | None = None
    settings: dict[str, Any] = {}


class Changed(Schema):
    """What was changed."""

    changed: list[str]


class OptionalReason(Schema):
    """Why; shown to whoever wonders."""

    reason: str = ""


class Lost(Schema):
    """What a company file that was put back to an older copy lost."""

    stopped: str = Field(description="Why nothing is written to QuickBooks; empty if it is.")
    searching: bool
    documents: list[Document]


class AfterRestore(Schema):
    """What is done about it."""

    repost: bool = Field(description="Enter them again; else each stays a question of its own.")
    documents: int = Field(description="How many documents are lost, to confirm it.")


class Step(Schema):
    """One step of the check of Basware."""

    name: str
    title: str
    ok: bool
    sentence: str
    do: str
    milliseconds: int


class Steps(Schema):
    """The latest check of Basware."""

    ok: bool
    steps: list[Step]
    left: list[str]


class NewPassword(Schema):
    """A new password of the Web Connector, shown this once."""

    web_connector_user: str
    password: str
    earlier_until: str


class Stage(Schema):
    """One stage of the setup."""

    key: str
    title: str
    done: bool


class Onboarding(Schema):
    """The way from nothing to the first Bill."""

    stages: list[Stage]
    next: str
    waits_for: str = Field(description="What the Web Connector is waited for with; empty if it called.")


class RightCompany(Schema):
    """Whether the company file that answered is the right one."""

    right: bool


class Verdict(Schema):
    """The invoices of one verdict of a dry run."""

    verdict: str
    words: str
    says: str
    documents: int
    sums: list[Money]


class TriedDocument(Document):
    """One invoice of a dry run, and what would become of it."""

    verdict: str
    would_link_to: str
    held_by: list[Fault]
    sides: Sides


class Trial(Schema):
    """A dry run: what would become of each invoice."""

    verdicts: list[Verdict]
    documents: list[TriedDocument]
    after: int | None


class GoLive(Schema):
    """End the dry run."""

    company: str = Field(description="Name of the company file, typed to confirm.")


# People and tokens.


class Person(Schema):
    """A person who may use the console."""

    name: str
    full_name: str
    email: str
    role: str
    active: bool
    second_factor: bool
    company_account: bool
    last_signed_in_at: str | None


class People(Schema):
    """A page of people by name."""

    people: list[Person]
    after: str


class Me(Person):
    """For whom this token acts, and what it may be used for."""

    token: str
    scopes: list[str]
    expires_at: str


class SessionOf(Schema):
    """Where somebody is signed in."""

    key: str
    browser: str
    address: str
    begun_at: str
    seen_at: str


class AccessEntry(Schema):
    """What was done about somebody's access."""

    at: str
    actor: str
    event: str
    words: str
    address: str


class TokenOut(Schema):
    """A token; its text is shown when it is made, and never again."""

    number: int
    user: str
    name: str
    begins: str
    scopes: list[str]
    created_at: str
    expires_at: str
    used_at: str | None
    used_from: str


class PersonDetails(Person):
    """A person with sessions, tokens, and what was done about the access."""

    sessions: list[SessionOf]
    tokens: list[TokenOut]
    history: list[AccessEntry]


class PersonIn(Schema):
    """A new person."""

    name: str
    role: str
    full_name: str = ""
    email: str = ""


class PersonMade(Person):
    """A new person, and the link that signs in once."""

    link: str


class PersonChange(Schema):
    """What is named is changed, and nothing else."""

    role: str | None = None
    active: bool | None = None
    email: str | None = None


class SignInLink(Schema):
    """A link that signs a person in once, within an hour."""

    link: str


class TokenIn(Schema):
    """A new token; it cannot do more than the one that makes it."""

    name: str
    scopes: list[str]
    days: int = 90


class TokenMade(TokenOut):
    """A new token, and its text, shown this once."""

    token: str


# Alerts and the system.


class Matter(Schema):
    """One thing that holds now."""

    kind: str
    key: str
    connection: str
    words: str
    says: str
    do: str
    count: int
    sums: list[Money]
    since: str | None
    began_at: str
    over_at: str | None
    address: str


class AlertRuleIn(Schema):
    """What somebody wants to be told of, how and how often."""

    name: str
    kinds: list[str]
    channel: str = "email"
    address: str = ""
    connection: str = ""
    least_amount: int = 0
    least_hours: int = 0
    remind_hours: int = 24
    tells_end: bool = True
    cadence: str = "at_once"
    daily_at: str = "07:30"
    quiet_hours: str = ""


class AlertRule(AlertRuleIn):
    """A rule."""

    number: int
    user: str
    on: bool
    next_at: str
    spoke_at: str | None


class AlertRuleMade(AlertRule):
    """A rule, and the secret of a webhook, shown this once."""

    secret: str | None = None


class OnOff(Schema):
    """Whether a rule speaks."""

    on: bool


class WebhookSecret(Schema):
    """What signs a webhook's messages, shown this once."""

    secret: str


class AlertMessage(Schema):
    """One message, and what became of it."""

    number: int
    made_at: str
    user: str
    rule: str
    channel: str
    address: str
    subject: str
    text: str
    state: str
    tries: int
    sent_at: str | None
    trouble: str


class Fact(Schema):
    """One thing that is looked at."""

    title: str
    value: str
    note: str
    ok: bool
    do: str


class Chain(Schema):
    """What is known of one connection's audit chain."""

    connection: str
    entries: int
    checked_at: str | None
    breaks: list[str]
    stale: bool


class System(Schema):
    """How the installation stands."""

    facts: list[Fact]
    chains: list[Chain]
