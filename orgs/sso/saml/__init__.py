"""SAML 2.0: logins that begin here, answered by POST with an assertion that is signed and made for this login."""
