"""Alembic's entrance: run the steps on the connection that server.schema hands over."""

from alembic import context

from server.domain import branch, device, feedback, honesty, learned, moves, people, ticket  # noqa: F401 - all tables
from server.domain.base import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    transaction_per_migration=False,
)
context.run_migrations()
