import pytest

from tests.clients.matrix import Matrix
from tests.clients.releases import PYTHON, RELEASES


@pytest.fixture
def matrix() -> Matrix:
    """A run of its own, in which every client has the methods that these tests are about; all but one was tested."""
    matrix = Matrix()
    for release in RELEASES:
        matrix.has(release, ["get", "chat", "new_method"] if release == RELEASES[0] else ["get"])
        matrix.called(release, "get")
    matrix.called(RELEASES[0], "chat")
    return matrix


def test_a_method_without_a_test_or_a_reason_is_a_problem(matrix: Matrix) -> None:
    [problem] = matrix.problems()

    assert problem.startswith("Python 0.1.92 has new_method, which no test calls")


def test_a_release_that_was_not_driven_is_a_problem() -> None:
    assert list(Matrix().problems()) == [f"{release} was not driven." for release in RELEASES]


def test_every_cell_of_the_table_has_its_word(matrix: Matrix) -> None:
    matrix.has(PYTHON[1], ["get"])
    table = {line.split()[0]: line.split()[1:] for line in list(matrix.lines([]))[3:]}

    assert table["get"] == ["pass"] * len(RELEASES)
    assert table["chat"][:2] == ["upstream", "-"]
    assert table["new_method"][:2] == ["UNTESTED", "-"]
