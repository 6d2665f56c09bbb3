"""A company's sign-in for tests: an OpenID provider on this computer, strict as the standard asks, sharing no code with ours.

It signs with real keys, by `cryptography` alone. Each code works once, for the client, the redirect address and the PKCE
challenge it was made for. What it may do wrong is said by the test.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

CLIENT, SECRET = "connector & co", "s3cret: +/%"  # need escaping in a header


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _number(value: int, size: int = 0) -> str:
    return b64(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


class RsaKey:
    """Signs RS256 or PS256."""

    def __init__(self, kid: str, alg: str = "RS256") -> None:
        self.kid, self.alg = kid, alg
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def jwk(self) -> dict[str, str]:
        numbers = self.private.public_key().public_numbers()
        return {"kty": "RSA", "kid": self.kid, "use": "sig", "n": _number(numbers.n), "e": _number(numbers.e)}

    def sign(self, data: bytes) -> bytes:
        if self.alg == "PS256":
            return self.private.sign(data, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
        return self.private.sign(data, padding.PKCS1v15(), hashes.SHA256())

    def public_pem(self) -> bytes:
        return self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )


class EcKey:
    """Signs ES256."""

    alg = "ES256"

    def __init__(self, kid: str) -> None:
        self.kid, self.private = kid, ec.generate_private_key(ec.SECP256R1())

    def jwk(self) -> dict[str, str]:
        numbers = self.private.public_key().public_numbers()
        return {"kty": "EC", "crv": "P-256", "kid": self.kid, "use": "sig",
                "x": _number(numbers.x, 32), "y": _number(numbers.y, 32)}  # fmt: skip

    def sign(self, data: bytes) -> bytes:
        r, s = utils.decode_dss_signature(self.private.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


Key = RsaKey | EcKey


def token(header: dict[str, Any], claims: dict[str, Any], sign: Callable[[bytes], bytes]) -> str:
    text = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims).encode())}"
    return f"{text}.{b64(sign(text.encode()))}"


def signed_with_the_public_key(key: RsaKey, claims: dict[str, Any]) -> str:
    """Make the token of somebody who knows only what everybody knows."""
    return token(
        {"alg": "HS256", "kid": key.kid}, claims, lambda data: hmac.new(key.public_pem(), data, hashlib.sha256).digest()
    )


class CompanyProvider:
    """One provider, with one client."""

    def __init__(self, now: Callable[[], datetime], redirect: str) -> None:
        self.now, self.redirect = now, redirect
        self.keys: list[Key] = [RsaKey("first")]
        self.shown: list[Key] | None = None  #: the keys it shows, if others than it signs with
        self.person: dict[str, Any] = {"sub": "248289", "email": "zoe@acme.example", "email_verified": True}
        self.user_info: dict[str, Any] = {}
        self.answers: dict[str, Any] = {}  #: what its description of itself says otherwise
        self.change: Callable[[dict[str, Any]], dict[str, Any]] = lambda claims: claims
        self.forge: Callable[[dict[str, Any]], str] | None = None
        self.silent = False
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    # What the browser is answered.

    def authorizes(self, address: str) -> str:
        """Be visited by a browser whose person agrees; return where it is sent back to."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert address.startswith(f"{self.issuer}/authorize?"), address
        assert asked["client_id"] == CLIENT and asked["redirect_uri"] == self.redirect, asked
        assert asked["response_type"] == "code" and "openid" in asked["scope"].split(), asked
        assert asked["code_challenge_method"] == "S256" and len(asked["code_challenge"]) == 43, asked
        assert len(asked["state"]) >= 22 and len(asked["nonce"]) >= 22, asked
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return f"{self.redirect}?{urlencode({'code': code, 'state': asked['state'], 'iss': self.issuer})}"

    # What the connector is answered.

    def tokens(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        kind, _, pair = authorization.partition(" ")
        client, _, secret = base64.b64decode(pair).decode().partition(":") if kind == "Basic" else ("", "", "")
        if (unquote_plus(client), unquote_plus(secret)) != (CLIENT, SECRET):
            return 401, {"error": "invalid_client"}
        asked = self.codes.get(form.get("code", ""))
        fits = (
            asked is not None
            and "used" not in asked
            and form.get("grant_type") == "authorization_code"
            and form.get("redirect_uri") == asked["redirect_uri"]
            and b64(hashlib.sha256(form.get("code_verifier", "").encode()).digest()) == asked["code_challenge"]
        )
        if not fits or asked is None:
            return 400, {"error": "invalid_grant"}
        asked["used"] = "yes"
        at, access = int(self.now().timestamp()), "an-access-token"
        claims = self.change(
            {
                "iss": self.issuer, "aud": CLIENT, "iat": at, "exp": at + 300, "nonce": asked["nonce"],
                "at_hash": b64(hashlib.sha256(access.encode()).digest()[:16]), **self.person,
            }
        )  # fmt: skip
        key = self.keys[-1]
        made = self.forge(claims) if self.forge else token({"alg": key.alg, "kid": key.kid}, claims, key.sign)
        return 200, {"access_token": access, "token_type": "Bearer", "id_token": made}

    def described(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token", "jwks_uri": f"{self.issuer}/keys",
            "id_token_signing_alg_values_supported": ["RS256"], "authorization_response_iss_parameter_supported": True,
            **({"userinfo_endpoint": f"{self.issuer}/me"} if self.user_info else {}), **self.answers,
        }  # fmt: skip

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None: ...

            def _say(self, status: int, body: dict[str, Any]) -> None:
                encoded = json.dumps(body).encode()
                self.send_response(503 if provider.silent else status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(encoded)))
                self.end_headers()
                self.wfile.write(encoded)

            def do_GET(self) -> None:
                path = urlsplit(self.path).path
                provider.asked.append(path)
                if path == "/authorize":  # a real browser comes here
                    self.send_response(302)
                    self.send_header("Location", provider.authorizes(provider.issuer + self.path))
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                elif path == "/.well-known/openid-configuration":
                    self._say(200, provider.described())
                elif path == "/keys":
                    shown = provider.keys if provider.shown is None else provider.shown
                    self._say(200, {"keys": [key.jwk() for key in shown]})
                elif path == "/me" and self.headers["Authorization"] == "Bearer an-access-token":
                    self._say(200, provider.user_info)
                elif path == "/end":
                    self._say(200, {"signed": "out"})
                else:
                    self._say(404, {})

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                provider.asked.append(self.path)
                form = {name: values[0] for name, values in parse_qs(body).items()}
                self._say(*provider.tokens(form, self.headers.get("Authorization", "")))

        return Handler


@contextmanager
def a_provider(now: Callable[[], datetime], redirect: str) -> Iterator[CompanyProvider]:
    """Start a provider, and end it."""
    provider = CompanyProvider(now, redirect)
    try:
        yield provider
    finally:
        provider.close()
