"""Planted defects: phones that lose, alter or mix up what they are sent, so that the check shows that it sees."""

import re
from collections.abc import Mapping

from benchmarks.phones.phone import Phone


class Deaf(Phone):
    """Hears its first frame and loses all others."""

    __slots__ = ()

    def said(self, text: bytes) -> None:
        if not self.frame:
            super().said(text)


class Liar(Phone):
    """Shows one person more ahead than it was told."""

    __slots__ = ()

    def said(self, text: bytes) -> None:
        super().said(re.sub(rb'"ahead":(\d+)', lambda found: b'"ahead":%d' % (int(found[1]) + 1), text))


class Muddled(Phone):
    """Shows its first frame once more after its second, as a server would that mixes them up."""

    __slots__ = ("_first",)

    def said(self, text: bytes) -> None:
        first, known = self.frame, self.version
        super().said(text)
        if first and known < self.version and not hasattr(self, "_first"):
            self._first = first
            super().said(first)


PLANTS: Mapping[str, type[Phone]] = {"drop": Deaf, "alter": Liar, "back": Muddled}
