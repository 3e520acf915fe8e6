import uuid
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from loci.http.renderer import dump_json


def test_times_are_written_in_utc_with_microseconds_and_an_offset() -> None:
    moment = datetime(2026, 1, 15, 12, 30, tzinfo=timezone(timedelta(hours=2)))
    written = b'"2026-01-15T10:30:00.000000+00:00"'
    assert [dump_json(moment), dump_json(moment.astimezone(UTC))] == [written, written]


def test_dates_and_ids_are_texts() -> None:
    number = uuid.UUID(int=7)
    assert dump_json({"day": date(2026, 1, 5), "id": number}) == f'{{"day":"2026-01-05","id":"{number}"}}'.encode()


def test_a_time_without_a_zone_is_a_bug_and_not_a_guess() -> None:
    with pytest.raises(TypeError):
        dump_json(datetime(2026, 1, 15))  # noqa: DTZ001 - the point of it
