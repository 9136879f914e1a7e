"""Random names and tokens; callers hand them to the rules as arguments."""

import hashlib
import secrets
from base64 import b32encode

ID_BYTES = 10
TOKEN_BYTES = 24


def new_id() -> str:
    """16 letters and digits, 80 random bits: safe in addresses, cookies and codes."""
    return b32encode(secrets.token_bytes(ID_BYTES)).decode().lower()


def new_token() -> str:
    """192 random bits, url-safe, for sessions, keys and one-time links; only its `hashed` form is stored."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def hashed(token: str) -> str:
    """SHA-256 in hex: enough for tokens that are random themselves."""
    return hashlib.sha256(token.encode()).hexdigest()
