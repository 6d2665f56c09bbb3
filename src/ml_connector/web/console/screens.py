"""Every screen of the console, and who may use it: the one table of addresses and permissions.

What answers an address stands in `addresses.py`. The HTTP API follows the same rows: who may use a screen may use what
follows it. A test walks over every row with every role. A screen without a row does not exist, and a row without roles is
for everybody. See docs/explanation/console.md for how to add one.
"""

from __future__ import annotations

from dataclasses import dataclass

from ml_connector.core.roles import Role

SEE = frozenset(Role)  #: everybody who is signed in
ACT = frozenset({Role.CLERK, Role.CONTROLLER, Role.ADMIN})  #: works on documents; an auditor reads only
IN_BULK = frozenset({Role.CLERK, Role.CONTROLLER})  #: acts on many documents at once, and maps codes
APPROVE = frozenset({Role.CONTROLLER, Role.ADMIN})  #: is the second person where one is needed
AUDIT = frozenset({Role.CONTROLLER, Role.ADMIN, Role.AUDITOR})  #: looks at everything that happened, and takes it along
SIGN = frozenset({Role.CONTROLLER})  #: answers for the books
LISTS = frozenset({Role.CONTROLLER, Role.ADMIN})  #: has lists sent and read once more
ADMIN = frozenset({Role.ADMIN})
ANYBODY: frozenset[Role] | None = None  #: also who is not signed in


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """One address."""

    path: str  #: below /console/
    name: str  #: by which templates, views and the API refer to it
    roles: frozenset[Role] | None  #: who may; ANYBODY: no sign-in is needed
    methods: tuple[str, ...] = ("GET",)
    menu: str = ""  #: its words in the menu; empty: it is not in the menu


_FORM = ("GET", "POST")
_DO = ("POST",)

