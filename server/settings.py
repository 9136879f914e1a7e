"""What differs between installations, from the environment or .env."""

from functools import cached_property
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

RANDOM_KEY = 22  # characters: 128 random bits in base64


class Settings(BaseSettings):
    """Every setting; docs/OPERATIONS.md explains them."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=False)

    data_dir: Path = Path("data")
    database_url: str = ""  # empty: the embedded SQLite database in data_dir
    redis_url: str = ""  # empty: this is the only process
    public_url: str = ""  # empty: the request's Host; on loopback the LAN address
    host: str = "0.0.0.0"  # noqa: S104 - phones in the lobby must reach it
    port: int = Field(default=8000, ge=0, le=65535)
    secret_key: str = ""  # empty: made in data_dir
    second_step: Literal["optional", "required"] = "optional"  # of signing in, for managers and admins
    trusted_proxies: str = ""  # comma-separated addresses whose X-Forwarded-* are believed

    @cached_property
    def database(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'nowserving.db').resolve()}"

    @property
    def embedded(self) -> bool:
        """Whether everything is kept in data_dir."""
        return self.database.startswith("sqlite")

    @property
    def shared(self) -> bool:
        """Whether other processes may serve the same branches."""
        return bool(self.redis_url)

    @field_validator("secret_key")
    @classmethod
    def _is_hard_to_guess(cls, key: str) -> str:
        if key and len(key) < RANDOM_KEY:
            raise ValueError(f"it needs {RANDOM_KEY} random characters or more")
        return key

    @field_validator("redis_url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        parts = urlsplit(url)
        if url and (parts.scheme not in ("redis", "rediss", "unix") or not (parts.hostname or parts.path)):
            raise ValueError("it looks like redis://:password@host:6379/0")
        parts.port  # noqa: B018 - raises when it is none
        return url
