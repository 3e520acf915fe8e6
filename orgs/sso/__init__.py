"""Single sign-on: people of an organization log in through its own identity provider."""
