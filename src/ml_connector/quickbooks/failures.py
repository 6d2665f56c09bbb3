"""Failures outside of qbXML: the HRESULTs of QuickBooks' request processor, and the codes the Web Connector shows.

Source: QBWC Programmer's Guide; public code that quotes the SDK's HRESULT texts; docs/reference/quickbooks.md.
"""

from __future__ import annotations

from dataclasses import dataclass

from ml_connector.core.faults import Owner
from ml_connector.quickbooks.statuses import Fate, StatusText

_PARSE_ERROR = 0x80040400
_VERSION_ERROR = 0x80040423

#: Of a message that QuickBooks could not read, and so did not act on; the session with it goes on.
UNREADABLE = f"0x{_PARSE_ERROR:08X}"
#: Of a message in a qbXML version that QuickBooks does not speak; nothing of it was read.
WRONG_VERSION = f"0x{_VERSION_ERROR:08X}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A failed exchange, judged."""

    hresult: str  #: as `0x80040400`; as it came if it is no number
    words: str  #: QuickBooks' own, verbatim
    fate: Fate
    applied: bool | None  #: whether a write took effect: False if certainly not, None if that is unknown
    says: str
    do: str
    owner: Owner


def _retry(says: str, do: str = "Nothing: the Web Connector tries again with its next run.") -> StatusText:
    return StatusText(fate=Fate.RETRY, says=says, do=do, owner=Owner.NOBODY)


def _operator(says: str, do: str) -> StatusText:
    return StatusText(fate=Fate.OPERATOR, says=says, do=do, owner=Owner.ADMIN)


_INTEGRATED = "Edit, Preferences, Integrated Applications, Company Preferences"

HRESULTS: dict[int, StatusText] = {
    _PARSE_ERROR: StatusText(
        fate=Fate.PERMANENT,
        says="QuickBooks could not read the message; nothing of it was entered.",
        do="Send the message to the connector's support; it is held and not sent again.",
        owner=Owner.ADMIN,
    ),
    0x80040401: _retry(
        "QuickBooks could not be reached on its machine.",
        "If it comes again: start QuickBooks and the Web Connector anew, both as the same Windows user and neither as"
        " administrator.",
    ),
    0x80040402: StatusText(
        fate=Fate.UNKNOWN,
        says="QuickBooks had an unexpected error.",
        do="Nothing for now; if it comes again, look into qbsdklog.txt on the QuickBooks machine.",
        owner=Owner.NOBODY,
    ),
    0x80040406: _operator(
        "The path of the company file is not valid.", "Open the company file in QuickBooks, then run the Web Connector."
    ),
    0x80040408: _retry(
        "QuickBooks could not be started.",
        "If it comes again: see whether another administrator is logged in alone, whether the file was moved or"
        " renamed, whether another file is open, and whether the Windows session still exists.",
    ),
    0x80040409: _operator(
        "This QuickBooks release cannot open the company file.", "Use the QuickBooks release the file belongs to."
    ),
    0x8004040A: _operator(
        "Another company file is open in QuickBooks.", "Close it, or open the right one, on the QuickBooks machine."
    ),
    0x8004040D: _retry("The session with QuickBooks was lost."),
    0x80040410: _retry(
        "The company file is open in another mode (single-user or multi-user).",
        "If it comes again: switch QuickBooks to multi-user mode, or have the user in single-user mode leave the file.",
    ),
    0x80040414: _retry(
        "A dialog is open in QuickBooks and blocks it.",
        "If it comes again: answer the dialog on the QuickBooks machine.",
    ),
    0x80040416: _operator(
        "QuickBooks is not running.",
        "Open the company file in QuickBooks; the Web Connector works with the file that is open.",
    ),
    0x80040417: _operator("QuickBooks is open without a company file.", "Open the company file."),
    0x80040418: _operator(
        "The connector has never been admitted to this company file.",
        "Log in as the Admin in single-user mode, run the Web Connector, and answer: Yes, always.",
    ),
    0x8004041A: _operator("The connector has no permission in this company file.", f"Allow it under {_INTEGRATED}."),
    0x8004041B: _retry(
        "QuickBooks could not lock its information.",
        "If it comes again: close what other users have open in the company file, or start QuickBooks anew.",
    ),
    0x8004041C: _retry("QuickBooks had an internal error while it used the company file."),
    0x8004041D: _operator(
        "The connector may not log in by itself.",
        f"Tick 'Allow this application to login automatically' under {_INTEGRATED}.",
    ),
    0x8004041E: _operator("The certificate of the Web Connector has expired.", "Update the Web Connector."),
    0x80040420: _operator(
        "A user denied the connector access to the company file.",
        "Log in as the Admin, run the Web Connector, and answer: Yes, always; tick the automatic login.",
    ),
    0x80040421: _retry("QuickBooks' request processor failed."),
    0x80040422: _retry(
        "Single-user mode was asked for while another application is connected.",
        "If it comes again: close the other application that uses the company file.",
    ),
    _VERSION_ERROR: StatusText(
        fate=Fate.PERMANENT,
        says="This QuickBooks does not speak the qbXML version that was used.",
        do="Nothing: the next session speaks the newest version that this QuickBooks names.",
        owner=Owner.NOBODY,
    ),
    0x80040424: _retry(
        "QuickBooks has not finished starting.",
        "If it comes again: see whether QuickBooks waits for a login or an answer on its screen.",
    ),
    0x80040427: _operator("This QuickBooks is not registered.", "Register QuickBooks on its machine."),
    0x8004042A: _operator("Access from another machine is not allowed.", f"Allow it under {_INTEGRATED}."),
    0x8004042C: _operator("The certificate of the Web Connector was revoked.", "Update the Web Connector."),
    0x80040154: _operator(
        "QuickBooks' request processor is not installed properly.", "Reinstall the Web Connector on its machine."
    ),
    0x80010105: _retry("QuickBooks' request processor raised an error."),
}

