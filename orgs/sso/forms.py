"""What people write on the pages of single sign-on."""

from django import forms

from orgs.accounts.emails import own_email


class EmailForm(forms.Form):
    """Asks for the email by whose domain the identity provider is found."""

    email = forms.CharField(
        label="Your email at your organization",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True}),
    )

    def clean_email(self) -> str:
        """Returns the canonical email; raises `ValidationError` where it is none."""
        return own_email(self.cleaned_data["email"])
