"""What the clock alone changes is shown in its second: a notice that comes and goes while nothing else moves."""

from dataclasses import replace
from datetime import timedelta

import pytest

from server.live.hub import Hub
from server.live.views import BoardView
from tests.live.simulated import BEGINNING, FakeBoards, a_hub, clock, heard, listening, simulate, still
from tests.live.test_hub import LOBBY, PROMISED, WALL, running


class Timed(FakeBoards):
    """A notice that is up between two moments, which the view knows; nothing else ever moves."""

    BEGINS, ENDS = BEGINNING + timedelta(seconds=6.4), BEGINNING + timedelta(seconds=21.7)

    def view(self) -> BoardView:
        now = clock()
        self.notice = "Fire drill" if self.BEGINS <= now < self.ENDS else None
        turn = next((at for at in (self.BEGINS, self.ENDS) if at > now), None)
        return replace(super().view(), true_until=turn)


def test_a_notice_comes_to_screens_and_goes_within_a_second_of_its_time() -> None:
    async def story() -> None:
        hub = a_hub(Timed(), {"lobby": still})
        async with running(hub):
            watcher = await listening(hub, LOBBY, WALL)
            assert "None" in (await heard(watcher, 1) or "")
            for moment, said in ((Timed.BEGINS, "Fire drill"), (Timed.ENDS, "None")):
                while said not in (await heard(watcher, PROMISED) or ""):
                    pass  # a heartbeat
                assert timedelta(0) <= clock() - moment <= timedelta(seconds=1.1)

    simulate(story())


def test_a_notice_that_waits_for_the_next_drawing_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Hub, "_is_over", lambda hub, branch_id: False)
    with pytest.raises(AssertionError):
        test_a_notice_comes_to_screens_and_goes_within_a_second_of_its_time()
