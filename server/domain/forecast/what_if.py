"""What one more counter would change: the same replay, from the same moment, with somebody more at work."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from server.domain.forecast.forecaster import Forecast, foreseen
from server.domain.forecast.state import Open, Wait

ANY = ""  # one more counter, whichever


@dataclass(frozen=True, slots=True)
class WhatIf:
    """How long somebody who joins now waits for `service`, as it is (None: nobody serves it) and with `counter` open.

    `counter`: the id of a closed one; None: any counter that works this service alone, where no closed one does.
    """

    service: str
    counter: str | None
    now: Wait | None
    then: Wait


def with_one_more(forecast: Forecast, closed: Mapping[str, frozenset[str]]) -> list[WhatIf]:
    """For each service that somebody waits for, in their order: the best of the closed counters, opened now.

    `closed`: id → the services that it would work. Computed when it is asked: one replay for each counter.
    """
    waited_for = {ticket.service for ticket in forecast.state.standing}
    opened = {id: _opened(forecast, id, works) for id, works in closed.items() if waited_for & works}
    return [
        _best(forecast, service, {id: waits for id, waits in opened.items() if service in closed[id]})
        for service in forecast.state.configured
        if service in waited_for
    ]


def _best(forecast: Forecast, service: str, opened: Mapping[str, dict[str, Wait]]) -> WhatIf:
    choices = {id: waits[service] for id, waits in opened.items()}
    choices = choices or {ANY: _opened(forecast, ANY, frozenset({service}))[service]}
    counter = min(choices, key=lambda id: (choices[id].likely, choices[id].at_most))
    return WhatIf(service, counter or None, forecast.newcomers[service], choices[counter])


def _opened(forecast: Forecast, counter: str, works: frozenset[str]) -> dict[str, Wait]:
    state = forecast.state
    more = replace(state, counters=[*state.counters, Open(counter, counter, works, since=state.now)])
    waits = foreseen(more, forecast.rates, forecast.corrections).newcomers
    return {service: wait for service, wait in waits.items() if wait is not None}
