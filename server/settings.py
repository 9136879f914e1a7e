"""What differs between installations, from the environment or .env."""

from functools import cached_property
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Every setting; docs/OPERATIONS.md explains them."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=False)

    data_dir: Path = Path("data")
    database_url: str = ""  # empty: the embedded SQLite database in data_dir
    redis_url: str = ""
    public_url: str = ""  # empty: the request's Host; on loopback the LAN address
    host: str = "0.0.0.0"  # noqa: S104 - phones in the lobby must reach it
    port: int = Field(default=8000, ge=0, le=65535)
    secret_key: str = ""  # empty: made in data_dir
    trusted_proxies: str = ""  # comma-separated addresses whose X-Forwarded-* are believed

    @cached_property
    def database(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'nowserving.db').resolve()}"

    @property
    def embedded(self) -> bool:
        """Whether everything is kept in data_dir."""
        return self.database.startswith("sqlite")
