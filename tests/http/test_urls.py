import re
from typing import Any

import pytest
from django.test import Client


def status_of(client: Client, path: str) -> int:
    response: Any = client.get(path)
    b"".join(response)  # Only a file that was read to its end is closed.
    return int(response.status_code)


@pytest.mark.parametrize("path", ["/docs", "/docs/"])
def test_the_reference_page_needs_no_other_host(path: str) -> None:
    client = Client()
    page = client.get(path).content.decode()
    files = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(files) >= 3
    assert {name: status_of(client, name) for name in files} == dict.fromkeys(files, 200)
    assert "http://" not in page
    assert "https://" not in page


def test_the_schema_is_served() -> None:
    assert Client().get("/openapi.json").json()["info"]["title"] == "Loci"


def test_the_root_names_the_product_and_its_reference_page() -> None:
    about: Any = Client().get("/").json()
    assert about["name"] == "Loci"
    assert about["docs"].endswith("/docs")
