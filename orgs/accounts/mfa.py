"""The second factor."""

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator

from loci import crypto

CONTEXT = "second factor"
"""allauth does not say whose secret it encrypts."""


class MfaAdapter(DefaultMFAAdapter):
    """Keeps the seeds of one-time passwords and of recovery codes encrypted."""

    def encrypt(self, text: str) -> str:
        """Returns the seed as it is kept."""
        return crypto.encrypt(text, CONTEXT)

    def decrypt(self, encrypted_text: str) -> str:
        """Returns the seed; raises `UnreadableSecretError` when the master key is another one."""
        return crypto.decrypt(encrypted_text, CONTEXT)


def renew_seeds() -> int:
    """Encrypts every seed under the current master key; returns how many were under the old one."""
    return sum(map(_renew, Authenticator.objects.iterator()))


def _renew(authenticator: Authenticator) -> bool:
    name = "seed" if authenticator.type == Authenticator.Type.RECOVERY_CODES else "secret"
    kept = authenticator.data[name]
    new = crypto.renewed(kept, CONTEXT)
    # A code that is used meanwhile changes the row, which is then left to the next run.
    unchanged = Authenticator.objects.filter(pk=authenticator.pk, data=authenticator.data)
    return new != kept and bool(unchanged.update(data={**authenticator.data, name: new}))
