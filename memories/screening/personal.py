"""Personal identifiers, for projects that do not want to keep them: by their forms and check digits."""

import re
from typing import Final

EMAIL, PHONE, IBAN, ID, ADDRESS = "[email]", "[phone]", "[iban]", "[id]", "[address]"
PERSONAL: Final = (EMAIL, PHONE, IBAN, ID, ADDRESS)

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])")
_PHONE = re.compile(
    r"(?<![\w+])\+\d[\d ()./-]{6,20}\d(?!\d)"
    r"|(?<![\w.-])\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?![\w-])"  # North America
    r"|(?<![\w.-])\(?0\d{1,4}\)?[ /-]?\d{2,5}(?:[ -]?\d{2,5}){1,3}(?![\w-])"  # most of Europe
)
_CALLED_PHONE = re.compile(
    r"(?<!\w)((?:tel|phone|fon|mobile|telefon|teléfono|téléphone)(?: number)?(?:\.:?|:| is)? )\+?\d[\d ()/-]{5,18}\d",
    re.IGNORECASE,
)
_ID = re.compile(
    r"(?<![\w-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])"  # United States
    r"|(?<!\w)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D](?!\w)"  # United Kingdom
    r"|(?<![\w.])\d{3}\.\d{3}\.\d{3}-\d{2}(?!\w)"  # Brazil
    r"|(?<!\w)[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z]\d{3}[A-Z](?!\w)"  # Italy
)
_CALLED_ID = re.compile(
    r"(?<!\w)((?:passport|national id|id card|ssn|social security|tax id|steuer-id|driver'?s licen[cs]e)"
    r"(?: (?:number|no\.?|nr\.?))?(?: is|:)? )(?=[A-Z0-9-]{0,20}\d)[A-Z0-9][A-Z0-9-]{5,15}(?!\w)",
    re.IGNORECASE,
)
_SPANISH_ID = re.compile(r"(?<!\w)([XYZ]?)(\d{7,8})-?([A-Z])(?!\w)")
_FRENCH_ID = re.compile(r"(?<!\d)([12] ?\d{2} ?(?:0[1-9]|1[0-2]) ?\d{2} ?\d{3} ?\d{3}) ?(\d{2})(?!\d)")
_NAME = r"[A-ZÀ-Þ][\w'’-]{1,30}"  # noqa: RUF001 - an apostrophe that people type
_ADDRESSES = (
    re.compile(
        rf"(?<![\w.])\d{{1,5}}[a-z]? (?:(?:N|S|E|W|North|South|East|West)\.? )?(?:{_NAME} ){{1,3}}"
        r"(?:Street|St\.?|Avenue|Ave\.?|Road|Rd\.?|Lane|Ln\.?|Boulevard|Blvd\.?|Drive|Dr\.?|Court|Ct\.?|Way|Place"
        r"|Square|Terrace|Close)(?!\w)(?:,? (?:Apt|Unit|Flat|Suite|#) ?\w{1,6})?"
    ),
    re.compile(rf"(?<!\w){_NAME}(?:straße|strasse|str\.|weg|platz|allee|gasse|straat|laan) \d{{1,4}} ?[a-z]?(?!\w)"),
    re.compile(r"(?<![\w.])\d{1,4}(?: bis| ter)?,? (?:rue|avenue|boulevard|chemin|allée|impasse) [^\n,.;]{3,40}"),
    re.compile(
        rf"(?<!\w)(?:[Cc]alle|[Aa]venida|[Pp]laza|[Vv]ia|[Pp]iazza|[Rr]ua|[Uu]l\.) (?:d[eio]l?a? )?(?:{_NAME} ?)"
        r"{1,4},? ?(?:n\.?º? ?)?\d{1,4}(?!\w)"
    ),
)
_CHECK_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"


def redact_personal(text: str) -> str:
    """Returns the text with a marker in the place of each email, phone number, IBAN, national id, street address."""
    if "@" in text:
        text = _EMAIL.sub(EMAIL, text)
    return _without_numbers(text) if any(sign.isdigit() for sign in text) else text


def _without_numbers(text: str) -> str:
    text = _IBAN.sub(lambda found: IBAN if _is_iban(found[0]) else found[0], text)
    text = _CALLED_ID.sub(rf"\1{ID}", _ID.sub(ID, text))
    text = _SPANISH_ID.sub(lambda found: ID if _is_spanish_id(found) else found[0], text)
    text = _FRENCH_ID.sub(lambda found: ID if _is_french_id(found) else found[0], text)
    text = _PHONE.sub(lambda found: PHONE if 9 <= _digits(found[0]) <= 15 else found[0], text)
    text = _CALLED_PHONE.sub(rf"\1{PHONE}", text)
    for pattern in _ADDRESSES:
        text = pattern.sub(ADDRESS, text)
    return text


def _digits(text: str) -> int:
    return sum(sign.isdigit() for sign in text)


def _is_iban(found: str) -> bool:
    """By its check digits (ISO 13616)."""
    code = found.replace(" ", "")
    return 15 <= len(code) <= 34 and int("".join(str(int(sign, 36)) for sign in code[4:] + code[:4])) % 97 == 1


def _is_spanish_id(found: re.Match[str]) -> bool:
    first, digits, letter = found.groups()
    number = f"{'XYZ'.index(first)}{digits}" if first else digits
    return len(number) == 8 and _CHECK_LETTERS[int(number) % 23] == letter


def _is_french_id(found: re.Match[str]) -> bool:
    return 97 - int(found[1].replace(" ", "")) % 97 == int(found[2])
