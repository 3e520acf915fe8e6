from tests.memories.conftest import llm

__all__ = ["llm"]
