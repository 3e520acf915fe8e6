"""A process that guesses five times at the password of the email that it is given."""

import sys

import django


def main(email: str) -> None:
    """Sets Django up first: the browser needs it."""
    django.setup()
    from tests.orgs.accounts.browser import Browser

    for _ in range(5):
        answer = Browser("192.0.2.77").log_in(email, "a wrong guess, and another")
        assert answer.status_code == 200


if __name__ == "__main__":
    main(sys.argv[1])
