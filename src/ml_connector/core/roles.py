"""Who a person is to the connector. What each role may see and do stands in one table: `web/console/screens.py`."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """A person has one role."""

    CLERK = "clerk"  #: works on documents
    CONTROLLER = "controller"  #: answers for the books; sees all, and decides on questions
    ADMIN = "admin"  #: keeps the connector running, and says who may come in
    AUDITOR = "auditor"  #: sees all, changes nothing


#: The role as people read it.
ROLE_WORDS: dict[Role, str] = {
    Role.CLERK: "AP clerk",
    Role.CONTROLLER: "Controller",
    Role.ADMIN: "IT admin",
    Role.AUDITOR: "Auditor (reads only)",
}
