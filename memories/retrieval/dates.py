"""Which times a question names: "last spring", "on the Wednesday two months ago", "in May 2023" (design.md §4).

English only. A date without a year is the last one before the reference date, since questions to a memory are mostly
about what was; since a time is until then. What is named vaguely ("four weeks ago") is as wide as people mean it.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from dateutil.relativedelta import relativedelta

from memories.dates import MONTHS, NUMBERS, WEEKDAYS, step

DAY = timedelta(days=1)
MOST = 4
"""Times of one question, the first; a text that names more is none that asks for a time."""

_MONTHS, _WEEKDAYS = [month.lower() for month in MONTHS], [day.lower() for day in WEEKDAYS]
_SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}
_NUMBERS = NUMBERS | {"eleven": 11, "twelve": 12}
_VAGUENESS = {"day": DAY, "week": 3 * DAY, "month": 12 * DAY, "year": 120 * DAY}
"""How far "four weeks ago" may be from four weeks, on either side."""
_EXACT_DAYS = 3
"""People count so many days; of more they guess."""

_MONTH, _WEEKDAY = rf"(?P<month>{'|'.join(_MONTHS)})", rf"(?P<weekday>{'|'.join(_WEEKDAYS)})"
_COUNT = rf"(?P<count>\d{{1,3}}|(?:a )?(?:{'|'.join(_NUMBERS)})(?: of)?)"
_UNIT, _YEAR = r"(?P<unit>day|week|month|year)s?", r"(?P<year>(?:19|20)\d\d)"


@dataclass(frozen=True)
class Times:
    """A time from `start`, included, to `end`; where a `weekday` (Monday is 0) is named, such days of it."""

    start: datetime
    end: datetime
    weekday: int | None = None


def times(question: str, reference: datetime) -> list[Times]:
    """Returns the times that a question names, at most four, as days in the time zone of `reference`."""
    today = reference.replace(hour=0, minute=0, second=0, microsecond=0)
    return list(_times(question.casefold(), today))[:MOST]


def _times(text: str, today: datetime) -> Iterator[Times]:
    for pattern, reading in _READINGS:
        found: list[Times] = []
        text = pattern.sub(partial(_read, reading=reading, today=today, found=found), text)
        yield from found


def _read(match: re.Match[str], *, reading: "Reading", today: datetime, found: list[Times]) -> str:
    """Takes the phrase out of the text, so that no other reading finds a part of it; an impossible date stays."""
    try:
        time = reading(match, today)
        found.append(_until_now(time, today) if match[0].startswith("since ") else time)
    except (ValueError, OverflowError):
        return match[0]
    return " "


def _until_now(time: Times, today: datetime) -> Times:
    return replace(time, end=max(time.end, today + DAY))


def _ago(match: re.Match[str], today: datetime) -> Times:
    count, unit = _number(match["count"]), match["unit"]
    then, around = today - step(unit, count), _VAGUENESS[unit]
    if unit == "day" and count <= _EXACT_DAYS:
        around = 0 * DAY
    weekday = _WEEKDAYS.index(match["weekday"]) if match["weekday"] else None
    return Times(then - around, then + around + DAY, weekday)


def _lately(match: re.Match[str], today: datetime) -> Times:
    return Times(today - step(match["unit"], _number(match["count"])), today + DAY)


def _period(match: re.Match[str], today: datetime) -> Times:
    """A calendar week, month or year; "the past month" is the time until now."""
    which, unit = match["which"], match["unit"]
    if which == "past":
        return Times(today - step(unit, 1), today + DAY)
    start = {
        "week": today - today.weekday() * DAY,
        "month": today.replace(day=1),
        "year": today.replace(month=1, day=1),
    }[unit]
    return _moved(start, step(unit, 1), which)


def _weekend(match: re.Match[str], today: datetime) -> Times:
    saturday = today + (5 - today.weekday()) * DAY
    start = _moved(saturday, 7 * DAY, match["which"]).start
    return Times(start, start + 2 * DAY)


def _weekday(match: re.Match[str], today: datetime) -> Times:
    back = (today.weekday() - _WEEKDAYS.index(match["weekday"])) % 7 or 7
    return _day(today - back * DAY)


def _named_day(match: re.Match[str], today: datetime) -> Times:
    back = {"the day before yesterday": 2, "yesterday": 1, "last night": 1}.get(match["day"], 0)
    return _day(today - back * DAY)


def _date(match: re.Match[str], today: datetime) -> Times:
    month, day = _MONTHS.index(match["month"]) + 1, int(match["date"])
    if match["year"]:
        return _day(today.replace(year=int(match["year"]), month=month, day=day))
    this_year = today.replace(month=month, day=day)
    return _day(this_year if this_year <= today else this_year - relativedelta(years=1))


def _iso_date(match: re.Match[str], today: datetime) -> Times:
    return _day(today.replace(year=int(match["year"]), month=int(match["number"]), day=int(match["date"])))


def _month(match: re.Match[str], today: datetime) -> Times:
    return _months(match, today, _MONTHS.index(match["month"]) + 1, 1)


def _season(match: re.Match[str], today: datetime) -> Times:
    return _months(match, today, _SEASONS[match["season"]], 3)


def _year(match: re.Match[str], today: datetime) -> Times:
    start = today.replace(year=int(match["year"]), month=1, day=1)
    return Times(start, start + relativedelta(years=1))


def _months(match: re.Match[str], today: datetime, first: int, count: int) -> Times:
    start = today.replace(month=first, day=1)
    if match["year"]:
        start = start.replace(year=int(match["year"]))
    elif start > today:
        start -= relativedelta(years=1)
    return Times(start, start + relativedelta(months=count))


def _day(day: datetime) -> Times:
    return Times(day, day + DAY)


def _moved(start: datetime, length: relativedelta | timedelta, which: str) -> Times:
    """The time of this length that begins at `start`, or the one before or after."""
    start += {"this": 0, "next": 1}.get(which, -1) * length
    return Times(start, start + length)


def _number(words: str) -> int:
    word = words.removesuffix(" of").split()[-1]
    return int(word) if word.isdigit() else _NUMBERS[word]


Reading = Callable[[re.Match[str], datetime], Times]

_READINGS: list[tuple[re.Pattern[str], Reading]] = [
    (re.compile(rf"\b(?:since )?{pattern}\b"), reading)
    for pattern, reading in (
        (rf"{_YEAR}-(?P<number>\d\d)-(?P<date>\d\d)", _iso_date),
        (rf"(?P<date>\d{{1,2}})(?:st|nd|rd|th)? (?:of )?{_MONTH}(?:,? {_YEAR})?", _date),
        (rf"{_MONTH} (?:the )?(?P<date>\d{{1,2}})(?:st|nd|rd|th)?(?!\d)(?:,? {_YEAR})?", _date),
        (rf"(?:{_WEEKDAY} )?(?:about |around )?{_COUNT} {_UNIT} ago", _ago),
        (rf"(?:past|last|previous) {_COUNT} {_UNIT}", _lately),
        (r"(?P<which>past|last|previous|this|next) (?P<unit>week|month|year)", _period),
        (r"(?P<which>past|last|previous|this|next) weekend", _weekend),
        (rf"(?:last|past|on|since) {_WEEKDAY}", _weekday),
        (r"(?P<day>the day before yesterday|yesterday|last night|today)", _named_day),
        (rf"(?:in|of|during|last|since|early|late|mid|this) {_MONTH}(?:,? {_YEAR})?", _month),
        (rf"(?:in|of|during|last|since|this)(?: the)? (?P<season>{'|'.join(_SEASONS)})(?:(?: of)? {_YEAR})?", _season),
        (rf"(?:in|of|during|since) {_YEAR}", _year),
    )
]
