"""What a project remembers, to take away: an object that fits the application's schema, or a file of everything."""
