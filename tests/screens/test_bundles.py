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


def test_a_style_keeps_its_words_without_the_room_around_its_braces() -> None:
    written = '@media print {\n.a, .b > i { color: red; content: "x y"; }\n.c::before { margin: 0 auto }\n}\n'
    sent = '@media print{.a, .b > i{color: red; content: "x y"}.c::before{margin: 0 auto}}'
    assert pages.AROUND_BRACES.sub(r"\1", written) == sent
    styles = [file for face in ("server/web", *pages.FACES) for file in (pages.ROOT / face / "static").glob("*.css")]
    texts = [text for file in styles for text in re.findall(r""""[^"\n]*"|'[^'\n]*'""", file.read_text())]
    assert texts
    assert not [text for text in texts if "{" in text or "}" in text]


def test_what_others_wrote_is_sent_as_they_wrote_it() -> None:
    htmx = pages._file("vendor/htmx.min.js")
    assert pages._content("phone.js").startswith(htmx.read_bytes())
