"""Relative dates made absolute: "next Friday", said on 13 May 2026, is "on 22 May 2026"."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from dateutil.relativedelta import relativedelta

from memories.dates import MONTHS, NUMBERS, WEEKDAYS, step

_FUTURE = re.compile(
    r"\b(?:will|going to|plan|planning|hope|want|next|tomorrow|would like|would love|upcoming|looking forward"
    r"|due|scheduled"
    r"|starts?|leaves?|move in|am (?:\w+ ){0,2}\w+ing)\b",
    re.IGNORECASE,
)

_PAST = re.compile(
    r"\b(?:\w{2,}ed|was|were|did|had|went|got|bought|met|saw|took|made|came|left|began|flew|won|lost|ran|ate"
    r"|drove|sold|spent)\b",
    re.IGNORECASE,
)

_MONTH = rf"(?P<month>{'|'.join(MONTHS)})"
_WEEKDAY = rf"(?P<weekday>{'|'.join(WEEKDAYS)})"
_COUNT = rf"(?P<count>\d{{1,3}}|(?:a )?(?:{'|'.join(NUMBERS)})(?: of)?)"
_UNIT = r"(?P<unit>day|week|month|year)s?"
_BEFORE = r"\b(?P<before>(?:since|until|till|by|from|before|after|for|of|over|during|throughout) )?"

Resolver = Callable[[re.Match[str], datetime, bool], tuple[str, datetime]]


def resolved(text: str, observed_at: datetime) -> tuple[str, datetime | None]:
    """Returns the text with its dates absolute, and the first of them at midnight in the time zone of `observed_at`.

    A week, month or year stands for its first day. Weekdays and days without a year lie after `observed_at` in
    statements about the future, before it otherwise and after "since"; "next Friday" is the Friday of the next calendar
    week.
    """
    today = observed_at.replace(hour=0, minute=0, second=0, microsecond=0)
    future = bool(_FUTURE.search(text)) or not _PAST.search(text)
    first: list[tuple[int, datetime]] = []
    for pattern, resolver in _RESOLVERS:
        text = pattern.sub(partial(_replaced, resolver=resolver, today=today, future=future, dates=first), text)
    return text, min(first, key=lambda dated: dated[0])[1] if first else None


def _replaced(
    found: re.Match[str], resolver: Resolver, today: datetime, future: bool, dates: list[tuple[int, datetime]]
) -> str:
    """Returns the absolute phrase, and adds its place and day to `dates`; an impossible date stays as it was."""
    before = found["before"]
    lies_ahead = future and (before or "").lower() != "since "
    try:
        phrase, day = resolver(found, today, lies_ahead)
    except (ValueError, OverflowError):
        return found[0]
    dates.append((found.start(), day))
    return f"{before}{phrase.split(' ', 1)[1]}" if before else phrase


def _on(day: datetime) -> tuple[str, datetime]:
    return f"on {day.day} {MONTHS[day.month - 1]} {day.year}", day


def _in_month(day: datetime) -> tuple[str, datetime]:
    return f"in {MONTHS[day.month - 1]} {day.year}", day.replace(day=1)


def _in_year(day: datetime) -> tuple[str, datetime]:
    return f"in {day.year}", day.replace(month=1, day=1)


def _in_week(day: datetime) -> tuple[str, datetime]:
    monday = day - timedelta(days=day.weekday())
    return f"in the week of {monday.day} {MONTHS[monday.month - 1]} {monday.year}", monday


def _by_unit(unit: str, day: datetime) -> tuple[str, datetime]:
    return {"day": _on, "week": _in_week, "month": _in_month, "year": _in_year}[unit](day)


def _named_day(found: re.Match[str], today: datetime, _future: bool) -> tuple[str, datetime]:
    shift = {
        "the day before yesterday": -2,
        "yesterday": -1,
        "last night": -1,
        "tomorrow": 1,
        "the day after tomorrow": 2,
    }
    return _on(
        today + timedelta(days=shift.get(found["day"].lower().removesuffix(" morning").removesuffix(" evening"), 0))
    )


def _weekday(found: re.Match[str], today: datetime, future: bool) -> tuple[str, datetime]:
    which = (found["which"] or "on").lower()
    ahead = (WEEKDAYS.index(found["weekday"].capitalize()) - today.weekday()) % 7
    if which == "next":
        monday = today - timedelta(days=today.weekday())
        return _on(monday + timedelta(days=7 + WEEKDAYS.index(found["weekday"].capitalize())))
    if which in ("this", "coming", "this coming") or (which == "on" and future):
        return _on(today + timedelta(days=ahead))
    return _on(today - timedelta(days=(7 - ahead) % 7 or 7))


def _weekend(found: re.Match[str], today: datetime, _future: bool) -> tuple[str, datetime]:
    saturday = today + timedelta(days=5 - today.weekday())
    saturday += timedelta(weeks={"last": -1, "next": 1}.get(found["which"].lower(), 0))
    return f"on the weekend of {saturday.day} {MONTHS[saturday.month - 1]} {saturday.year}", saturday


def _period(found: re.Match[str], today: datetime, _future: bool) -> tuple[str, datetime]:
    unit, count = found["unit"].lower(), {"last": -1, "past": -1, "next": 1}.get(found["which"].lower(), 0)
    return _by_unit(unit, today + step(unit, count))


def _month(found: re.Match[str], today: datetime, future: bool) -> tuple[str, datetime]:
    which = (found["which"] or "in").lower()
    month = today.replace(month=MONTHS.index(found["month"].capitalize()) + 1, day=1)
    this_month = today.replace(day=1)
    if which == "next" or (which == "in" and future):
        return _in_month(month if month > this_month else month + relativedelta(years=1))
    if which == "this":
        return _in_month(month)
    return _in_month(month if month < this_month else month - relativedelta(years=1))


def _counted(found: re.Match[str], today: datetime, _future: bool) -> tuple[str, datetime]:
    words = found["count"].lower().removesuffix(" of").split()
    count = int(words[-1]) if words[-1].isdigit() else NUMBERS[words[-1]]
    unit = found["unit"].lower()
    return _by_unit(unit, today + step(unit, count if found["ahead"] else -count))


def _day_of_month(found: re.Match[str], today: datetime, future: bool) -> tuple[str, datetime]:
    month = MONTHS.index(found["month"].capitalize()) + 1
    if found["year"]:
        return _on(today.replace(year=int(found["year"]), month=month, day=int(found["date"])))
    day = today.replace(month=month, day=int(found["date"]))
    if future and day < today:
        return _on(day + relativedelta(years=1))
    return _on(day - relativedelta(years=1) if not future and day > today else day)


def _year(found: re.Match[str], today: datetime, _future: bool) -> tuple[str, datetime]:
    if found["month"]:
        return _in_month(
            today.replace(year=int(found["year"]), month=MONTHS.index(found["month"].capitalize()) + 1, day=1)
        )
    return _in_year(today.replace(year=int(found["year"]), month=1, day=1))


_RESOLVERS: list[tuple[re.Pattern[str], Resolver]] = [
    (re.compile(_BEFORE + pattern, re.IGNORECASE), resolver)
    for pattern, resolver in (
        (
            rf"(?:on )?(?:the )?(?P<date>\d{{1,2}})(?:st|nd|rd|th)? (?:of )?{_MONTH}\b,?(?: (?P<year>\d{{4}})\b)?",
            _day_of_month,
        ),
        (
            rf"(?:on )?{_MONTH} (?:the )?(?P<date>\d{{1,2}})(?:st|nd|rd|th)?\b(?!\d)(?:,? (?P<year>\d{{4}})\b)?",
            _day_of_month,
        ),
        (rf"(?:in |back in )(?:{_MONTH}(?: of)? )?(?P<year>(?:19|20)\d\d)\b", _year),
        (
            r"(?P<day>the day before yesterday|the day after tomorrow|(?:yesterday|tomorrow)(?: morning"
            r"| evening)?|last night|tonight|today|this (?:morning|afternoon|evening))\b",
            _named_day,
        ),
        (rf"(?:on )?(?P<which>last|this coming|next|this|coming) {_WEEKDAY}\b", _weekday),
        (rf"(?P<which>on) {_WEEKDAY}\b", _weekday),
        (r"(?P<which>last|this|next) weekend\b", _weekend),
        (r"(?:in |earlier )?(?P<which>last|past|this|next) (?P<unit>week|month|year)\b", _period),
        (rf"(?:in )?(?P<which>last|next|this) {_MONTH}\b", _month),
        (rf"(?P<which>in) {_MONTH}\b(?! \d)", _month),
        (rf"{_COUNT} {_UNIT} (?P<ahead>from now)\b", _counted),
        (rf"(?P<ahead>in ){_COUNT} {_UNIT}(?:' time)?\b", _counted),
        (rf"(?:about |around )?{_COUNT} {_UNIT} ago(?P<ahead>)\b", _counted),
    )
]
