"""People: how they sign up, log in, and prove who they are."""
