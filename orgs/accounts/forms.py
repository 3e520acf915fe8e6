"""The forms in which people write their email: in whatever spelling, it means the one account of that address."""

from typing import Any

from allauth.account import forms
from allauth.core import context
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from orgs.accounts.emails import drop_unproved_claims, has_proved, own_email
from orgs.accounts.people import held_invitation

INVITED_ONLY = "Accounts are made by invitation here: use the email that was invited."


class LoginForm(forms.LoginForm):
    """Logs in by email and password."""

    def clean_login(self) -> str:
        """Returns the canonical email."""
        return own_email(super().clean_login())


class SignupForm(forms.SignupForm):
    """Makes an account. Whether the email has one already, the answer, the mail and the work are the same."""

    def clean_email(self) -> str:
        """Returns the email; where sign-up is by invitation only, it must be the invited one."""
        email: str = super().clean_email()
        if not settings.SIGN_UP:
            invitation = held_invitation(context.request)
            if invitation is None or invitation.email != own_email(email):
                raise ValidationError(INVITED_ONLY)
        return email

    def validate_unique_email(self, value: str) -> str:
        """Returns the email; somebody else's claim to it that was never proved is no obstacle."""
        drop_unproved_claims(value)
        return super().validate_unique_email(value)

    def try_save(self, request: HttpRequest) -> Any:
        """Makes the account and returns it with the answer, or hashes the password for nothing: time would tell."""
        if self.account_already_exists:
            make_password(self.cleaned_data["password1"])
        return super().try_save(request)


class ResetPasswordForm(forms.ResetPasswordForm):
    """Mails a link that sets a new password."""

    def clean_email(self) -> str:
        """Returns the canonical email, which the mail goes to: never to another spelling, which may be another's."""
        self.cleaned_data["email"] = own_email(self.cleaned_data["email"])
        email = super().clean_email()
        self.users = [user for user in self.users if has_proved(user, email)]
        return email
