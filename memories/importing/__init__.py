"""Memories from elsewhere: where they are read from, what a row of them means, and the run through all of them."""
