import uuid

import pytest
from django.test import Client


def test_every_answer_has_an_id_of_its_own(client: Client) -> None:
    first, second = (client.get("/v1/echo/")["X-Request-Id"] for _ in range(2))
    assert uuid.UUID(first) != uuid.UUID(second)


def test_a_callers_own_id_is_kept(client: Client) -> None:
    assert client.get("/v1/echo/", headers={"X-Request-Id": "trace-1.a_B"})["X-Request-Id"] == "trace-1.a_B"


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "a\r\nSet-Cookie: b", "é", '"}', "a\n"])
def test_an_id_that_is_none_is_replaced(client: Client, given: str) -> None:
    assert uuid.UUID(client.get("/v1/echo/", headers={"X-Request-Id": given})["X-Request-Id"])
