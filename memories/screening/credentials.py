"""Secrets that people paste into conversations: keys, tokens, passwords, card numbers."""

import re
from pathlib import Path

SECRET = "[secret]"  # noqa: S105 - what stands in its place

_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]{0,60}-----|\Z)", re.DOTALL
)
_TOKEN = re.compile(
    r"(?<![A-Za-z0-9_-])(?:"
    r"(?:sk|gsk|xai|pplx|nvapi|m0)-[A-Za-z0-9_-]{16,}"  # providers of models
    r"|(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{10,}"
    r"|loci_[a-z]{2}_[A-Za-z0-9]{20,}"
    r"|gh[oprsu]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|gl(?:pat|sa|rt)[-_][A-Za-z0-9_-]{16,}"
    r"|(?:hf|npm|r8)_[A-Za-z0-9]{20,}|pypi-[A-Za-z0-9_-]{20,}|dop_v1_[0-9a-f]{40,}|shp(?:at|ca|pa|ss)_[0-9a-f]{20,}"
    r"|(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Z0-9])"
    r"|AIza[A-Za-z0-9_-]{30,}|ya29\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{20,}"
    r"|xox[abeoprs]-[A-Za-z0-9-]{10,}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"
    r"|whsec_[A-Za-z0-9+/=]{16,}|AGE-SECRET-KEY-1[A-Z0-9]{20,}"
    r"|eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"  # JSON web tokens
    r")"
)
_BEARER = re.compile(r"\b(bearer|basic) (?=[^\s]{0,200}\d)[A-Za-z0-9._~+/-]{16,}={0,2}", re.IGNORECASE)
_IN_URL = re.compile(r"(://)[^\s/:@]{1,256}:[^\s/@]{1,256}(?=@)")

_NAMES = (
    r"pass ?(?:word|code|phrase)s?|passwd|pwd|pin(?: code| number)?|cvv|cvc"
    r"|(?:api|secret|access|private|licen[cs]e|recovery|encryption)[ _-]?key|client[ _-]?secret"
    r"|(?:access|auth|api|refresh|bearer|session)[ _-]?token"
    r"|passwort|kennwort|mot de passe|contraseña|senha|parola d'ordine|wachtwoord|hasło|пароль"
)
_VERBS = r"is|was|are|ist|war|lautet|est|es|é|è|to"
_NAMED = re.compile(
    rf"(?<!\w)(?P<name>(?:{_NAMES})(?!\w)(?: (?:for|to|of|on|für|de|do|del)(?: [\w.'-]{{1,30}}){{1,3}}?)?)"
    rf"(?P<verb> {{0,2}}[\"']?(?:[:=]| (?:{_VERBS})(?!\w):?) {{0,2}})"
    r"(?:(?P<quote>[\"'`“„«])(?P<quoted>[^\"'`”“»\n]{1,64})[\"'`”“»]|(?P<value>[^\s\"'`,;]{3,200}))",
    re.IGNORECASE,
)
_IN_CHINESE_OR_JAPANESE = re.compile(r"((?:密码|密碼|口令|パスワード|暗証番号)(?:是|为|為|は|:|：| )\s?)([!-~]{3,64})")  # noqa: RUF001 - the colon of Chinese
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*[.!?…)]*")  # noqa: RUF001 - an apostrophe that people type
_NO_PASSWORD = frozenset(Path(__file__).with_name("no_passwords.txt").read_text().split())
"""What people say of a password: "my password is wrong"."""
_CARD = re.compile(
    r"(?<!\d)(?:(?:4|5[1-5]|2[2-7]|3[0-9]|6)\d{11,17}"
    r"|(?:4\d|5[1-5]|2[2-7]|6\d|35)\d\d(?P<sign>[ -])\d{4}(?P=sign)\d{4}(?P=sign)\d{4}(?:(?P=sign)\d{3})?"
    r"|3[47]\d\d(?P<other>[ -])\d{6}(?P=other)\d{5})(?!\d)"
)


def redact_secrets(text: str) -> str:
    """Returns the text with `[secret]` in the place of each key, token, password and card number."""
    text = _PRIVATE_KEY.sub(SECRET, text)
    text = _TOKEN.sub(SECRET, text)
    text = _BEARER.sub(rf"\1 {SECRET}", text)
    text = _IN_URL.sub(rf"\1{SECRET}", text)
    text = _NAMED.sub(_without_value, text)
    text = _IN_CHINESE_OR_JAPANESE.sub(rf"\1{SECRET}", text)
    return _CARD.sub(lambda found: SECRET if _has_check_digit(found[0]) else found[0], text)


def _without_value(found: re.Match[str]) -> str:
    given = found["quoted"] or found["value"]
    if SECRET in given or not _is_a_secret(found):
        return found[0]
    return f"{found['name']}{found['verb']}{SECRET}"


def _is_a_secret(found: re.Match[str]) -> bool:
    """A quotation is, and what is no word; a word is where the sentence ends with it, unless it says how it is."""
    if found["quoted"]:
        return True
    value = found["value"]
    if not _WORD.fullmatch(value):
        return any(sign.isalnum() for sign in value)
    ends = value[-1] in ".!?" or found.string[found.end() : found.end() + 1] in {"", "\n", ",", ";"}
    return ends and value.rstrip(".!?…)").lower() not in _NO_PASSWORD


def _has_check_digit(number: str) -> bool:
    """By the formula of Luhn (ISO/IEC 7812)."""
    digits = [int(sign) for sign in number if sign.isdigit()]
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
