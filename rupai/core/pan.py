"""Finding payment card numbers where none may be: issuer prefix, exact length, boundaries and the Luhn sum.

Prefixes and lengths: ISO/IEC 7812 issuer ranges of the large networks. Luhn alone would call one id in ten a card.
"""

import re
import unicodedata
from collections.abc import Iterator

REMOVED = "[card number removed]"
# Most texts have no twelve digits near each other and are done here.
_MANY_DIGITS = re.compile(r"[0-9](?:[^0-9A-Za-z]{0,3}[0-9]){11}")
_UUID = re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", re.IGNORECASE)
# Digits in groups. Letters around them mean an id or a digest, a decimal point before them a fraction.
_RUN = re.compile(r"(?<![0-9A-Za-z])(?<![0-9]\.)[0-9]+(?:[ -]{1,2}[0-9]+)*(?![0-9A-Za-z])")
# The groups that are printed on cards, whatever stands between them.
_PRINTED = re.compile(
    r"(?<![0-9A-Za-z])[0-9]{4}(?:[^0-9A-Za-z]{1,3}[0-9]{4}){3}(?:[^0-9A-Za-z]{1,3}[0-9]{1,3})?(?![0-9A-Za-z])"
    r"|(?<![0-9A-Za-z])[0-9]{4}[^0-9A-Za-z]{1,3}[0-9]{6}[^0-9A-Za-z]{1,3}[0-9]{4,5}(?![0-9A-Za-z])"
)
_GROUP = re.compile(r"[0-9]+")
_SHORTEST, _LONGEST = 12, 19
_MOST_GROUPS = 5
# A telephone number with its country's code is no longer (ITU-T E.164).
_LONGEST_PHONE = 15
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
_Span = tuple[int, int, str]


def find(text: str) -> Iterator[str]:
    """Yield each card number in a text, digits only."""
    for _, _, digits in _spans(_plain(text)):
        yield digits


def contains(text: str) -> bool:
    return next(_candidates(_plain(text)), None) is not None


def redact(text: str) -> str:
    """Take card numbers out of a text."""
    plain = _plain(text)
    found = list(_spans(plain))
    if not found:
        return text
    parts, end = [], 0
    for first, last, _ in found:
        parts += [plain[end:first], REMOVED]
        end = last
    return "".join([*parts, plain[end:]])


def _plain(text: str) -> str:
    """Write digits and spaces of other scripts as ASCII, and drop what has no width."""
    if text.isascii():
        return text
    shown = (character for character in unicodedata.normalize("NFKC", text) if unicodedata.category(character) != "Cf")
    return "".join(
        " " if character.isspace() else "-" if unicodedata.category(character) == "Pd" else _digit(character)
        for character in shown
    )


def _digit(character: str) -> str:
    value = unicodedata.decimal(character, -1)
    return character if value < 0 else str(value)


def _spans(text: str) -> Iterator[_Span]:
    """Where card numbers stand: first and last position, and the digits; ascending, not overlapping."""
    end = 0
    for first, last, digits in sorted(_candidates(text)):
        if first >= end:
            yield first, last, digits
            end = last


def _candidates(text: str) -> Iterator[_Span]:
    if _MANY_DIGITS.search(text):
        masked = _UUID.sub(lambda uuid: "x" * len(uuid[0]), text)
        yield from _in_runs(masked)
        yield from _printed(masked)


def _in_runs(text: str) -> Iterator[_Span]:
    for run in _RUN.finditer(text):
        groups = [(run.start() + group.start(), group[0]) for group in _GROUP.finditer(run[0])]
        whole = "".join(group for _, group in groups)
        if text[run.start() - 1 : run.start()] == "+" and len(whole) <= _LONGEST_PHONE:
            continue
        if _is_card(whole):
            yield run.start(), run.end(), whole
        else:
            yield from _among(groups)


def _among(groups: list[tuple[int, str]]) -> Iterator[_Span]:
    """Card numbers with other digits beside them, such as the expiry; groups as short as a date's do not begin one."""
    for index, (first, group) in enumerate(groups):
        if len(group) < 4:
            continue
        digits = ""
        for start, following in groups[index : index + _MOST_GROUPS]:
            digits += following
            if len(digits) > _LONGEST:
                break
            if _is_card(digits):
                yield first, start + len(following), digits
            if len(following) < 4:
                break


def _printed(text: str) -> Iterator[_Span]:
    for found in _PRINTED.finditer(text):
        digits = "".join(_GROUP.findall(found[0]))
        if _is_card(digits):
            yield found.start(), found.end(), digits
        elif _is_card(digits[:16]):
            yield found.start(), found.end(), digits[:16]


def _is_card(digits: str) -> bool:
    if not _SHORTEST <= len(digits) <= _LONGEST:
        return False
    return any(network.fullmatch(digits) for network in _NETWORKS) and _luhn(digits)


def _luhn(digits: str) -> bool:
    total = 0
    for index, character in enumerate(reversed(digits)):
        value = int(character) * (2 if index % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
