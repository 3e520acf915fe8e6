"""OpenID Connect: the authorization code flow with PKCE, a nonce, and an ID token whose signature is checked."""
