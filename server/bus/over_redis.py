"""The bus between processes: what happens here is heard here at once and by the others through Redis.

Nothing that arrives is believed: a nudge makes a board look, and a board looks by itself every ten seconds. So Redis
may be away, restart empty, lose, double or reorder, and whoever can speak here can only cost looks.
"""

import asyncio
import json
import logging
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from random import uniform

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from server import observe
from server.bus import InProcessBus
from server.chance import new_id

QUIET_SECONDS = 3.0  # after so long without a word we say one ourselves; unheard for as long again: Redis is away
ANSWER_SECONDS = 3.0  # for one command, and for connecting
RETRY_SECONDS = (0.1, 3.0)  # the first pause, doubled up to the last
STEADY_SECONDS = 10.0  # a connection that held so long begins again with the first pause
LAST_WORDS_SECONDS = 1.0  # at the end, for what is still to be said
LONGEST_NUDGE = 300  # bytes
NEWEST = 2**53  # versions beyond are nobody's
PROOF = b""  # says nothing but that the way there and back is open
log = logging.getLogger(__name__)


class RedisBus(InProcessBus):
    """`channel`: the same for every process of one installation, and for no other."""

    def __init__(self, url: str, channel: str) -> None:
        super().__init__()
        self._url, self._channel, self._me = url, channel, new_id()
        self._outbox: dict[str, int] = {}  # branch → newest version to be told to the others
        self._filled, self._emptied = asyncio.Event(), asyncio.Event()
        self._emptied.set()
        self._up: bool | None = None  # None until it was tried
        self._keeper: asyncio.Task[None] | None = None

    def is_up(self) -> bool:
        return self._up is True

    async def start(self) -> None:
        await super().start()
        self._keeper = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        await asyncio.sleep(0)  # what other threads announced is in the outbox after this
        if self._up is not False:  # who has just begun may not have been connected yet
            with suppress(TimeoutError):
                async with asyncio.timeout(LAST_WORDS_SECONDS):
                    await self._emptied.wait()
        if self._keeper is not None:
            self._keeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeper
        self._up = None
        await super().stop()

    def _announced(self, branch_id: str, version: int) -> None:
        super()._announced(branch_id, version)
        self._put(branch_id, version)

    def _put(self, branch_id: str, version: int) -> None:
        self._outbox[branch_id] = max(version, self._outbox.get(branch_id, 0))
        self._emptied.clear()
        self._filled.set()

    async def _keep(self) -> None:
        """One connection after the other, for as long as the server runs."""
        loop = asyncio.get_running_loop()
        pause, longest = RETRY_SECONDS
        while True:
            began = loop.time()
            try:
                await self._connected()
            except Exception as problem:  # noqa: BLE001 - whatever it was, the next connection may be better
                self._lost(problem)
            if loop.time() - began > STEADY_SECONDS:
                pause = RETRY_SECONDS[0]
            await asyncio.sleep(uniform(pause / 2, pause))  # not all processes at the same moment
            pause = min(2 * pause, longest)

    async def _connected(self) -> None:
        """Speak and listen until the connection breaks; raises what broke it."""
        retry = Retry(NoBackoff(), 0)  # a connection that mends itself would hide what was missed meanwhile
        client = Redis.from_url(
            self._url, socket_timeout=ANSWER_SECONDS, socket_connect_timeout=ANSWER_SECONDS, retry=retry
        )
        async with client as redis, redis.pubsub() as heard:
            await heard.subscribe(self._channel)
            await redis.publish(self._channel, PROOF)
            if await heard.get_message(timeout=ANSWER_SECONDS) is None:
                raise TimeoutError("no answer")
            self._found()
            async with asyncio.TaskGroup() as both:
                both.create_task(self._speak(redis))
                both.create_task(self._hear(redis, heard))

    async def _speak(self, redis: "Redis") -> None:
        while True:
            await self._filled.wait()
            self._filled.clear()
            saying, self._outbox = self._outbox, {}
            try:
                async with redis.pipeline(transaction=False) as all_at_once:
                    for branch_id, version in saying.items():
                        all_at_once.publish(self._channel, self._nudge(branch_id, version))
                        observe.nudged("out")
                    await all_at_once.execute()
            except BaseException:
                for branch_id, version in saying.items():
                    self._put(branch_id, version)  # the next connection says it
                raise
            if not self._outbox:
                self._emptied.set()

    async def _hear(self, redis: "Redis", heard: PubSub) -> None:
        asked = False
        while True:
            message = await heard.get_message(timeout=QUIET_SECONDS)
            if message is not None:
                asked = False
                self._understand(message["data"])
            elif asked:
                raise TimeoutError("no answer")
            else:
                await redis.publish(self._channel, PROOF)
                asked = True

    def _nudge(self, branch_id: str, version: int) -> str:
        return json.dumps({"from": self._me, "branch": branch_id, "version": version}, separators=(",", ":"))

    def _understand(self, data: object) -> None:
        """Tell our listeners what another process says; whatever else stands on the channel is passed over."""
        nudge = _read(data)
        if nudge is None or nudge[0] == self._me:  # ours were heard before they went out
            return
        observe.nudged("in")
        self._pass_on(partial(self._tell, *nudge[1:]))

    def _found(self) -> None:
        if self._up is False:
            log.info("Redis is back")
        self._up = True
        observe.bus_is_up(True)
        for doubter in self._doubters:
            self._pass_on(doubter)

    def _pass_on(self, tell: Callable[[], None]) -> None:
        """A listener's fault is no reason to hang up."""
        try:
            tell()
        except Exception:
            log.exception("what was heard could not be passed on")

    def _lost(self, problem: Exception) -> None:
        while isinstance(problem, ExceptionGroup):
            problem = problem.exceptions[0]
        if self._up is not False:
            log.warning("Redis is away: other processes hear up to ten seconds late (%s)", problem)
        self._up = False
        observe.bus_is_up(False)


def _read(data: object) -> tuple[str, str, int] | None:
    """(process, branch, version) of a nudge; None when it is none."""
    if not isinstance(data, bytes) or len(data) > LONGEST_NUDGE:
        return None
    try:
        said = json.loads(data)
    except (ValueError, RecursionError):
        return None
    match said:
        case {"from": str(process), "branch": str(branch), "version": int(version)} if 0 < version <= NEWEST:
            return process, branch, version
    return None
