"""How money, shares and states are written on screens."""

from rupai.core.money import Money, currency

# Only signs that stand for one currency wherever our merchants are; others are written as their code.
SIGNS = {
    "INR": "₹", "USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "AED": "AED ", "SGD": "S$", "AUD": "A$", "CAD": "C$",
    "KRW": "₩", "THB": "฿", "PHP": "₱", "VND": "₫", "ILS": "₪", "NGN": "₦", "BRL": "R$", "HKD": "HK$", "NZD": "NZ$",
}  # fmt: skip
# Rupees of the subcontinent are grouped by lakh and crore.
LAKH = frozenset({"INR", "NPR", "PKR", "BDT", "LKR"})
_INDIAN = ((10_000_000, "Cr"), (100_000, "L"), (1_000, "K"))
_WESTERN = ((1_000_000_000, "B"), (1_000_000, "M"), (1_000, "K"))
_MINUS = "\u2212"

_OK = """succeeded captured paid completed complete active delivered posted approved settled enabled live healthy up
resolved won allow allowed on verified closed executed ok done sent passed confirmed
committed"""
_BAD = """failed declined blocked block rejected dead lost down refused revoked disputed critical error denied broken
late overdue killed"""
_WARN = """pending review in_review requires_action requires_approval challenge challenged warning unknown past_due
stale degraded half_open firing waiting retrying retry held uncertain expiring unfinished frozen"""
_INFO = """authorized authorised processing created partially_refunded partially_captured scheduled running trialing
trial queued sending info new open draft requires_capture test in_progress begun started executing
reserved"""
TONES = {
    word: tone
    for tone, words in (("ok", _OK), ("bad", _BAD), ("warn", _WARN), ("info", _INFO))
    for word in words.split()
}


def grouped(digits: str, *, lakh: bool) -> str:
    """Put commas into a row of digits: by thousands, or 12,34,56,789 by lakh and crore."""
    head, tail = digits[:-3], digits[-3:]
    if not head:
        return tail
    step = 2 if lakh else 3
    parts = [head[max(0, end - step) : end] for end in range(len(head), 0, -step)]
    return ",".join([*reversed(parts), tail])


def sign_of(code: str) -> str:
    """The currency's sign, or its code and a space that does not break."""
    return SIGNS.get(code, f"{code}\u00a0").replace(" ", "\u00a0")


def write_money(minor: int, code: str) -> str:
    """Write an amount in full, e.g. ``₹12,34,567.89`` or ``¥1,200``."""
    whole, _, part = Money(abs(minor), code).decimal().partition(".")
    text = grouped(whole, lakh=code in LAKH) + (f".{part}" if part else "")
    return f"{_MINUS if minor < 0 else ''}{sign_of(code)}{text}"


def short_money(minor: int, code: str) -> str:
    """Write an amount for a figure, e.g. ``₹60.93 L``; amounts below one thousand stand in full."""
    unit = 10 ** currency(code).exponent
    short = _shortened(abs(minor), unit, _INDIAN if code in LAKH else _WESTERN)
    return write_money(minor, code) if short is None else f"{_MINUS if minor < 0 else ''}{sign_of(code)}{short}"


def write_count(number: int, *, lakh: bool = False) -> str:
    """Write a whole number with its commas."""
    return f"{_MINUS if number < 0 else ''}{grouped(str(abs(number)), lakh=lakh)}"


def tone_of(value: str) -> str:
    """The colour of a state's badge; states that are none of the known words stay grey."""
    word = value.strip().lower().replace(" ", "_").replace("-", "_")
    return TONES.get(word, "muted")


def words_of(value: str) -> str:
    """A state's name as a person reads it: ``requires_action`` becomes ``Requires action``."""
    text = value.replace("_", " ").strip()
    return text[:1].upper() + text[1:]


def _shortened(minor: int, unit: int, steps: tuple[tuple[int, str], ...]) -> str | None:
    for size, name in steps:
        if minor >= size * unit:
            # Hundredths of the step, rounded half up, in whole numbers all the way.
            hundredths = (minor * 100 + size * unit // 2) // (size * unit)
            whole, part = divmod(hundredths, 100)
            return f"{grouped(str(whole), lakh=False)}.{part:02d}\u00a0{name}"
    return None
