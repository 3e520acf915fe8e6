"""A provider of OpenID Connect on loopback, as honest as the test wants it."""

import base64
import functools
import hashlib
import json
import secrets
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.fakes.loopback import Loopback

CLIENT_ID = "loci"
CLIENT_SECRET = "of the tests"
Claims = dict[str, Any]


@functools.cache
def key_of(name: str) -> rsa.RSAPrivateKey:
    """Returns the key of that name, as providers sign with; it takes a moment to make."""
    return rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


class OidcServer(Loopback):
    """Signs people in. A test may replace parts of its `config`, and how it makes tokens (`sign`)."""

    def __init__(self) -> None:
        self.serve_by(ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self)))
        self.key = key_of("provider")
        self.config: Any = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
        }
        self.userinfo: Any = {}
        self.token_answer: Any = None
        self.sign: Callable[[Claims], Any] = self.signed
        self.paths: list[str] = []
        self._waiting: dict[str, tuple[dict[str, str], Claims]] = {}

    @property
    def place(self) -> str:
        """Returns host and port."""
        return f"127.0.0.1:{self.bound_port}"

    @property
    def issuer(self) -> str:
        """Returns the issuer's URL."""
        return f"http://{self.place}"

    def sign_in(self, authorize_url: str, **claims: Any) -> str:
        """Signs in who is sent here, and returns the address that the browser is sent back to."""
        asked = dict(parse_qsl(urlsplit(authorize_url).query))
        code = secrets.token_urlsafe(8)
        now = int(time.time())
        own = {"iss": self.issuer, "aud": asked["client_id"], "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        self._waiting[code] = asked, {**own, **claims}
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def signed(self, claims: Claims, **header: Any) -> str:
        """Returns an ID token as it should be."""
        given = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(given, self.key, algorithm="RS256", headers={"kid": "one", **header})

    def answer(self, path: str, form: dict[str, str]) -> Any:
        """Returns the JSON of an endpoint; None for what it does not know."""
        self.paths.append(path)
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        answers: dict[str, Callable[[], Any]] = {
            "/.well-known/openid-configuration": lambda: self.config,
            "/jwks": lambda: {"keys": [{**public, "kid": "one", "use": "sig", "alg": "RS256"}]},
            "/token": lambda: self._tokens(form),
            "/userinfo": lambda: self.userinfo,
        }
        return answers.get(path, lambda: None)()

    def _tokens(self, form: dict[str, str]) -> Any:
        if self.token_answer is not None:
            return self.token_answer
        asked, claims = self._waiting.pop(form["code"])
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest())
        assert asked["code_challenge"] == challenge.rstrip(b"=").decode()
        assert asked["redirect_uri"] == form["redirect_uri"]
        assert (form["client_id"], form["client_secret"]) == (CLIENT_ID, CLIENT_SECRET)
        return {"access_token": "of the provider", "token_type": "Bearer", "id_token": self.sign(claims)}


def _handler_of(server: OidcServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            text = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            form = {name: values[0] for name, values in parse_qs(text).items()}
            answer = server.answer(urlsplit(self.path).path, form)
            body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(404 if answer is None else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so.
            """Tests are quiet."""

    return Handler
