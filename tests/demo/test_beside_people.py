"""People in the demo: an agent's counter is theirs as long as they stand there, and who joins by hand is served."""

from functools import partial
from pathlib import Path

from sqlalchemy.orm import Session

from server.actions import duties, joining, serving, undoing
from server.demo.agenda import Life
from server.demo.kinds import BANK
from server.demo.simulated import Simulation
from server.domain.moves import OPEN, Move, State
from server.domain.people import Actor
from server.domain.ticket import Ticket
from server.queries import people, tickets
from tests.demo.lived import lived, morning


async def somebody(simulation: Simulation, name: str) -> Actor:
    staff = await simulation.db.ask(partial(people.staff_of, branch_id="harbour"))
    return Actor("staff", next(member.id for member, _ in staff if member.name == name))


def test_a_counter_where_somebody_stands_is_left_to_them(sqlite_pattern: str, tmp_path: Path) -> None:
    held: list[str] = []

    async def ken_takes_one(simulation: Simulation) -> None:
        hall, ken = simulation.hall, await somebody(simulation, "Ken")
        held.append(hall.place.counters["1"])
        kens = partial(hall.may, by=ken, counter_id=held[0])
        assert await kens(duties.take, duty_id="kens")

        async def goes() -> Life:
            yield 12
            assert await kens(duties.end)

        hall.agenda.begin(goes(), 0)

    day = lived(sqlite_pattern, tmp_path, morning(BANK, 20), 3, ken_takes_one)
    kens, demos = (duty for duty in day.duties if duty.counter_id == held[0])
    assert kens.id == "kens"
    assert kens.ended_at is not None
    assert demos.started_at >= kens.ended_at
    assert day.refused.keys() == {"counter-occupied"}
    assert not any(line.counter_id == held[0] and line.at < kens.ended_at for line in day.lines)


def test_who_is_given_back_by_an_undo_is_served_to_the_end(sqlite_pattern: str, tmp_path: Path) -> None:
    undone: list[str] = []

    async def mira_undoes(simulation: Simulation) -> None:
        hall, mira = simulation.hall, await somebody(simulation, "Mira")

        async def looks_on() -> Life:
            while not undone:
                yield hall.agenda.now + 0.02
                served = await hall.stage.ask(
                    partial(tickets.listed, branch_id="harbour", states=["served"], service_id=None)
                )
                for ticket in served:
                    if await hall.may(undoing.undo, by=mira, ticket_id=ticket.id):
                        undone.append(ticket.id)
                        return

        hall.agenda.begin(looks_on(), 2)

    day = lived(sqlite_pattern, tmp_path, morning(BANK, 15), 3, mira_undoes)
    ticket = next(ticket for ticket in day.tickets if ticket.id == undone[0])
    assert ticket.state == State.SERVED
    assert [line.move for line in day.diary(ticket)][-3:] == [Move.FINISH, Move.UNDO, Move.FINISH]
    assert {State(ticket.state) for ticket in day.tickets}.isdisjoint(OPEN)


def test_who_joins_by_hand_is_called_and_served(sqlite_pattern: str, tmp_path: Path) -> None:
    async def ada_comes(simulation: Simulation) -> None:
        hall = simulation.hall

        async def ada() -> Life:
            yield 6
            wish = joining.Joining("ada", "cash", "phone", "en", here=True)
            assert await hall.may(joining.join, by=Actor("customer"), joining=wish, presence=hall.presence)

        hall.agenda.begin(ada(), 0)

    day = lived(sqlite_pattern, tmp_path, morning(BANK, 20), 3, ada_comes)
    ada = next(ticket for ticket in day.tickets if ticket.id == "ada")
    assert ada.state == State.SERVED
    assert [line.move for line in day.diary(ada)] == [Move.JOIN, Move.CALL, Move.START, Move.FINISH]


def test_who_is_called_by_a_person_says_that_they_are_coming(sqlite_pattern: str, tmp_path: Path) -> None:
    called: list[tuple[str, bool]] = []

    async def ken_works_at_one(simulation: Simulation) -> None:
        hall = simulation.hall
        kens, at = partial(hall.may, by=await somebody(simulation, "Ken")), hall.place.counters["1"]
        assert await kens(duties.take, counter_id=at, duty_id="kens")

        async def ken() -> Life:
            yield 4
            while answer := await kens(serving.call_next, counter_id=at):
                ticket = answer["ticket"]
                person = hall.visits[ticket].person
                called.append((ticket, person.says_coming and not person.misses))
                for _ in range(2):  # they see it twice, and say it once
                    await hall.answer([await hall.stage.ask(lambda session: current(session, at))])
                await kens(serving.start, ticket_id=ticket)
                await kens(serving.finish, ticket_id=ticket, outcome="done")
            await kens(duties.end, counter_id=at)

        hall.agenda.begin(ken(), 0)

    day = lived(sqlite_pattern, tmp_path, morning(BANK, 15), 6, ken_works_at_one)
    assert any(says for _, says in called)
    for id, says in called:
        answers = [line for ticket in day.tickets if ticket.id == id for line in day.diary(ticket)]
        assert sum(line.move == Move.ACKNOWLEDGE for line in answers) == says


def current(session: Session, counter_id: str) -> Ticket:
    found = tickets.current_at(session, counter_id)
    assert found is not None
    return found
