"""Whose an email is."""

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from orgs.models import User, canonical_email

LONGEST_EMAIL = 254


def own_email(text: str) -> str:
    """Returns the canonical form of an email; raises `ValidationError` when that is none any more."""
    email = canonical_email(text)
    validate_email(email)
    if not email.isprintable():  # Of a quoted name, Django lets control characters pass.
        raise ValidationError("This email address has characters that cannot be seen.")
    if len(email) > LONGEST_EMAIL:
        raise ValidationError("This email address is too long.")
    return email


def drop_unproved_claims(email: str) -> None:
    """Forgets who only wanted to change to `email`: whoever signs up with it now may prove it first."""
    EmailAddress.objects.filter(email=email, verified=False, primary=False).delete()


def has_proved(user: User, email: str) -> bool:
    """Tells whether `email` is the person's own, and not only what they want to change to."""
    return user.email == email or EmailAddress.objects.filter(user=user, email=email, verified=True).exists()
