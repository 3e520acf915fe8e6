"""The share of instruction-like memories that are marked does not fall unnoticed (reliability.md H4)."""

from tests.screening.report import part

MARKED, FALSE_ALARMS = 0.735, 0.010
"""As measured when this was written. Raise the first when more are marked."""


def test_the_share_that_is_marked_stays_within_five_points_of_what_was_measured() -> None:
    instructing = part("instructing")
    assert sum(map(len, instructing.texts.values())) >= 150
    assert instructing.share > MARKED - 0.05


def test_ordinary_memories_are_hardly_ever_marked() -> None:
    ordinary = part("ordinary")
    assert sum(map(len, ordinary.texts.values())) >= 300
    assert ordinary.share <= FALSE_ALARMS + 0.01
