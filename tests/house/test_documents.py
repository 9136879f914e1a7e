"""What the documents say is true: links lead somewhere, commands and settings exist, and no machine is named."""

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest

from server.settings import Settings
from tests.house import sources

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)[^)]*\)|!\[[^\]]*\]\(([^)\s]+)[^)]*\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
SETTING = re.compile(r"`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)(?:=[^`]*)?`")

# Names in capitals a document may explain though they are no settings of the server.
OF_OTHERS = {
    *("PYTHON", "SCALE", "WORKERS", "CHROMIUM", "TEST_POSTGRES_URL", "TEST_REDIS_URL", "NOWSERVING_REQUIRE"),
    *("DOMAIN", "POSTGRES_PASSWORD", "REDIS_PASSWORD"),  # of compose.yaml
    *("GET", "POST", "PUT", "PATCH", "DELETE", "FULL", "WAL", "SIGTERM"),
}

# Written in halves, so that this list does not find itself.
NOT_OURS = re.compile(
    "|".join(
        (
            "/wo" + "rk/",
            "/ro" + "ot/",
            "/opt/py" + "pi",
            "pypi" + r"\.org",
            "pythonhosted" + r"\.org",
            "find-" + "links=",
            "--index-" + "url",
        )
    )
)
BINARY = {".png", ".jpg", ".ico", ".woff2", ".mp3", ".ogg", ".wav", ".webp", ".mjpeg"}


@pytest.mark.parametrize("document", sources.documents(), ids=sources.name)
def test_every_link_leads_somewhere(document: Path) -> None:
    sources.nothing(dead_links(document))


@pytest.mark.parametrize("document", sources.documents(), ids=sources.name)
def test_every_make_target_named_exists(document: Path) -> None:
    sources.nothing([f"make {target} does not exist" for target in unknown_targets(document.read_text())])


def test_every_setting_is_explained_to_operators() -> None:
    explained = settings_named((sources.ROOT / "docs" / "OPERATIONS.md").read_text())
    sources.nothing([f"{name} is not explained in docs/OPERATIONS.md" for name in sorted(settings() - explained)])


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", "docs/OPERATIONS.md"])
def test_every_setting_named_exists(document: str) -> None:
    unknown = settings_named((sources.ROOT / document).read_text()) - settings() - OF_OTHERS
    sources.nothing([f"{name} is no setting" for name in sorted(unknown)])


def test_no_file_names_a_machine_it_was_written_on() -> None:
    ours = [file for file in sources.tracked() if file.suffix not in BINARY and "vendor" not in file.parts]
    sources.nothing([complaint for file in ours for complaint in machines_named(file)])


def test_the_changelog_knows_this_version() -> None:
    version = tomllib.loads((sources.ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert re.search(rf"^## .*{re.escape(version)}", (sources.ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)


def test_a_dead_link_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text("# One two\n")
    planted = tmp_path / "planted.md"
    planted.write_text(
        "[a](other.md) [b](gone.md) [c](other.md#one-two) [d](other.md#three) ![e](no.png) [f](#nowhere)\n"
    )
    assert dead_links(planted) == [
        "gone.md does not exist",
        "other.md#three: no such heading",
        "no.png does not exist",
        "#nowhere: no such heading",
    ]


def test_a_command_and_a_setting_that_do_not_exist_are_noticed() -> None:
    assert unknown_targets(
        "Then `make run` and `make coffee`; do make sure.\n```sh\nSCALE=full make tea  # ok\napt install make x\n```"
    ) == [
        "coffee",
        "tea",
    ]
    assert settings_named("`DATA_DIR`, `PORT=9000` and `COFFEE_URL`") == {"DATA_DIR", "PORT", "COFFEE_URL"}


def test_a_machine_named_is_noticed(tmp_path: Path) -> None:
    planted = tmp_path / "planted.txt"
    planted.write_text("fine\nsee /wo" + "rk/main\n")
    assert machines_named(planted) == ["planted.txt:2 names a machine"]


def dead_links(document: Path) -> list[str]:
    """Links within the repository whose file or heading is not there."""
    text = FENCE.sub("", document.read_text())
    complaints = []
    for target in (link or picture for link, picture in LINK.findall(text)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (document.parent / path) if path else document
        if not file.exists():
            complaints.append(f"{path} does not exist")
        elif anchor and file.suffix == ".md" and anchor not in anchors(file):
            complaints.append(f"{target}: no such heading")
    return complaints


def anchors(document: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", document.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def unknown_targets(text: str) -> list[str]:
    """Targets of `make …`, written as code, that the Makefile does not know."""
    known = set(re.findall(r"^([a-z-]+):", (sources.ROOT / "Makefile").read_text(), re.MULTILINE))
    code = "\n".join(FENCE.findall(text) + re.findall(r"`([^`\n]+)`", FENCE.sub("", text)))
    return sorted(set(re.findall(r"^(?:.*[;&(] *|[A-Z_]+=\S+ )*make ([a-z-]+)", code, re.MULTILINE)) - known)


def settings_named(text: str) -> set[str]:
    """Names in capitals written as code."""
    return set(SETTING.findall(text))


def settings() -> set[str]:
    """The environment variables the server reads."""
    return {name.upper() for name in Settings.model_fields}


def machines_named(file: Path) -> Iterable[str]:
    """Lines with the path of a developer's machine or the address of a package registry."""
    lines = file.read_text(errors="replace").splitlines()
    return [f"{sources.name(file)}:{n} names a machine" for n, line in enumerate(lines, 1) if NOT_OURS.search(line)]
