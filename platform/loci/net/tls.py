"""What servers of operators are checked against, for all clients of a process."""

import ssl
from functools import cache

import httpx2


@cache
def trusted() -> ssl.SSLContext:
    """Returns the process's context with the trusted certificates: to read them takes as long as many a call."""
    return httpx2.create_ssl_context()
