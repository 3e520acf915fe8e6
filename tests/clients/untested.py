"""The methods that no test sees working, each with the reason. Every other method must have a test."""

from tests.clients.releases import PYTHON, Release, of_version

BEFORE_2_0 = [release for release in PYTHON if release.version != "2.2.1"]
_ASYNC_0_1_92 = [release for release in of_version("0.1.92") if release.asyncio]
UPSTREAM: dict[tuple[Release, str], str] = {
    **{(release, "chat"): "NotImplementedError" for release in PYTHON},
    # When the server has answered, they count the call with one argument too many.
    **{(release, "feedback"): "TypeError" for release in BEFORE_2_0},
    **{
        (release, method): "AttributeError"
        for release in _ASYNC_0_1_92
        for method in ("create_memory_export", "get_memory_export")
    },
}
"""The methods that work with no server, and what the client raises instead; test_upstream.py checks that."""
