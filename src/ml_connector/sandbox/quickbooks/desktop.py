"""QuickBooks on the desktop: which company file is open, and sessions of applications with it.

Only one file is open at a time, an application cannot close a file a user opened, and QuickBooks that was started for
an application closes again with it. (HRESULT table of the QBWC Programmer's Guide; CLEARIFY and OMTI help articles.)
"""

import random
import threading
from collections import Counter
from dataclasses import dataclass

from ml_connector.sandbox.quickbooks.about import Product
from ml_connector.sandbox.quickbooks.company_file import CompanyFile
from ml_connector.sandbox.quickbooks.faults import FaultInjector
from ml_connector.sandbox.quickbooks.pace import INSTANT, Pace
from ml_connector.sandbox.quickbooks.processor import RequestProcessor
from ml_connector.sandbox.quickbooks.refusals import (
    INVALID_FILE_NAME,
    NO_FILE_OPEN,
    NOT_RUNNING,
    WRONG_FILE_OPEN,
    HResult,
    ScreenRefusal,
    parse_error,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedMessage:
    """One message set as QuickBooks received it, with what it answered."""

    number: int  #: counts from 1
    local: str  #: host-local wall time
    request: str
    response: str  #: empty when QuickBooks raised
    hresult: str  #: empty when it answered
    detail: str  #: why a text was refused, for the reader of the record


class QuickBooksDesktop:
    """The program with at most one open company file. All of it is guarded by `lock`."""

    def __init__(
        self,
        company: CompanyFile,
        *,
        product: Product | None = None,
        rng: random.Random | None = None,
        faults: FaultInjector | None = None,
        pace: Pace = INSTANT,
        refuse_raw_non_ascii: bool = True,
        iterator_idle_limit_s: int = 600,
    ) -> None:
        self.lock = threading.RLock()
        self.product = product or Product()
        self.rng = rng or random.Random(0)
        self.faults = faults or FaultInjector(random.Random(0))
        self.pace = pace
        self.refuse_raw_non_ascii = refuse_raw_non_ascii
        self.iterator_idle_limit_s = iterator_idle_limit_s
        self.processed: Counter[str] = Counter()  #: executed requests by name
        #: Texts that this QuickBooks cannot read, for reasons nobody can see from outside: a message set that holds one
        #: is refused with 0x80040400, as if it broke the schema.
        self.unreadable: list[str] = []
        self.recording = False
        self.recorded: list[RecordedMessage] = []
        self.running = True
        self._files = {company.path.casefold(): company}
        self._open: CompanyFile | None = company

    @property
    def company(self) -> CompanyFile:
        """The open company file.

        Raises:
            ScreenRefusal: none is open.
        """
        if self._open is None:
            raise ScreenRefusal("No company file is open.")
        return self._open

    def paths(self) -> list[str]:
        """Every company file on the disk."""
        return [company.path for company in self._files.values()]

    def add_file(self, company: CompanyFile) -> None:
        """Put another company file on the disk, closed."""
        self._files[company.path.casefold()] = company

    def open_file(self, path: str) -> CompanyFile:
        """The user opens a company file; whatever was open is closed.

        Raises:
            ScreenRefusal: there is no such file.
        """
        found = self._files.get(path.casefold())
        if found is None:
            raise ScreenRefusal(f'There is no company file "{path}".')
        self.running = True
        self._open = found
        return found

    def close_file(self) -> None:
        """The user closes the company file and leaves QuickBooks running."""
        self._open = None

    def quit(self) -> None:
        """The user leaves QuickBooks."""
        self._open = None
        self.running = False

    def begin_session(self, path: str, application: str, *, read_only: bool = False) -> "QuickBooksSession":
        """OpenConnection and BeginSession for an application; an empty path means whatever file is open.

        Raises:
            HResult: 0x80040406, 0x8004040A, 0x80040416 or 0x80040417.
        """
        with self.lock:
            started = False
            if self._open is None:
                if not path:
                    raise HResult(NO_FILE_OPEN if self.running else NOT_RUNNING)
                found = self._files.get(path.casefold())
                if found is None:
                    raise HResult(INVALID_FILE_NAME)
                started = not self.running
                self.running = True
                self._open = found
            elif path and path.casefold() != self._open.path.casefold():
                raise HResult(WRONG_FILE_OPEN)
            opening_s = self.pace.of_opening(self.rng, cold=started)
            return QuickBooksSession(
                self, self._open, application, started=started, opening_s=opening_s, read_only=read_only
            )


class QuickBooksSession:
    """One application's session with one company file."""

    def __init__(
        self,
        desktop: QuickBooksDesktop,
        company: CompanyFile,
        application: str,
        *,
        started: bool,
        opening_s: float,
        read_only: bool,
    ) -> None:
        self.company = company
        self.opening_s = opening_s  #: seconds it took to open, by the pace
        self._desktop = desktop
        self._started = started
        self._processor = RequestProcessor(
            company,
            application=application,
            product=desktop.product,
            rng=desktop.rng,
            faults=desktop.faults,
            pace=desktop.pace,
            refuse_raw_non_ascii=desktop.refuse_raw_non_ascii,
            iterator_idle_limit_s=desktop.iterator_idle_limit_s,
            processed=desktop.processed,
            read_only=read_only,
        )

    @property
    def worked_s(self) -> float:
        """Seconds the last message set took, by the pace."""
        return self._processor.worked_s

    def process(self, text: str) -> str:
        """Execute one message set. Raises HResult as `RequestProcessor.process`."""
        with self._desktop.lock:
            response = hresult = detail = ""
            try:
                if any(words in text for words in self._desktop.unreadable):
                    raise parse_error("a text this QuickBooks cannot read")
                response = self._processor.process(text)
            except HResult as raised:
                hresult, detail = raised.hexadecimal, raised.detail
                raise
            finally:
                if self._desktop.recording:
                    self._desktop.recorded.append(
                        RecordedMessage(
                            number=len(self._desktop.recorded) + 1,
                            local=self.company.now().local,
                            request=text,
                            response=response,
                            hresult=hresult,
                            detail=detail,
                        )
                    )
            return response

    def ask_privately(self, text: str) -> str:
        """Execute a message set of the Web Connector's own: no misfortune, no count, no record."""
        with self._desktop.lock:
            processor = RequestProcessor(self.company, application="QBWC", product=self._desktop.product)
            return processor.process(text)

    def write_data_ext(self, owner_id: str, name: str, value: str) -> None:
        """Save a private data extension on the Company object."""
        with self._desktop.lock:
            self.company.contents.data_exts[owner_id, name] = value

    def data_ext(self, owner_id: str, name: str) -> str | None:
        """A private data extension of the Company object."""
        return self.company.contents.data_exts.get((owner_id, name))

    def remove_data_ext(self, owner_id: str, name: str) -> None:
        """Remove a private data extension of the Company object."""
        with self._desktop.lock:
            self.company.contents.data_exts.pop((owner_id, name), None)

    def end(self) -> None:
        """EndSession and CloseConnection; QuickBooks that was started for this session quits."""
        with self._desktop.lock:
            self._processor.end_session()
            if self._started:
                self._desktop.quit()
