"""How QuickBooks says no.

    Exception
    |- HResult   the request processor raised: the whole message set, answer text empty
    |- Refusal   one request answered with an error status inside a well-formed answer

An `HResult` reaches the service as `hresult` and `message` of receiveResponseXML (or connectionError); a `Refusal`
becomes `statusCode` and `statusMessage` of one `...Rs` element. Sources: QBWC Programmer's Guide ch. 5 and 8 for the
former, Intuit's "Status codes in response messages" for the latter.
"""

PARSE_ERROR = 0x80040400
NO_ACCESS = 0x80040401
WRONG_FILE_OPEN = 0x8004040A
MODAL_DIALOG = 0x80040414
NOT_RUNNING = 0x80040416
NO_FILE_OPEN = 0x80040417
INTERNAL_ACCESS_ERROR = 0x8004041C
VERSION_NOT_SUPPORTED = 0x80040423
COULD_NOT_START = 0x80040408
INVALID_FILE_NAME = 0x80040406

_WORDS = {
    PARSE_ERROR: "QuickBooks found an error when parsing the provided XML text stream.",
    NO_ACCESS: "Could not access QuickBooks.",
    INVALID_FILE_NAME: "Invalid QuickBooks company file name.",
    COULD_NOT_START: "Could not start QuickBooks.",
    WRONG_FILE_OPEN: "A QuickBooks company data file is already open and it is different from the one requested.",
    MODAL_DIALOG: "A modal dialog box is showing in the QuickBooks user interface.",
    NOT_RUNNING: "QuickBooks is not running and no company file name was given.",
    NO_FILE_OPEN: "QuickBooks is running but no company file is open.",
    INTERNAL_ACCESS_ERROR: "An internal QuickBooks error occurred while trying to access the company data file.",
    VERSION_NOT_SUPPORTED: "This version of qbXML is not supported.",
}


class HResult(Exception):
    """The request processor raised. `detail` is what the SDK's own log would say; the service never sees it."""

    def __init__(self, code: int, message: str = "", detail: str = "") -> None:
        self.code = code
        self.message = message or _WORDS.get(code, "Unexpected error. Check the SDK log.")
        self.detail = detail
        super().__init__(f"{self.hexadecimal}: {self.message}" + (f" ({detail})" if detail else ""))

    @property
    def hexadecimal(self) -> str:
        """The code as the Web Connector writes it, e.g. `0x80040400`."""
        return f"0x{self.code:08X}"


def parse_error(detail: str) -> HResult:
    """The refusal of a whole message set; `detail` names the place for whoever reads the sandbox's log."""
    return HResult(PARSE_ERROR, detail=detail)


class Refusal(Exception):
    """One request refused: `status` is the statusCode, `words` the statusMessage."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(f"{status}: {words}")
        self.status = status
        self.words = words


class ScreenRefusal(Exception):
    """A user's action at the screen that QuickBooks would not carry out; one clear sentence."""


def severity(status: int) -> str:
    """`Info`, `Warn` or `Error` for a status code. Source: Intuit, "Status codes in response messages", ranges."""
    if status < 500:
        return "Info"
    return "Warn" if status < 1000 else "Error"


def invalid_reference(what: str, value: str, where: str) -> Refusal:
    """3140: a ListID or FullName that leads nowhere QuickBooks may go."""
    return Refusal(
        3140,
        f'There is an invalid reference to QuickBooks {what} "{value}" in the {where}.  QuickBooks error message: '
        "Invalid argument.  The specified record does not exist in the list.",
    )


def not_found(value: str) -> Refusal:
    """3120: the object a Mod, Void or Del names is not in the file."""
    return Refusal(
        3120,
        f'Object "{value}" specified in the request cannot be found.  QuickBooks error message: Invalid argument.  '
        "The specified record does not exist in the list.",
    )