SCREENS: tuple[Screen, ...] = (
    Screen(path="", name="home", roles=SEE, menu="Overview"),
    Screen(path="inbox", name="inbox", roles=SEE, menu="Error inbox"),
    Screen(path="inbox/<slug:cause>", name="inbox-group", roles=SEE),
    Screen(path="replay", name="replay", roles=SEE, menu="Replay"),
    Screen(path="replay/plan", name="plan", roles=IN_BULK, methods=_DO),
    Screen(path="replay/<int:replay_no>", name="replay-plan", roles=SEE),
    Screen(path="replay/<int:replay_no>/run", name="run", roles=IN_BULK, methods=_DO),
    Screen(path="replay/<int:replay_no>/decide", name="decide", roles=APPROVE, methods=_DO),
    Screen(path="replay/<int:replay_no>/<slug:outcome>", name="replay-part", roles=SEE),
    Screen(path="mapping", name="mapping", roles=SEE, menu="Mapping"),
    Screen(path="mapping/code", name="mapping-code", roles=SEE),
    Screen(path="mapping/save", name="mapping-save", roles=IN_BULK, methods=_DO),
    Screen(path="mapping/freed", name="mapping-freed", roles=SEE),
    Screen(path="mapping/history", name="mapping-history", roles=SEE),
    Screen(path="mapping/undo/<int:version>", name="mapping-undo", roles=IN_BULK, methods=_FORM),
    Screen(path="mapping/proposals", name="mapping-proposals", roles=SEE),
    Screen(path="mapping/decide", name="mapping-decide", roles=APPROVE, methods=_DO),
    Screen(path="mapping/file", name="mapping-file", roles=SEE),
    Screen(path="mapping/import", name="mapping-import", roles=IN_BULK, methods=_FORM),
    Screen(path="lists", name="lists", roles=SEE, menu="Master data"),
    Screen(path="lists/send", name="lists-send", roles=LISTS, methods=_DO),
    Screen(path="lists/read", name="lists-read", roles=LISTS, methods=_DO),
    Screen(path="lists/<slug:name>/<slug:kind>", name="list", roles=SEE),
    Screen(path="lists/<slug:name>/<slug:kind>/<slug:list_id>", name="list-entry", roles=SEE),
    Screen(path="lists/<slug:name>/<slug:kind>/<slug:list_id>/send", name="list-entry-send", roles=LISTS,
           methods=_DO),
    Screen(path="documents", name="documents", roles=SEE, menu="Documents"),
    Screen(path="documents/views", name="save-view", roles=SEE, methods=_DO),
    Screen(path="documents/views/<int:view>/forget", name="forget-view", roles=SEE, methods=_DO),
    Screen(path="documents/<int:number>", name="document", roles=SEE),
    Screen(path="documents/<int:number>/said/<int:exchange>", name="exchange", roles=SEE),
    Screen(path="documents/<int:number>/retry", name="retry", roles=ACT, methods=_FORM),
    Screen(path="documents/<int:number>/link", name="link", roles=ACT, methods=_FORM),
    Screen(path="documents/<int:number>/skip", name="skip", roles=ACT, methods=_FORM),
    Screen(path="documents/<int:number>/give-up", name="give-up", roles=ACT, methods=_FORM),
    Screen(path="documents/<int:number>/assign", name="assign", roles=ACT, methods=_FORM),
    Screen(path="documents/<int:number>/note", name="note", roles=ACT, methods=_FORM),
    Screen(path="payments", name="payments", roles=SEE, menu="Payments"),
    Screen(path="reconciliation", name="reconciliation", roles=SEE, menu="Reconciliation"),
    Screen(path="reconciliation/documents", name="reconciliation-documents", roles=SEE),
    Screen(path="reconciliation/sign", name="reconciliation-sign", roles=SIGN, methods=_FORM),
    Screen(path="reconciliation/sheet", name="reconciliation-sheet", roles=SEE),
    Screen(path="reconciliation/sheet.csv", name="reconciliation-csv", roles=SEE),
    Screen(path="audit", name="audit", roles=AUDIT, menu="Audit"),
    Screen(path="audit/<int:number>", name="audit-entry", roles=AUDIT),
    Screen(path="audit/export", name="audit-export", roles=AUDIT, methods=_DO),
    Screen(path="audit/verifier", name="audit-verifier", roles=AUDIT),
    Screen(path="audit/verify", name="audit-verify", roles=AUDIT, methods=_DO),
    Screen(path="audit/verify/<int:number>", name="audit-check", roles=AUDIT, methods=_FORM),
    Screen(path="connections", name="connections", roles=SEE, menu="Connections"),
    Screen(path="connections/<slug:name>/health", name="connection-health", roles=SEE),
    Screen(path="connections/<slug:name>/settings", name="connection-settings", roles=ADMIN, methods=_FORM),
    Screen(path="connections/<slug:name>/restored", name="restored", roles=APPROVE, methods=_FORM),
    Screen(path="connections/<slug:name>/pause", name="pause", roles=ADMIN, methods=_DO),
    Screen(path="connections/<slug:name>/secret", name="client-secret", roles=ADMIN,
           methods=_DO),
    Screen(path="connections/<slug:name>/dry-run", name="dry-run", roles=ADMIN,
           methods=_FORM),
    Screen(path="connections/<slug:name>/check", name="check", roles=ADMIN, methods=_DO),
    Screen(path="connections/<slug:name>/qwc", name="qwc", roles=ADMIN),
    Screen(path="connections/<slug:name>/password", name="new-password", roles=ADMIN, methods=_DO),
    Screen(path="connections/<slug:name>/trial", name="trial", roles=SEE),
    Screen(path="connections/<slug:name>/trial/again", name="trial-again", roles=ACT, methods=_DO),
    Screen(path="connections/<slug:name>/live", name="go-live", roles=ADMIN, methods=_FORM),
    Screen(path="onboarding", name="onboarding", roles=ADMIN, methods=_FORM),
    Screen(path="onboarding/<slug:name>", name="onboarding-next", roles=ADMIN),
    Screen(path="onboarding/<slug:name>/<slug:stage>", name="onboarding-stage", roles=ADMIN, methods=_FORM),
    Screen(path="alerts", name="alerts", roles=SEE, menu="Alerts"),
    Screen(path="alerts/new", name="alert-new", roles=SEE, methods=_FORM),
    Screen(path="alerts/<int:number>", name="alert-rule", roles=SEE, methods=_FORM),
    Screen(path="alerts/<int:number>/test", name="alert-test", roles=SEE, methods=_DO),
    Screen(path="alerts/<int:number>/turn", name="alert-turn", roles=SEE, methods=_DO),
    Screen(path="alerts/<int:number>/secret", name="alert-secret", roles=SEE, methods=_DO),
    Screen(path="alerts/<int:number>/remove", name="alert-remove", roles=SEE, methods=_DO),
    Screen(path="alerts/messages/<int:number>", name="alert-message", roles=SEE),
    Screen(path="alerts/messages/<int:number>/again", name="alert-again", roles=SEE, methods=_DO),
    Screen(path="users", name="users", roles=ADMIN, methods=_FORM, menu="Users"),
    Screen(path="users/<int:user>", name="user", roles=ADMIN),
    Screen(path="users/<int:user>/role", name="user-role", roles=ADMIN, methods=_DO),
    Screen(path="users/<int:user>/second-factor", name="user-second-factor", roles=ADMIN, methods=_DO),
    Screen(path="users/<int:user>/email", name="user-email", roles=ADMIN, methods=_DO),
    Screen(path="users/<int:user>/active", name="user-active", roles=ADMIN, methods=_DO),
    Screen(path="users/<int:user>/link", name="user-link", roles=ADMIN, methods=_DO),
    Screen(path="users/<int:user>/unlink", name="user-unlink", roles=ADMIN, methods=_DO),
    Screen(path="users/<int:user>/sessions/<slug:key>/end", name="user-session", roles=ADMIN,
           methods=_DO),
    Screen(path="users/<int:user>/tokens/<int:number>/revoke", name="user-token", roles=ADMIN, methods=_DO),
    Screen(path="system", name="system", roles=ADMIN, menu="System"),
    Screen(path="account", name="account", roles=SEE),
    Screen(path="account/password", name="password", roles=SEE, methods=_FORM),
    Screen(path="account/second-factor", name="second-factor", roles=SEE),
    Screen(path="account/second-factor/set-up", name="second-factor-set-up", roles=SEE, methods=_FORM),
    Screen(path="account/second-factor/codes", name="recovery-codes", roles=SEE, methods=_FORM),
    Screen(path="account/second-factor/off", name="second-factor-off", roles=SEE, methods=_FORM),
    Screen(path="account/tokens", name="tokens", roles=SEE, methods=_FORM),
    Screen(path="account/tokens/<int:number>/revoke", name="token-revoke", roles=SEE, methods=_DO),
    Screen(path="account/sessions/<slug:key>/end", name="end-session", roles=SEE, methods=_DO),
    Screen(path="sign-in", name="sign-in", roles=ANYBODY, methods=_FORM),
    Screen(path="sign-in/code", name="sign-in-code", roles=ANYBODY, methods=_FORM),
    Screen(path="sign-in/company", name="company-sign-in", roles=ANYBODY),
    Screen(path="sign-in/company/back", name="company-answer", roles=ANYBODY),
    Screen(path="sign-in/<slug:token>", name="sign-in-link", roles=ANYBODY, methods=_FORM),
    Screen(path="setup/<slug:token>", name="setup", roles=ANYBODY, methods=_FORM),
    Screen(path="sign-out", name="sign-out", roles=ANYBODY, methods=_DO),
    Screen(path="look", name="look", roles=ANYBODY, methods=_DO),
    Screen(path="static/<str:digest>/<str:name>", name="static", roles=ANYBODY),
    Screen(path="<path:rest>", name="nowhere", roles=ANYBODY, methods=_FORM),
)  # fmt: skip

ROLES_OF = {screen.name: screen.roles for screen in SCREENS}
