from tests.clients.driver import Client
from tests.clients.releases import V1, V2, V3, only
from tests.clients.steps import refused, second_version

QUESTION = "Where is home?"


@only([*V1, *V2])
def test_an_add_before_2_0_about_nobody_is_invalid(client: Client) -> None:
    with refused(client, "ValidationError", "Invalid input data."):
        client.add("I live in Lisbon.", metadata={"source": "chat"})


@only(V3)
def test_an_add_about_nobody_is_invalid(client: Client) -> None:
    with refused(client, "ValidationError", "user_id, agent_id, app_id"):
        client.add("I live in Lisbon.")


def test_a_deletion_about_nobody_is_invalid(client: Client) -> None:
    with refused(client, "ValidationError"):
        client.delete_all()


@only(V1)
def test_a_list_of_nobody_is_invalid(client: Client) -> None:
    with refused(client, "ValidationError", "One of the filters: app_id, user_id, agent_id, run_id is required!"):
        client.get_all(limit=10)


@only(V1)
def test_a_search_of_nobody_is_invalid(client: Client) -> None:
    with refused(client, "ValidationError", "At least one of the filters: agent_id, user_id, app_id, run_id"):
        client.search(QUESTION, limit=10)


@only([*V1, *V2])
def test_a_list_of_the_second_version_of_nobody_is_invalid(client: Client) -> None:
    with refused(client, "ValidationError", "One of the filters: app_id, user_id, agent_id, run_id is required!"):
        client.get_all(**second_version(client))


@only([*V1, *V2])
def test_a_search_of_the_second_version_needs_filters(client: Client) -> None:
    with refused(client, "ValidationError", "Filters are required and cannot be empty."):
        client.search(QUESTION, limit=10, **second_version(client))


@only(V3)
def test_a_search_needs_filters(client: Client) -> None:
    with refused(client, "ValidationError", "Filters are required and cannot be empty."):
        client.search(QUESTION)
