"""Two agents who press at once, two tabs at one counter, a line that is lost: nothing is silent, nothing is twice."""

import asyncio

from playwright.async_api import Route, expect

from tests.browser.test_console import Branch, becomes, branch, press

__all__ = ["branch"]
PATIENCE = 40_000  # ms: a cut is said by 15 s, and it comes back within six
# The line brings something newer in the very moment in which a card has been put in.
OVERTAKEN = """
  const order = window.order = [];
  let socket;
  addEventListener("htmx:ws:before:connection", ({ detail }) => { socket = () => detail.connection.socket; });
  addEventListener("htmx:after:swap", () => {
    const drawn = document.getElementById("console");
    if (!("brief" in drawn.dataset)) return void order.push("line");
    requestAnimationFrame(() => order.push("frame"));
    const { e, v } = drawn.dataset;
    const newer = drawn.cloneNode(true);
    delete newer.dataset.brief;
    newer.dataset.v = Number(v) + 9;
    const said = { e: Number(e), v: Number(v) + 9, at: Math.floor(Date.now() / 1000), content: newer.outerHTML };
    socket().dispatchEvent(new MessageEvent("message", { data: JSON.stringify(said) }));
  });
"""


async def test_two_agents_who_press_at_once_get_two_people_and_the_later_one_is_told_who_won(branch: Branch) -> None:
    await branch.world.queue("Ada", "Bo")
    lola, ken = await branch.agent("Lola", "2"), await branch.agent("Ken", counter=None)
    await ken.route_web_socket(
        "**/live/**", lambda _: None
    )  # so that Lola's call cannot reach his screen before his key
    await ken.click("text=Take counter 1")
    for page in (ken, lola):
        await page.wait_for_selector("#key-next .plate[aria-label=A001]")
    await press(lola, "n")
    await becomes(lola, "called")
    await press(ken, "n")
    await becomes(ken, "called")
    assert "Counter 2 called A001 a moment ago. A002 is with you." in await ken.inner_text("#said")
    found = {ticket.number: ticket.counter_label for ticket in (await branch.world.view()).tickets}
    assert found == {"A001": "2", "A002": "1"}


async def test_two_tabs_at_one_counter_are_harmless(branch: Branch) -> None:
    await branch.world.queue("Ada", "Bo")
    ken = await branch.agent("Ken")
    second = await ken.context.new_page()
    await second.goto(ken.url)
    await second.wait_for_selector("#key-next .plate[aria-label=A001]")
    await ken.keyboard.press("n")
    await becomes(ken, "called")
    await becomes(second, "called")
    await second.keyboard.press("s")
    await becomes(second, "serving")
    await becomes(ken, "serving")
    assert [t.state for t in (await branch.world.view()).tickets].count("serving") == 1
    assert [t.state for t in (await branch.world.view()).tickets].count("called") == 0


async def test_a_press_while_the_line_is_lost_says_so_and_the_next_one_after_it_works(branch: Branch) -> None:
    await branch.world.queue("Ada", "Bo")
    ken = await branch.agent("Ken")
    await ken.wait_for_selector("#key-next .plate[aria-label=A001]")
    await ken.context.set_offline(True)
    await press(ken, "n")
    await ken.wait_for_selector("text=That did not come through: please press once more.", timeout=PATIENCE)
    assert await ken.get_attribute("#console", "data-state") == "free"
    await ken.context.set_offline(False)
    await press(ken, "n")
    await becomes(ken, "called")
    assert sorted(t.state for t in (await branch.world.view()).tickets) == ["called", "waiting"]


async def test_the_columns_beside_a_brief_answer_come_by_the_line(branch: Branch) -> None:
    await branch.world.queue("Ada", "Bo", "Chidi")
    ken = await branch.agent("Ken")
    briefs: list[bool] = []
    ken.on("request", lambda request: briefs.append("x-live" in request.headers) if request.method == "POST" else None)
    await press(ken, "n")
    await becomes(ken, "called")
    await ken.wait_for_selector("h2:has-text('Waiting for you · 2')")
    assert await ken.locator(".waiter").count() == 2
    assert briefs == [True]
    await ken.wait_for_selector("#console:not([data-brief])")
    await press(ken, "w")
    assert await ken.is_visible("#panel-walk-in input[name=visit_of]"), "the panels came too"


async def test_what_the_line_brings_waits_until_the_card_was_painted(branch: Branch) -> None:
    await branch.world.ada.joins()
    ken = await branch.agent("Ken")
    await ken.add_init_script(OVERTAKEN)
    await ken.reload()
    await ken.wait_for_selector("#key-next .plate[aria-label=A001]")
    await ken.evaluate("order.length = 0")
    await press(ken, "n")
    await ken.wait_for_selector("#console.is-called:not([data-brief])")
    assert (await ken.evaluate("order"))[:2] == ["frame", "line"]


async def test_a_page_that_nobody_sees_paints_nothing_and_goes_on_all_the_same(branch: Branch) -> None:
    await branch.world.ada.joins()
    ken = await branch.agent("Ken")
    await ken.wait_for_selector("#key-next .plate[aria-label=A001]")
    await ken.evaluate("window.requestAnimationFrame = () => 0")
    await press(ken, "n")
    await ken.wait_for_selector("#console.is-called:not([data-brief])")


async def test_without_the_line_a_move_brings_the_columns_beside_with_it(branch: Branch) -> None:
    await branch.world.queue("Ada", "Bo", "Chidi")
    ken = await branch.agent("Ken", counter=None)
    await ken.route_web_socket("**/live/**", lambda line: line.close())
    await ken.click("text=Take counter 1")
    await ken.wait_for_selector("#key-next .plate[aria-label=A001]")
    await press(ken, "n")
    await becomes(ken, "called")
    assert await ken.locator(".waiter").count() == 2


async def test_a_move_that_takes_longer_than_a_moment_says_that_it_is_on_its_way(branch: Branch) -> None:
    await branch.world.ada.joins()
    ken, goes_on = await branch.agent("Ken"), asyncio.Event()

    async def hold(route: Route) -> None:
        await goes_on.wait()
        await route.continue_()

    await ken.route("**/calls", hold)
    await press(ken, "n")
    await ken.wait_for_selector("#move-next.under-way")
    goes_on.set()
    await becomes(ken, "called")
    await expect(ken.locator(".under-way")).to_have_count(0)


async def test_another_service_a_break_and_its_reason_are_reached_by_keys_alone(branch: Branch) -> None:
    await branch.world.ada.joins()
    ken = await branch.agent("Ken")
    await press(ken, "n")
    await becomes(ken, "called")
    await press(ken, "s")
    await becomes(ken, "serving")
    await press(ken, "w", "v", " ", "2")
    await ken.wait_for_selector("#said:has-text('B001 is their number')")
    await press(ken, "f", "1")
    await becomes(ken, "free")
    await press(ken, "n")
    await becomes(ken, "called")
    assert "A001" in await ken.inner_text(".earlier")
    await press(ken, "s")
    await becomes(ken, "serving")
    await press(ken, "f", "f")
    await becomes(ken, "free")
    assert (await ken.inner_text(".figures")).split() == [
        "Served",
        "2",
        "Typical",
        "service",
        "0",
        "min",
        "Thanks",
        "received",
        "0",
    ]
    await press(ken, "k")
    await becomes(ken, "break")
    await press(ken, "m")
    await ken.wait_for_selector("#break-meal[aria-pressed=true]")
    await press(ken, "3")
    await ken.wait_for_selector("text=expect you back at 13:15")
    assert await ken.get_attribute("#break-meal", "aria-pressed") == "true"
