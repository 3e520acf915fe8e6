import pytest

from workers.limits import backoff, limits


@pytest.mark.parametrize("budget", [4, 60, 600])
def test_every_limit_is_longer_than_the_one_before(budget: int) -> None:
    found = limits(budget)
    assert budget == found.budget < found.soft < found.hard < found.lease


def test_the_back_off_doubles_up_to_ten_minutes() -> None:
    assert [backoff(soft) for soft in (0, 1, 2, 8, 9, 14)] == [2, 4, 8, 512, 600, 600]
