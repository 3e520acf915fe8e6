"""The names by which identity providers know their people."""

from typing import Any

from allauth.socialaccount.providers.base.provider import ProviderException

LONGEST = 191
"""django-allauth keeps no longer ones."""


def checked_subject(subject: Any) -> str:
    """Returns the subject as it is; raises `ProviderException` for what cannot be kept or seen."""
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST or not subject.isprintable():
        raise ProviderException("the subject is empty, too long or no text")
    return subject
