"""The eyes that look for barriers are not blind themselves."""

from tests.browser.conftest import barriers
from tests.browser.stage import Stage


async def test_a_planted_barrier_is_found(stage: Stage) -> None:
    await stage.open("<h1>A042</h1><button></button>")
    await stage.page.clock.resume()  # axe needs time that passes
    assert [found.split(":")[0] for found in await barriers(stage.page)] == ["button-name"]
