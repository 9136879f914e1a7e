"""A script that notes in a page what came over its socket, what of it was shown, and when it said "not connected"."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from playwright.async_api import Page

SAYS_SO = 15.0  # seconds without a word, promised

SCRIPT = """
(() => {
  const noted = window.noted = {heard: [], shown: [], cuts: []};
  const now = () => Date.now() / 1000;
  let lines = 0;
  window.WebSocket = class extends window.WebSocket {
    constructor(...how) {
      super(...how);
      const line = lines += 1;
      this.addEventListener("message", ({data}) => {
        const {e, v} = JSON.parse(data);
        noted.heard.push([now(), line, e, v]);
      });
    }
  };
  const watched = (options = {}) => ({...options, oncut: (since) => {
    noted.cuts.push([now(), Boolean(since)]);
    options.oncut?.(since);
  }});
  let live;
  Object.defineProperty(window, "live", {get: () => live, set: (made) => {
    const phone = ({onframe, ...options}) => made.phone({...watched(options), onframe: (frame) => {
      noted.shown.push([now(), frame.e, frame.v]);
      onframe(frame);
    }});
    live = {...made, phone, watch: (options) => made.watch(watched(options))};
  }});
  addEventListener("htmx:ws:before:message:incoming", (event) => {
    const {e, v, content} = JSON.parse(event.detail.message.data);
    setTimeout(() => { if (content !== undefined && !event.defaultPrevented) noted.shown.push([now(), e, v]); });
  });
})();
"""


@dataclass(frozen=True)
class Notes:
    """Moments are seconds since 1970.

    `heard`: moment, which connection, epoch, version. `shown`: moment, epoch, version. `cuts`: moment, and whether it
    said that it is not connected or that it is again. `until`: when this was read.
    """

    heard: Sequence[tuple[float, int, int, int]]
    shown: Sequence[tuple[float, int, int]]
    cuts: Sequence[tuple[float, bool]]
    until: float

    @property
    def lines(self) -> int:
        """How many connections said something."""
        return len({line for _, line, _, _ in self.heard})

    def said_so(self) -> bool:
        return any(cut for _, cut in self.cuts)

    def says_so(self) -> bool:
        """Now."""
        return bool(self.cuts) and self.cuts[-1][1]

    def gone_back(self) -> list[str]:
        """An older version that was shown after a newer one, or that came on the same connection."""
        shown = [(epoch, version) for _, epoch, version in self.shown]
        complaints = [f"showed {after} after {before}" for before, after in pairwise(shown) if after < before]
        heard = [(line, epoch, version) for _, line, epoch, version in self.heard]
        return complaints + [f"was sent {after} after {before}" for before, after in pairwise(heard) if after < before]

    def kept_quiet(self, slack: float) -> list[str]:
        """Silences of more than 15 seconds that it did not speak of; `slack`: seconds that this machine may be late."""
        moments = [at for at, *_ in self.heard] + [self.until]
        said = [at for at, cut in self.cuts if cut]
        return [
            f"was silent for {after - before:.1f} s"
            for before, after in pairwise(moments)
            if after - before > SAYS_SO + slack and not any(before < at <= before + SAYS_SO + slack for at in said)
        ]

    def cried_wolf(self, silence: float) -> list[str]:
        """Times it said "not connected" though it had heard something less than `silence` seconds ago."""
        return [
            f"said so after {at - heard:.1f} s"
            for at, cut in self.cuts
            if cut and (heard := max((moment for moment, *_ in self.heard if moment <= at), default=0.0)) > at - silence
        ]


async def record(page: Page) -> None:
    """Before the page is opened."""
    await page.add_init_script(SCRIPT)


async def notes(page: Page) -> Notes:
    """What was noted since the page was opened."""
    found = await page.evaluate("() => ({...window.noted, until: Date.now() / 1000})")
    return Notes(**{name: found[name] for name in ("heard", "shown", "cuts", "until")})
