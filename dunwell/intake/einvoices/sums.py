"""Do the sums of an e-invoice agree, to the last unit? Source: EN 16931-1, rules BR-CO-10 to BR-CO-16."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from dunwell.intake.einvoices.shapes import Amount, EInvoice, Totals

_ZERO = Decimal(0)


def faults_of(invoice: EInvoice) -> list[tuple[str, str, str]]:
    """Code, value and other of what is wrong with the amounts: no numbers first, then sums that do not agree."""
    totals = invoice.totals
    told = [*_single(totals), *totals.of_line, *totals.of_tax, *totals.of_allowance, *totals.of_charge, *totals.on_top]
    told += [part.amount for part in invoice.parts]
    strange = [one for one in told if one.text and not one]
    if strange:
        return [("intake.einvoice_not_a_number", one.text, one.element) for one in strange[:3]]
    for element, is_there in (
        (invoice.currency.element, invoice.currency.text),
        (totals.payable.element, totals.payable),
    ):
        if not is_there:
            return [("intake.einvoice_lacks", element, "")]
    return list(_disagreements(invoice))


def _single(totals: Totals) -> tuple[Amount, ...]:
    return (
        totals.payable, totals.gross, totals.net, totals.tax, totals.lines, totals.allowances, totals.charges,
        totals.prepaid, totals.rounding,
    )  # fmt: skip


def _disagreements(invoice: EInvoice) -> Iterator[tuple[str, str, str]]:
    totals = invoice.totals
    if totals.of_line:
        yield from _compared(totals.lines, [(1, one) for one in totals.of_line])
    if totals.of_allowance:
        yield from _compared(totals.allowances, [(1, one) for one in totals.of_allowance])
    if totals.of_charge:
        yield from _compared(totals.charges, [(1, one) for one in totals.of_charge])
    if totals.lines:
        yield from _compared(totals.net, [(1, totals.lines), (-1, totals.allowances), (1, totals.charges)])
    if totals.of_tax:
        yield from _compared(totals.tax, [(1, one) for one in totals.of_tax])
    if totals.net:
        yield from _compared(totals.gross, [(1, totals.net), (1, totals.tax)])
    if totals.gross and totals.payable != totals.gross:
        on_top: list[tuple[int, Amount]] = [(1, one) for one in totals.on_top]
        made = [(1, totals.gross), (-1, totals.prepaid), (1, totals.rounding), *on_top]
        yield from _compared(totals.payable, made)
    if invoice.parts:
        yield from _compared(totals.payable, [(1, part.amount) for part in invoice.parts])


def _compared(total: Amount, made_of: Sequence[tuple[int, Amount]]) -> Iterator[tuple[str, str, str]]:
    """A fault if a total that is told is not what it is made of."""
    if total.value is None:
        return
    found = sum((sign * (one.value or _ZERO) for sign, one in made_of), _ZERO)
    if found != total.value:
        yield "intake.einvoice_sum", f"{total.element} = {total.text}", _told(made_of, found)


def _told(made_of: Sequence[tuple[int, Amount]], found: Decimal) -> str:
    """`1500 - 100 = 1400`, with the elements where they are few."""
    shown = [(sign, one) for sign, one in made_of if one]
    if len(shown) > 4:
        return f"{found} ({shown[0][1].element}, {len(shown)})"
    terms = [f"{'-' if sign < 0 else '+'} {one.text} ({one.element.rpartition('/')[2]})" for sign, one in shown]
    return f"{' '.join(terms).removeprefix('+ ')} = {found}"
