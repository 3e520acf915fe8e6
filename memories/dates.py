"""English words of dates, and steps between dates: for what messages say and for what questions ask."""

from dateutil.relativedelta import relativedelta

MONTHS = [
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
]
WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
NUMBERS = {"a": 1, "an": 1, "one": 1, "two": 2, "couple": 2, "three": 3, "few": 3, "four": 4, "five": 5, "six": 6}
NUMBERS |= {"seven": 7, "eight": 8, "nine": 9, "ten": 10}


def step(unit: str, count: int) -> relativedelta:
    """Returns so many days, weeks, months or years; `unit` is the singular, in lower case."""
    return relativedelta(**{f"{unit}s": count})  # type: ignore[arg-type]  # a unit's plural is one of its keywords
