"""Random names and tokens; callers hand them to the rules as arguments."""

import hashlib
import secrets
import string

ID_LENGTH = 16
TOKEN_BYTES = 24
NUMBER_LENGTH = 8
LETTERS = (string.ascii_lowercase + "234567").encode() * 8  # 32 of them, one for every five bits of a random byte


def new_id() -> str:
    """16 letters and digits, 80 random bits: safe in addresses, cookies and codes."""
    return secrets.token_bytes(ID_LENGTH).translate(LETTERS).decode()


def new_number() -> str:
    """8 letters and digits, 40 random bits: short enough to be read out by whoever asks for help."""
    return secrets.token_bytes(NUMBER_LENGTH).translate(LETTERS).decode()


def new_token() -> str:
    """192 random bits, url-safe, for sessions, keys and one-time links; only its `hashed` form is stored."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def new_letter(alphabet: str) -> str:
    """One of them, by chance that nobody can guess."""
    return secrets.choice(alphabet)


def hashed(token: str) -> str:
    """SHA-256 in hex: enough for tokens that are random themselves."""
    return hashlib.sha256(token.encode()).hexdigest()