_UNLISTED = StatusText(
    fate=Fate.UNKNOWN,
    says="QuickBooks failed with a code that the connector does not know.",
    do="If it comes again, look into qbsdklog.txt on the QuickBooks machine.",
    owner=Owner.ADMIN,
)


def hresult_number(text: str) -> int | None:
    """Read an HRESULT: `0x8004041C`, `8004041c`, or the signed decimal `-2147220452`; None for anything else."""
    plain = text.strip().lower()
    try:
        if plain.startswith("0x"):
            number = int(plain, 16)
        elif plain.startswith("-"):
            number = int(plain, 10) + 2**32
        else:
            number = int(plain, 16) if len(plain) == 8 else int(plain, 10)
    except ValueError:
        return None
    return number if 0 <= number < 2**32 else None


def classify_hresult(hresult: str, message: str, *, write_in_flight: bool) -> Failure:
    """Judge a failure of QuickBooks' request processor.

    Only an error of parsing or version proves that a write was not applied: a Bill was seen saved behind 0x8004041C. Any
    other failure of a write is an unknown outcome, whatever its code, and QuickBooks is asked for it.
    Source: docs/reference/quickbooks.md, HRESULTs and ten facts, number 3.
    """
    number = hresult_number(hresult)
    text = HRESULTS.get(number, _UNLISTED) if number is not None else _UNLISTED
    refused = number in {_PARSE_ERROR, _VERSION_ERROR}
    in_doubt = write_in_flight and not refused
    return Failure(
        hresult=f"0x{number:08X}" if number is not None else hresult.strip()[:80],
        words=message,
        fate=Fate.UNKNOWN if in_doubt else text.fate,
        applied=None if in_doubt else False,
        says=f"{text.says} Whether the document was entered is being checked." if in_doubt else text.says,
        do=text.do,
        owner=text.owner,
    )


