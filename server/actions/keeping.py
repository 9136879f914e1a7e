"""What a branch's forecast has learned is kept, for the next start to go on from."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Integer, String, bindparam, text
from sqlalchemy.orm import Session

from server.db import Unchanged
from server.domain.base import to_ms
from server.domain.learned import Copy


def keep(session: Session, _: Any, now: datetime, *, copy: Copy) -> bool | Unchanged:
    """Whether it was: any number of processes learn the same, and no older copy takes the place of a newer one.

    Not an action of the branch: nothing that anybody sees has changed. A copy whose last line is gone from the diary,
    as when practice was cleared meanwhile, is not kept; one that claims to be of the future gives way.
    """
    kept = session.scalar(_KEEP, asdict(copy) | {"now": to_ms(now)})
    return True if kept is not None else Unchanged(False)


_KEEP = text("""
    INSERT INTO learned (branch_id, version, until, form, state)
    SELECT :branch_id, :version, :until, :form, :state
    WHERE EXISTS (SELECT 1 FROM ticket_events WHERE branch_id = :branch_id AND version = :version)
    ON CONFLICT (branch_id) DO UPDATE
    SET version = excluded.version, until = excluded.until, form = excluded.form, state = excluded.state
    WHERE learned.until <= excluded.until OR learned.until > :now
    RETURNING branch_id
""").bindparams(
    bindparam("branch_id", type_=String), bindparam("version", type_=BigInteger), bindparam("until", type_=BigInteger),
    bindparam("form", type_=Integer), bindparam("state", type_=String), bindparam("now", type_=BigInteger),
)  # fmt: skip
