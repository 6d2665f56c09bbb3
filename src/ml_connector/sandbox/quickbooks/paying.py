"""Paying bills: choosing, splitting, discounts, credits. (qbxmlops130: BillPaymentCheckRet, AppliedToTxnRet.)

Credits are linked to the bill directly and stay applied when the payment they were set in is voided or deleted. A bill
covered by credits alone still gets a payment, of zero.
"""

from decimal import ROUND_HALF_UP, Decimal

from ml_connector.sandbox.quickbooks.company_file import CompanyFile
from ml_connector.sandbox.quickbooks.records import ZERO, Account, Bill, BillPayment, Link
from ml_connector.sandbox.quickbooks.refusals import ScreenRefusal

_CENT = Decimal("0.01")
_FIRST_CHECK_NUMBER = 10001


class BillPayer:
    """One visit to the Pay Bills window with its settings."""

    def __init__(
        self,
        company: CompanyFile,
        *,
        pay_date: str,
        by_card: bool,
        fraction: Decimal,
        discount_percent: Decimal,
        apply_credits: bool,
        ref_number: str | None,
    ) -> None:
        if company.is_closed(pay_date):
            raise ScreenRefusal(f"The books are closed up to {company.preferences.closing_date}.")
        if not 0 < fraction <= 1:
            raise ScreenRefusal("The fraction of a bill that is paid lies above 0 and at most at 1.")
        if not 0 <= discount_percent < 100:
            raise ScreenRefusal("A discount is at least 0 and below 100 per cent.")
        if ref_number is not None and len(ref_number) > 11:
            raise ScreenRefusal("A check number has at most 11 characters.")
        self._company = company
        self._pay_date = pay_date
        self._by_card = by_card
        self._fraction = fraction
        self._discount_percent = discount_percent
        self._apply_credits = apply_credits
        self._ref_number = ref_number
        self._last_check: int | None = None

    def pay(self, bills: list[Bill], *, amount: Decimal | None, one_payment: bool) -> list[str]:
        """Pay the open ones among `bills`; returns the payments' TxnIDs.

        Raises:
            ScreenRefusal: the amount is not positive or is more than what is open, or there is no account to pay from.
        """
        ledger = self._company.ledger
        unpaid = [bill for bill in bills if ledger.open_amount(bill) > 0]
        if amount is not None:
            due = sum((ledger.open_amount(bill) for bill in unpaid), ZERO)
            if amount <= 0 or amount != amount.quantize(_CENT) or amount > due:
                raise ScreenRefusal(f"An amount in whole cents above 0 and up to {due} can be paid.")
        groups: dict[tuple[str, str, str], list[Bill]] = {}
        for bill in unpaid:
            key = (bill.entity_id, bill.ap_account_id, "" if one_payment else bill.txn_id)
            groups.setdefault(key, []).append(bill)
        # Every account is looked up before the first payment is written.
        accounts = {key: self._account(key[0]) for key in groups}
        left = amount
        made: list[str] = []
        for key, group in groups.items():
            if left == 0:
                break
            txn_id, spent = self._pay_group(group, accounts[key], left)
            made.append(txn_id)
            left = None if left is None else left - spent
        return made

    def _pay_group(self, bills: list[Bill], account: Account, left: Decimal | None) -> tuple[str, Decimal]:
        company, stamp = self._company, self._company.now()
        first = bills[0]
        payment = BillPayment(
            entity_id=first.entity_id,
            ap_account_id=first.ap_account_id,
            txn_date=self._pay_date,
            exchange_rate=first.exchange_rate,
            by_card=self._by_card,
            account_id=account.list_id,
            amount=ZERO,
            ref_number=self._number(),
        )
        company.ledger.add(payment, stamp)
        for bill in bills:
            if left is not None and left - payment.amount <= 0:
                break
            if self._apply_credits:
                self._set_credits(bill, payment)
            open_amount = company.ledger.open_amount(bill)
            discount = min(_cents(bill.total * self._discount_percent / 100), open_amount)
            paid = _cents((open_amount - discount) * self._fraction)
            if left is not None:
                paid = min(paid, left - payment.amount)
            payment.amount += paid
            link = Link(bill_id=bill.txn_id, other_id=payment.txn_id, amount=paid, discount=discount)
            if discount:
                link.discount_account_id = self._discount_account()
            company.ledger.link(link, stamp)
        return payment.txn_id, payment.amount

    def _set_credits(self, bill: Bill, payment: BillPayment) -> None:
        ledger = self._company.ledger
        for credit in ledger.credits():
            wanted = min(ledger.open_amount(bill), ledger.open_amount(credit))
            same = credit.entity_id == bill.entity_id and credit.ap_account_id == bill.ap_account_id
            if same and wanted > 0:
                link = Link(bill_id=bill.txn_id, other_id=credit.txn_id, amount=wanted, payment_id=payment.txn_id)
                ledger.link(link, self._company.now())

    def _account(self, vendor_id: str) -> Account:
        company = self._company
        currency_id = company.lists.vendor(vendor_id).currency_id
        wanted = "CreditCard" if self._by_card else "Bank"
        accounts = list(company.lists.accounts_where(lambda entry: entry.account_type == wanted))
        for account in accounts:
            if company.same_currency(account.currency_id, currency_id):
                return account
        for account in accounts:
            if company.is_home_currency(account.currency_id):
                return account
        raise ScreenRefusal(f"There is no {wanted} account to pay from.")

    def _discount_account(self) -> str | None:
        income = self._company.lists.accounts_where(lambda entry: entry.account_type in ("OtherIncome", "Income"))
        account = next(income, None)
        return account.list_id if account else None

    def _number(self) -> str:
        if self._ref_number is not None:
            return self._ref_number
        if self._by_card:
            return ""
        if self._last_check is None:
            used = [int(txn.ref_number) for txn in self._company.ledger.payments() if txn.ref_number.isdecimal()]
            self._last_check = max([_FIRST_CHECK_NUMBER - 1, *used])
        self._last_check += 1
        return str(self._last_check)


def _cents(value: Decimal) -> Decimal:
    return value.quantize(_CENT, rounding=ROUND_HALF_UP)