_NETWORK = "The connector's service or the network failed"
_AGAIN = "Download the .qwc file again."
_REACH = (
    "The support URL could not be reached.",
    "Check the network of the QuickBooks machine, then add the file again.",
)
_OPEN = ("The Web Connector could not connect to QuickBooks.", "Start QuickBooks with the right company file.")
_HOST = "Use a host name; download the .qwc file again."
_LOG = ("The update could not be run.", "Look at the entry before it in QWCLog.txt.")
_FILE_ID = ("The connection's FileID could not be registered in the company file.", "Start QuickBooks as the Admin.")
_VERSION = ("The service's answer about the Web Connector's version was not understood.", "Update the connector.")
_CHECKED = "Nothing: what was under way is checked with the next run."

#: Codes that the Web Connector shows and logs (QBWC1012 and so on), as sentence and next step.
WEB_CONNECTOR_CODES: dict[int, tuple[str, str]] = {
    1000: ("The support URL in the .qwc file is not in the same domain as the service.", _AGAIN),
    1001: ("The service URL in the .qwc file is an IP address.", _HOST),
    1002: ("The support URL in the .qwc file is an IP address.", _HOST),
    1003: _REACH,
    1004: _REACH,
    1005: _LOG,
    1006: _LOG,
    1007: _OPEN,
    1008: _OPEN,
    1009: _OPEN,
    1010: ("The service URL does not begin with https.", _AGAIN),
    1011: ("The application is missing in the Web Connector's registry.", "Add the .qwc file again."),
    1012: (f"{_NETWORK} while the Web Connector signed in.", "See whether the service runs and can be reached."),
    1013: ("QuickBooks could not be opened for the update.", "The entry beside it names the reason (HRESULT)."),
    1014: ("QuickBooks did not answer the first questions of the session.", "Restart QuickBooks."),
    1015: ("QuickBooks could not be closed properly after the update.", "Nothing: the update itself is complete."),
    1022: _FILE_ID,
    1023: _FILE_ID,
    1024: _FILE_ID,
    1025: _FILE_ID,
    1026: (
        "The FileID belongs to another company file already.",
        "Make a new connection for this company file and use its .qwc file.",
    ),
    1027: _FILE_ID,
    1028: ("The Web Connector could not store the password.", "Type the password again in the Web Connector."),
    1029: ("The Web Connector could not read the stored password.", "Type the password again in the Web Connector."),
    1030: ("The Web Connector has no password for this application.", "Type the password in the Web Connector."),
    1031: ("A scheduled update ended with an error.", "Look at the entry before it in QWCLog.txt."),
    1034: ("The .qwc file does not allow this QuickBooks edition.", _AGAIN),
    1035: ("The name localhost is not known on the QuickBooks machine.", "Mend its hosts file or name service."),
    1036: _VERSION,
    1037: _VERSION,
    1039: ("The .qwc file lacks something.", _AGAIN),
    1040: (
        "The service did not accept the user name or password.",
        "Type the connection's password again in the Web Connector.",
    ),
    1041: (f"{_NETWORK} while a request was fetched.", _CHECKED),
    1042: (f"{_NETWORK} while an answer was handed over.", _CHECKED),
    1043: (f"{_NETWORK} while the last error was fetched.", _CHECKED),
    1044: (f"{_NETWORK} while the session was closed.", _CHECKED),
    1045: (f"{_NETWORK} while a failure was reported.", _CHECKED),
    1046: ("The service asks for another version of the Web Connector.", "Update the Web Connector."),
    1048: (
        "The service's certificate could not be verified, or its address did not answer a plain request.",
        "Open the service's address in a browser on the QuickBooks machine; its certificate must be trusted there.",
    ),
}


def explain_web_connector(code: int) -> str:
    """Say in two sentences what a QBWC code means and what to do. Source: QBWC Programmer's Guide, error codes."""
    says, do = WEB_CONNECTOR_CODES.get(
        code, ("The Web Connector shows a code that is not documented.", "Look at QWCLog.txt around it.")
    )
    return f"{says} {do}"
