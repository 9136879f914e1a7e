"""The files that pages load: ours travel without our comments, and nothing else of them is lost."""

import re

import pytest

from server.web import pages


@pytest.mark.parametrize("name", pages.BUNDLES)
def test_comments_stay_at_home(name: str) -> None:
    own = [part for part in pages.BUNDLES[name] if "vendor" not in part]
    for part in own:
        sent = pages._part(pages._file(part)).decode()
        assert "/*" not in sent
        assert not re.search(r"(?m)^\s*//", sent)


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ('open("https://x"); // why\n  go();\n', 'open("https://x"); \ngo();\n'),
        ("/* long\n   story */\na { color: red; }\n", "\na { color: red; }\n"),
        ("const half = a / b; // of it", "const half = a / b; "),
        ('say("http://a//b");', 'say("http://a//b");'),
    ],
)
def test_what_a_browser_reads_is_kept(written: str, sent: str) -> None:
    assert pages.ASIDES.sub("", written) == sent


def test_what_others_wrote_is_sent_as_they_wrote_it() -> None:
    htmx = pages._file("vendor/htmx.min.js")
    assert pages._content("phone.js").startswith(htmx.read_bytes())
