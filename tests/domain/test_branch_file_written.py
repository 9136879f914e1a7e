"""A branch written as its file is read as the same branch again, whatever its words are."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from server.branch_file import BranchFile, BranchSection, parse, read, written
from server.branch_file.comparing import changes
from server.branch_file.openings import canonical
from server.first_start import DEMO

EXAMPLES = sorted(DEMO.parent.glob("*.toml"))
LINE = some.text(some.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=40).filter(
    str.strip
)
WORDS = some.one_of(
    LINE, some.fixed_dictionaries({"en": LINE, "fr": LINE}), some.fixed_dictionaries({"en": LINE})
)  # fmt: skip
IDS = some.lists(
    some.from_regex(r"[a-z0-9]{1,6}(-[a-z0-9]{1,4})?", fullmatch=True), min_size=1, max_size=5, unique=True
)
HOURS = some.one_of(some.none(), some.just({"mon": ["08:00-12:00", "13:00-17:30"], "sun": ["22:00-02:00"]}))


def rules() -> some.SearchStrategy[dict[str, Any]]:
    """Every number of [branch] within its limits."""
    limits = {name: field.metadata for name, field in BranchSection.model_fields.items() if field.annotation is int}
    return some.fixed_dictionaries(
        {
            name: some.integers(
                next(limit.ge for limit in each if hasattr(limit, "ge")),
                next(limit.le for limit in each if hasattr(limit, "le")),
            )
            for name, each in limits.items()
        }
    )


@some.composite
def branches(draw: some.DrawFn) -> BranchFile:
    ids = draw(IDS)
    outcomes = [{"id": id, "name": draw(WORDS)} for id in draw(some.one_of(some.just([]), IDS))]
    services = [
        {
            "id": id, "name": draw(WORDS), "letter": "ABCDE"[n], "bring": draw(some.one_of(some.none(), WORDS)),
            "outcomes": outcomes, "outcome_required": bool(outcomes) and draw(some.booleans()),
        }
        for n, id in enumerate(ids)
    ]  # fmt: skip
    worked = some.one_of(some.none(), some.lists(some.sampled_from(ids), unique=True))
    name = LINE.map(str.strip)
    return BranchFile.model_validate(
        {
            "branch": {
                "id": "harbour", "name": draw(name), "languages": ["en", "fr"], "hours": draw(HOURS),
                "closures": draw(some.lists(some.dates().map(str), unique=True, max_size=3)), **draw(rules()),
            },
            "services": services,
            "counters": [{"label": str(n), "services": draw(worked)} for n in range(draw(some.integers(0, 3)))],
            "priorities": [{"id": id, "name": draw(WORDS), "head_start": n} for n, id in enumerate(draw(IDS))],
            "people": [{"name": each, "role": "agent"} for each in draw(some.lists(name, unique=True, max_size=3))],
            "devices": [{"name": "Door", "kind": "kiosk"}],
        }
    )  # fmt: skip


@given(branches())
def test_what_is_written_is_read_again(file: BranchFile) -> None:
    text = written(file)
    again = parse(text)
    assert written(again) == text
    assert changes(file, again) == []
    assert (again.people, again.devices, again.priorities) == (file.people, file.devices, file.priorities)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.stem)
def test_every_example_is_read_again_as_it_was(example: Path) -> None:
    file = read(example)
    again = parse(written(file))
    assert (again.branch.week(), again.branch.closed_days()) == (file.branch.week(), file.branch.closed_days())
    apart = {"hours", "closures"}
    assert again.branch.model_dump(exclude=apart) == file.branch.model_dump(exclude=apart)
    assert again.model_dump(exclude={"branch"}) == file.model_dump(exclude={"branch"})


def test_what_a_file_would_change_is_named_field_by_field() -> None:
    present = read(DEMO)
    text = DEMO.read_text().replace("target_wait = 20", "target_wait = 25").replace('label = "4"', 'label = "9"')
    found = changes(present, parse(text))
    assert [(change.what, change.name) for change in found] == [
        ("service.change", {"en": "Business accounts", "fr": "Comptes entreprise"}),
        ("counter.add", "9"),
        ("counter.archive", "4"),
    ]
    assert (found[0].before, found[0].after) == ({"target_wait": 20}, {"target_wait": 25})


def test_another_order_is_a_change_too() -> None:
    present = read(DEMO)
    turned = present.model_copy(update={"priorities": tuple(reversed(present.priorities))})
    assert [change.what for change in changes(present, turned)] == ["priority.move"]


def test_openings_are_written_in_one_way() -> None:
    assert canonical("22:00-26:00") == "22:00-02:00"
