"""How an amount in micro-units is written for a person."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

from django.utils.formats import number_format

MICROS = 1_000_000
SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "CNY": "¥", "JPY": "¥"}
WITHOUT_CENTS = frozenset({"JPY", "KRW"})


def format_money(micros: int, currency: str) -> str:
    """Return ``micros`` of ``currency`` in the reader's number format, such as ``$1,249.00``."""
    places = 0 if currency in WITHOUT_CENTS else 2
    amount = (Decimal(abs(micros)) / MICROS).quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
    number = number_format(amount, decimal_pos=places, use_l10n=True, force_grouping=True)
    sign = "−" if micros < 0 else ""
    symbol = SYMBOLS.get(currency)
    return f"{sign}{symbol}{number}" if symbol else f"{sign}{number} {currency}"


def to_micros(amount: Decimal) -> int:
    """Return ``amount`` in micro-units, rounded down."""
    return int(amount * MICROS)
