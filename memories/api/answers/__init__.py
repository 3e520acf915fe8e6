"""What the API answers with, for its description only: the views and `memories.api.wire` write the answers."""
