"""Finding payment card numbers where none may be: issuer prefix, exact length, boundaries and the Luhn sum.

Prefixes and lengths: ISO/IEC 7812 issuer ranges of the large networks. Luhn alone would call one id in ten a card.
"""

import re
from collections.abc import Iterator

_CANDIDATE = re.compile(r"(?<![0-9A-Za-z_.])[2-9][0-9](?:[ -]?[0-9]){10,17}(?![0-9A-Za-z_])")
_NETWORKS = [
    re.compile(r"4(?:[0-9]{12}|[0-9]{15}|[0-9]{18})"),
    re.compile(r"(?:5[1-5][0-9]{2}|222[1-9]|22[3-9][0-9]|2[3-6][0-9]{2}|27[01][0-9]|2720)[0-9]{12}"),
    re.compile(r"3[47][0-9]{13}"),
    re.compile(r"(?:6011|65[0-9]{2}|64[4-9][0-9])[0-9]{12}"),
    re.compile(r"(?:60[0-9]{2}|81[0-9]{2}|82[0-9]{2}|508[0-9]|353[0-9]|356[0-9])[0-9]{12}"),
    re.compile(r"35(?:2[89]|[3-8][0-9])[0-9]{12}"),
    re.compile(r"3(?:0[0-5]|[689][0-9])[0-9]{11}"),
    re.compile(r"62[0-9]{14,17}"),
    re.compile(r"(?:5018|5020|5038|5893|6304|6759|676[1-3])[0-9]{8,15}"),
]


def find(text: str) -> Iterator[str]:
    """Yield each card number in a text, digits only."""
    for candidate in _CANDIDATE.finditer(text):
        digits = re.sub(r"[ -]", "", candidate[0])
        if any(network.fullmatch(digits) for network in _NETWORKS) and _luhn(digits):
            yield digits


def contains(text: str) -> bool:
    return next(find(text), None) is not None


def _luhn(digits: str) -> bool:
    total = 0
    for index, character in enumerate(reversed(digits)):
        value = int(character) * (2 if index % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
