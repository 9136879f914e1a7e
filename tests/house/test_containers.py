"""The containers are of this version, keep every secret out of themselves, and start what is really there."""

import fnmatch
import json
import re
import shlex
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import yaml

from tests.house import sources

COMPOSE = sources.ROOT / "compose.yaml"
DOCKERFILE = (sources.ROOT / "Dockerfile").read_text()
PROJECT = tomllib.loads((sources.ROOT / "pyproject.toml").read_text())["project"]
SECRETS = {"POSTGRES_PASSWORD", "REDIS_PASSWORD", "SECRET_KEY"}


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())["services"]
    return found


def test_everything_is_there_two_nodes_and_what_they_need(services: dict[str, Any]) -> None:
    assert set(services) == {"node1", "node2", "caddy", "postgres", "redis"}
    assert services["node1"] == services["node2"]
    assert services["node1"]["image"] == f"nowserving:{PROJECT['version']}"
    assert [name for name, service in services.items() if "ports" in service] == ["caddy"]
    others = {name: service for name, service in services.items() if not name.startswith("node")}
    assert all(service["healthcheck"]["test"] for service in others.values())
    assert all(re.fullmatch(r"[a-z]+:\d[\w.-]*", service["image"]) for service in others.values())


def test_no_secret_has_a_default_and_each_is_asked_for_in_the_example() -> None:
    assert unasked(COMPOSE.read_text()) == []
    wanted = set(re.findall(r"\$\{(\w+)", COMPOSE.read_text()))
    asked = re.findall(r"^(\w+)=(.*)$", (sources.ROOT / ".env.example").read_text(), re.MULTILINE)
    assert SECRETS < wanted == {name for name, _ in asked}
    assert [value for _, value in asked if value] == []


@pytest.mark.parametrize("planted", ["${SECRET_KEY}", "${SECRET_KEY:-changeme}", "$SECRET_KEY", "SECRET_KEY: changeme"])
def test_a_secret_with_a_default_is_noticed(planted: str) -> None:
    assert unasked(planted)


def test_what_is_mounted_exists_and_the_proxy_knows_the_nodes(services: dict[str, Any]) -> None:
    mounted = [place.partition(":")[0] for place in services["caddy"]["volumes"] if place.startswith(".")]
    assert mounted
    assert all((sources.ROOT / file).is_file() for file in mounted)
    proxied = re.findall(r"(\w+):(\d+)", (sources.ROOT / "Caddyfile").read_text())
    port = re.search(r"PORT=(\d+)", DOCKERFILE)
    assert port
    assert proxied == [("node1", port[1]), ("node2", port[1])]


def test_the_image_is_made_of_what_is_there_and_let_in() -> None:
    copied = [part for line in lines("COPY") if "--from" not in line for part in shlex.split(line)[:-1]]
    packages = {"server", "kiosk_ui", "display", "staff_console", "migrations"}
    assert packages | {"pyproject.toml", "constraints.txt"} <= set(copied)
    assert [name for name in copied if not (sources.ROOT / name).exists()] == []
    assert [name for name in copied if left_out(name)] == []
    assert left_out(".env")
    assert left_out("data")
    assert left_out(".git")


def test_the_image_is_small_pinned_and_without_rights() -> None:
    images = set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE))
    assert len(images) == 1
    python = re.fullmatch(r"python:(\d+)\.(\d+)-slim-\w+", images.pop())
    assert python
    assert f"Programming Language :: Python :: {python[1]}.{python[2]}" in PROJECT["classifiers"]
    assert "--constraint constraints.txt" in DOCKERFILE
    assert lines("STOPSIGNAL") == ["SIGTERM"]
    assert lines("USER") == ["nowserving"]
    assert "curl" not in DOCKERFILE


def test_the_image_starts_a_command_that_exists() -> None:
    assert json.loads(lines("ENTRYPOINT")[0]) == ["nowserving"]
    assert PROJECT["scripts"]["nowserving"] == "server.__main__:main"
    command = [sys.executable, "-m", "server", *json.loads(lines("CMD")[0]), "--help"]
    said = subprocess.run(command, cwd=sources.ROOT, capture_output=True, text=True, check=True).stdout
    assert "--workers" in said


def test_the_health_check_tells_a_living_server_from_a_dead_one() -> None:
    check = re.search(r"HEALTHCHECK .*?CMD (\[.*?\])$", DOCKERFILE, re.MULTILINE | re.DOTALL)
    assert check
    _, *arguments = json.loads(check[1])
    with living() as port:
        assert health(arguments, port) == 0
    assert health(arguments, port) != 0


def lines(instruction: str) -> list[str]:
    """What stands behind an instruction of the Dockerfile."""
    return re.findall(rf"^{instruction} (.+)$", DOCKERFILE, re.MULTILINE)


def left_out(name: str) -> bool:
    """Whether .dockerignore keeps a top-level name out of the image; the last rule that fits decides."""
    out = False
    for rule in (sources.ROOT / ".dockerignore").read_text().splitlines():
        if rule and not rule.startswith("#") and fnmatch.fnmatch(name, rule.removeprefix("!")):
            out = not rule.startswith("!")
    return out


def unasked(text: str) -> list[str]:
    """Places that name a variable without refusing to go on when it is not there, or give a secret in the open."""
    places = re.findall(r"(?<!\$)\$(?:\{\w+[^}]*\}|\w+)", text)
    lax = [place for place in places if not re.fullmatch(r"\$\{\w+:\?[^}]+\}", place)]
    return lax + [f"{name} in the open" for name in SECRETS if re.search(rf"(?<!\{{){name}: *[^$\s]", text)]


def health(arguments: list[str], port: int) -> int:
    environment = {"PORT": str(port)}
    return subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, check=False).returncode


@contextmanager
def living() -> Iterator[int]:
    """The port of something that answers /healthz."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Not into the tests' output."""

    server = HTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
