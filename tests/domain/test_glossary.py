"""The glossary says what the code does: every state and every move, and no other."""

import re
from pathlib import Path

from server.domain.moves import Move, State

GLOSSARY = (Path(__file__).parents[2] / "docs" / "GLOSSARY.md").read_text()


def first_cells(heading: str) -> set[str]:
    """The words in the first column of the table under a heading; a cell may name several."""
    section = GLOSSARY.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| ([^|]+) \|", section, re.MULTILINE)[1:]
    return {word.strip() for row in rows for word in row.split(",")}


def test_every_state_is_explained() -> None:
    assert first_cells("A ticket's states") == {state.value for state in State}


def test_every_move_is_explained() -> None:
    assert first_cells("Moves") == {move.value for move in Move}
