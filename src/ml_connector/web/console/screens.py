"""Every screen of the console, and who may use it: the one table of addresses and permissions.

A test walks over every row with every role. A screen without a row does not exist, and a row without roles is for
everybody. See docs/explanation/console.md for how to add one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.http.response import HttpResponseBase

from ml_connector.core.roles import Role
from ml_connector.web.console import (
    account,
    alerts,
    audit,
    company_sign_in,
    connecting,
    connection_settings,
    connections,
    document,
    documents,
    doors,
    inbox,
    lists,
    mapping,
    mapping_changes,
    onboarding,
    overview,
    payments,
    reconciliation,
    refusals,
    replays,
    second_factor,
    static,
    system,
    trial,
    users,
)

View = Callable[..., HttpResponseBase]

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
    """One address and what answers it."""

    path: str  #: below /console/
    name: str  #: by which templates and views refer to it
    view: View
    roles: frozenset[Role] | None  #: who may; ANYBODY: no sign-in is needed
    methods: tuple[str, ...] = ("GET",)
    menu: str = ""  #: its words in the menu; empty: it is not in the menu


_FORM = ("GET", "POST")
_DO = ("POST",)

SCREENS: tuple[Screen, ...] = (
    Screen(path="", name="home", view=overview.home, roles=SEE, menu="Overview"),
    Screen(path="inbox", name="inbox", view=inbox.show, roles=SEE, menu="Error inbox"),
    Screen(path="inbox/<slug:cause>", name="inbox-group", view=inbox.group, roles=SEE),
    Screen(path="replay", name="replay", view=replays.show, roles=SEE, menu="Replay"),
    Screen(path="replay/plan", name="plan", view=replays.plan, roles=IN_BULK, methods=_DO),
    Screen(path="replay/<int:replay_no>", name="replay-plan", view=replays.show_plan, roles=SEE),
    Screen(path="replay/<int:replay_no>/run", name="run", view=replays.run, roles=IN_BULK, methods=_DO),
    Screen(path="replay/<int:replay_no>/decide", name="decide", view=replays.decide, roles=APPROVE, methods=_DO),
    Screen(path="replay/<int:replay_no>/<slug:outcome>", name="replay-part", view=replays.part, roles=SEE),
    Screen(path="mapping", name="mapping", view=mapping.show, roles=SEE, menu="Mapping"),
    Screen(path="mapping/code", name="mapping-code", view=mapping.code, roles=SEE),
    Screen(path="mapping/save", name="mapping-save", view=mapping.save, roles=IN_BULK, methods=_DO),
    Screen(path="mapping/freed", name="mapping-freed", view=mapping.freed, roles=SEE),
    Screen(path="mapping/history", name="mapping-history", view=mapping_changes.history, roles=SEE),
    Screen(path="mapping/undo/<int:version>", name="mapping-undo", view=mapping_changes.take_back, roles=IN_BULK, methods=_FORM),
    Screen(path="mapping/proposals", name="mapping-proposals", view=mapping_changes.proposals, roles=SEE),
    Screen(path="mapping/decide", name="mapping-decide", view=mapping_changes.decide, roles=APPROVE, methods=_DO),
    Screen(path="mapping/file", name="mapping-file", view=mapping_changes.write_file, roles=SEE),
    Screen(path="mapping/import", name="mapping-import", view=mapping_changes.read_file, roles=IN_BULK, methods=_FORM),
    Screen(path="lists", name="lists", view=lists.show, roles=SEE, menu="Master data"),
    Screen(path="lists/send", name="lists-send", view=lists.send_refused, roles=LISTS, methods=_DO),
    Screen(path="lists/read", name="lists-read", view=lists.read_anew, roles=LISTS, methods=_DO),
    Screen(path="lists/<slug:name>/<slug:kind>", name="list", view=lists.show_list, roles=SEE),
    Screen(path="lists/<slug:name>/<slug:kind>/<slug:list_id>", name="list-entry", view=lists.show_entry, roles=SEE),
    Screen(path="lists/<slug:name>/<slug:kind>/<slug:list_id>/send", name="list-entry-send", view=lists.send_entry, roles=LISTS,
           methods=_DO),
    Screen(path="documents", name="documents", view=documents.work_list, roles=SEE, menu="Documents"),
    Screen(path="documents/views", name="save-view", view=documents.save_view, roles=SEE, methods=_DO),
    Screen(path="documents/views/<int:view>/forget", name="forget-view", view=documents.forget_view, roles=SEE, methods=_DO),
    Screen(path="documents/<int:number>", name="document", view=document.show, roles=SEE),
    Screen(path="documents/<int:number>/said/<int:exchange>", name="exchange", view=document.exchange, roles=SEE),
    Screen(path="documents/<int:number>/retry", name="retry", view=document.retry, roles=ACT, methods=_FORM),
    Screen(path="documents/<int:number>/link", name="link", view=document.link, roles=ACT, methods=_FORM),
    Screen(path="documents/<int:number>/skip", name="skip", view=document.skip, roles=ACT, methods=_FORM),
    Screen(path="documents/<int:number>/give-up", name="give-up", view=document.give_up, roles=ACT, methods=_FORM),
    Screen(path="documents/<int:number>/assign", name="assign", view=document.assign, roles=ACT, methods=_FORM),
    Screen(path="documents/<int:number>/note", name="note", view=document.note, roles=ACT, methods=_FORM),
    Screen(path="payments", name="payments", view=payments.show, roles=SEE, menu="Payments"),
    Screen(path="reconciliation", name="reconciliation", view=reconciliation.show, roles=SEE, menu="Reconciliation"),
    Screen(path="reconciliation/documents", name="reconciliation-documents", view=reconciliation.documents, roles=SEE),
    Screen(path="reconciliation/sign", name="reconciliation-sign", view=reconciliation.sign, roles=SIGN, methods=_FORM),
    Screen(path="reconciliation/sheet", name="reconciliation-sheet", view=reconciliation.printed, roles=SEE),
    Screen(path="reconciliation/sheet.csv", name="reconciliation-csv", view=reconciliation.as_csv, roles=SEE),
    Screen(path="audit", name="audit", view=audit.show, roles=AUDIT, menu="Audit"),
    Screen(path="audit/<int:number>", name="audit-entry", view=audit.said, roles=AUDIT),
    Screen(path="audit/export", name="audit-export", view=audit.export, roles=AUDIT, methods=_DO),
    Screen(path="audit/verifier", name="audit-verifier", view=audit.verifier, roles=AUDIT),
    Screen(path="audit/verify", name="audit-verify", view=audit.verify, roles=AUDIT, methods=_DO),
    Screen(path="audit/verify/<int:number>", name="audit-check", view=audit.check, roles=AUDIT, methods=_FORM),
    Screen(path="connections", name="connections", view=connections.show, roles=SEE, menu="Connections"),
    Screen(path="connections/<slug:name>/health", name="connection-health", view=connection_settings.show_health, roles=SEE),
    Screen(path="connections/<slug:name>/settings", name="connection-settings", view=connection_settings.show_settings,
           roles=ADMIN, methods=_FORM),
    Screen(path="connections/<slug:name>/pause", name="pause", view=connection_settings.pause, roles=ADMIN, methods=_DO),
    Screen(path="connections/<slug:name>/secret", name="client-secret", view=connection_settings.secret, roles=ADMIN,
           methods=_DO),
    Screen(path="connections/<slug:name>/dry-run", name="dry-run", view=connection_settings.back_to_dry_run, roles=ADMIN,
           methods=_FORM),
    Screen(path="connections/<slug:name>/check", name="check", view=connecting.check, roles=ADMIN, methods=_DO),
    Screen(path="connections/<slug:name>/qwc", name="qwc", view=connecting.qwc, roles=ADMIN),
    Screen(path="connections/<slug:name>/password", name="new-password", view=connecting.new_password, roles=ADMIN, methods=_DO),
    Screen(path="connections/<slug:name>/trial", name="trial", view=trial.show, roles=SEE),
    Screen(path="connections/<slug:name>/trial/again", name="trial-again", view=trial.again, roles=ACT, methods=_DO),
    Screen(path="connections/<slug:name>/live", name="go-live", view=trial.go_live, roles=ADMIN, methods=_FORM),
    Screen(path="onboarding", name="onboarding", view=onboarding.start, roles=ADMIN, methods=_FORM),
    Screen(path="onboarding/<slug:name>", name="onboarding-next", view=onboarding.go_on, roles=ADMIN),
    Screen(path="onboarding/<slug:name>/<slug:stage>", name="onboarding-stage", view=onboarding.stage,
           roles=ADMIN, methods=_FORM),
    Screen(path="alerts", name="alerts", view=alerts.show, roles=SEE, menu="Alerts"),
    Screen(path="alerts/new", name="alert-new", view=alerts.make, roles=SEE, methods=_FORM),
    Screen(path="alerts/<int:number>", name="alert-rule", view=alerts.rule, roles=SEE, methods=_FORM),
    Screen(path="alerts/<int:number>/test", name="alert-test", view=alerts.test, roles=SEE, methods=_DO),
    Screen(path="alerts/<int:number>/turn", name="alert-turn", view=alerts.turn, roles=SEE, methods=_DO),
    Screen(path="alerts/<int:number>/secret", name="alert-secret", view=alerts.renew_secret, roles=SEE, methods=_DO),
    Screen(path="alerts/<int:number>/remove", name="alert-remove", view=alerts.remove, roles=SEE, methods=_DO),
    Screen(path="alerts/messages/<int:number>", name="alert-message", view=alerts.message, roles=SEE),
    Screen(path="alerts/messages/<int:number>/again", name="alert-again", view=alerts.again, roles=SEE, methods=_DO),
    Screen(path="users", name="users", view=users.show, roles=ADMIN, methods=_FORM, menu="Users"),
    Screen(path="users/<int:user>", name="user", view=users.show_one, roles=ADMIN),
    Screen(path="users/<int:user>/role", name="user-role", view=users.set_role, roles=ADMIN, methods=_DO),
    Screen(path="users/<int:user>/email", name="user-email", view=users.set_email, roles=ADMIN, methods=_DO),
    Screen(path="users/<int:user>/active", name="user-active", view=users.set_active, roles=ADMIN, methods=_DO),
    Screen(path="users/<int:user>/link", name="user-link", view=users.link, roles=ADMIN, methods=_DO),
    Screen(path="users/<int:user>/unlink", name="user-unlink", view=users.unlink, roles=ADMIN, methods=_DO),
    Screen(path="users/<int:user>/sessions/<slug:key>/end", name="user-session", view=users.end_session, roles=ADMIN,
           methods=_DO),
    Screen(path="system", name="system", view=system.show, roles=ADMIN, menu="System"),
    Screen(path="account", name="account", view=account.show, roles=SEE),
    Screen(path="account/password", name="password", view=account.password, roles=SEE, methods=_FORM),
    Screen(path="account/second-factor", name="second-factor", view=second_factor.show, roles=SEE),
    Screen(path="account/second-factor/set-up", name="second-factor-set-up", view=second_factor.set_up, roles=SEE, methods=_FORM),
    Screen(path="account/second-factor/codes", name="recovery-codes", view=second_factor.codes, roles=SEE, methods=_FORM),
    Screen(path="account/second-factor/off", name="second-factor-off", view=second_factor.off, roles=SEE, methods=_FORM),
    Screen(path="account/sessions/<slug:key>/end", name="end-session", view=account.end_session, roles=SEE, methods=_DO),
    Screen(path="sign-in", name="sign-in", view=doors.sign_in, roles=ANYBODY, methods=_FORM),
    Screen(path="sign-in/code", name="sign-in-code", view=doors.second_step, roles=ANYBODY, methods=_FORM),
    Screen(path="sign-in/company", name="company-sign-in", view=company_sign_in.start, roles=ANYBODY),
    Screen(path="sign-in/company/back", name="company-answer", view=company_sign_in.back, roles=ANYBODY),
    Screen(path="sign-in/<slug:token>", name="sign-in-link", view=doors.by_link, roles=ANYBODY, methods=_FORM),
    Screen(path="setup/<slug:token>", name="setup", view=doors.set_up, roles=ANYBODY, methods=_FORM),
    Screen(path="sign-out", name="sign-out", view=doors.sign_out, roles=ANYBODY, methods=_DO),
    Screen(path="look", name="look", view=doors.look, roles=ANYBODY, methods=_DO),
    Screen(path="static/<str:digest>/<str:name>", name="static", view=static.serve, roles=ANYBODY),
    Screen(path="<path:rest>", name="nowhere", view=refusals.nowhere, roles=ANYBODY, methods=_FORM),
)  # fmt: skip
