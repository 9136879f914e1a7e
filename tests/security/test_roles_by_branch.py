"""One person with roles in several branches, given on the pages of a manager of both, and of nobody else."""

import re
from typing import Any

import httpx2 as httpx

from server.queries import people
from tests.security.conftest import HOST, Town


async def asks(town: Town, who: str, path: str, **fields: Any) -> httpx.Response:
    cookies = await town.who(who)
    headers = {"origin": HOST, "cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
    return await town.http.request("POST" if fields else "GET", path, headers=headers, data=fields or None)


async def test_a_manager_of_both_branches_gives_a_role_in_the_other(town: Town) -> None:
    lola = f"/setup/harbour/people/{town.world.lola.id}"
    await asks(town, "everywhere", f"/setup/market/people/{town.market.lola.id}", name="Sade", role="agent", key="a")
    page = await asks(town, "everywhere", lola)
    assert re.findall(r'<option value="(\w+)">', page.text) == ["market", "agent", "manager", "admin"]
    given = await asks(town, "everywhere", f"{lola}/roles", branch="market", role="manager", key="b")
    assert given.headers["location"] == f"{lola}?done=role-added"
    assert await town.world.ask(people.grants, town.world.lola.id) == {"harbour": "agent", "market": "manager"}
    assert f'href="/setup/market/people/{town.world.lola.id}"' in (await asks(town, "everywhere", lola)).text


async def test_a_name_that_is_taken_there_is_said_beside_it(town: Town) -> None:
    lola = f"/setup/harbour/people/{town.world.lola.id}"
    refused = await asks(town, "everywhere", f"{lola}/roles", branch="market", role="agent", key="b")
    assert (refused.status_code, "Somebody here has this name." in refused.text) == (422, True)


async def test_a_manager_of_one_branch_sees_and_gives_nothing_in_another(town: Town) -> None:
    lola = f"/setup/harbour/people/{town.world.lola.id}"
    assert "/roles" not in (await asks(town, "manager", lola)).text
    refused = await asks(town, "manager", f"{lola}/roles", branch="market", role="agent", key="b")
    assert refused.status_code == 403
    assert await town.world.ask(people.grants, town.world.lola.id) == {"harbour": "agent"}
