"""What a branch file means, and what it says to somebody who has made a slip in it."""

from pathlib import Path

import pytest

from server import branch_file
from server.branch_file import BranchFile, BranchFileProblem

EXAMPLES = sorted((Path(branch_file.__file__).parents[1] / "demo" / "examples").glob("*.toml"))

HARBOUR = """\
[branch]
id = "harbour"
name = "Harbour Branch"
time_zone = "Africa/Lagos"
languages = ["en", "fr"]

[branch.hours]
mon = ["08:00-12:30", "13:30-16:00"]

[[services]]
id = "new-passport"
name = { en = "New passport", fr = "Nouveau passeport" }
letter = "A"
outcomes = ["Resolved", "Needs documents", { id = "sent-on", name = { en = "Referred", fr = "Orientation" } }]

[[services]]
id = "renewals"
name = "Renewals"
letter = "B"

[[counters]]
label = "1"
services = [
  "new-passport",  # first
  "renewals",
]

[[counters]]
label = "2"

[[priorities]]
id = "elderly"
name = "65 or older"

[[people]]
name = "Mira"
role = "manager"
key = true

[[devices]]
name = "Door"
kind = "kiosk"
"""


@pytest.fixture
def harbour() -> BranchFile:
    return branch_file.parse(HARBOUR)


def problem(text: str) -> BranchFileProblem:
    with pytest.raises(BranchFileProblem) as caught:
        branch_file.parse(text)
    return caught.value


def slip(right: str, wrong: str) -> tuple[int, str]:
    """Line and sentence for Harbour's file with one thing written wrongly."""
    assert right in HARBOUR
    found = problem(HARBOUR.replace(right, wrong, 1))
    return found.line, found.sentence


# What a good file means


def test_a_rule_left_out_has_its_default(harbour: BranchFile) -> None:
    branch = harbour.branch
    assert (branch.day_starts_at, branch.remote_joining, branch.open_tickets_per_visitor, branch.full_at) == (
        "00:00",
        "refuse",
        1,
        0,
    )
    assert (branch.return_behind, branch.return_grace, branch.postponements, branch.away_limit) == (3, 30, 2, 30)
    assert (branch.arrive_by, branch.recall_gap, branch.recall_limit, branch.miss_after) == (60, 15, 3, 0)
    assert (branch.undo_seconds, branch.rating_days, branch.retention_days) == (60, 7, 30)
    assert (harbour.services[0].target_wait, harbour.services[0].typical_service) == (15, 8)
    assert (harbour.priorities[0].head_start, harbour.priorities[0].confirm) == (10, False)


def test_one_text_is_for_every_language_and_a_table_is_one_text_each(harbour: BranchFile) -> None:
    assert harbour.services[0].name == {"en": "New passport", "fr": "Nouveau passeport"}
    assert harbour.services[1].name == {"*": "Renewals"}


def test_an_outcome_given_as_a_text_gets_its_id_from_it(harbour: BranchFile) -> None:
    assert [outcome.id for outcome in harbour.services[0].outcomes] == ["resolved", "needs-documents", "sent-on"]
    assert harbour.services[0].outcomes[1].name == {"*": "Needs documents"}


def test_outcomes_are_required_where_they_are_declared_unless_the_file_says_otherwise(harbour: BranchFile) -> None:
    assert [service.outcome_required for service in harbour.services] == [True, False]
    free = branch_file.parse(HARBOUR.replace('letter = "A"', 'letter = "A"\noutcome_required = false'))
    assert not free.services[0].outcome_required


def test_a_counter_without_services_works_all_of_them(harbour: BranchFile) -> None:
    assert [counter.services for counter in harbour.counters] == [("new-passport", "renewals"), None]


def test_a_branch_without_hours_is_always_open(harbour: BranchFile) -> None:
    assert harbour.branch.week() == {
        "mon": ["08:00-12:30", "13:30-16:00"],
        **{day: [] for day in ("tue", "wed", "thu", "fri", "sat", "sun")},
    }
    assert harbour.always_open().branch.week() is None


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("8:00 - 12:30", "08:00-12:30"),
        ("08:00–12:30", "08:00-12:30"),
        ("00:00-24:00", "00:00-24:00"),
        ("22:00-26:00", "22:00-02:00"),
        ("22:00-02:00", "22:00-02:00"),
    ],
)
def test_an_opening_may_be_written_in_several_ways_and_past_midnight(written: str, means: str) -> None:
    file = branch_file.parse(HARBOUR.replace('["08:00-12:30", "13:30-16:00"]', f'["{written}"]'))
    assert (file.branch.week() or {})["mon"] == [means]


def test_closures_may_stand_beside_the_hours_or_in_the_branch_as_dates_or_texts() -> None:
    text = HARBOUR.replace("[branch.hours]", 'closures = [2027-01-01]\n[branch.hours]\nclosures = ["2026-12-25"]')
    assert branch_file.parse(text).branch.closed_days() == ["2026-12-25", "2027-01-01"]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda file: file.stem)
def test_every_example_is_a_whole_branch_in_both_languages(example: Path) -> None:
    file = branch_file.read(example)
    assert {person.role for person in file.people} >= {"manager", "agent"}
    assert {device.kind for device in file.devices} == {"kiosk", "lobby"}
    worked = {service for counter in file.counters for service in counter.services or ()}
    for service in file.services:
        assert set(service.name) == set(service.bring or {}) == {"en", "fr"}
        assert service.outcomes
        assert service.id in worked


def test_there_are_three_examples_in_three_countries() -> None:
    assert len({branch_file.read(example).branch.time_zone for example in EXAMPLES}) == 3


# What a slip says, and on which line


@pytest.mark.parametrize(
    ("right", "wrong", "line", "sentence"),
    [
        ('letter = "A"', 'lettre = "A"', 13, '"lettre" is not a key of [[services]]; did you mean "letter"?'),
        (
            'time_zone = "Africa/Lagos"',
            "x = 1",
            4,
            '"x" is not a key of [branch]; its keys are id, name,',
        ),
        ('letter = "A"', 'letter = "a"', 13, '"letter" in [[services]] is one or two capital letters A–Z'),
        ('letter = "B"', 'letter = "A"', 19, 'Two of [[services]] have the letter "A": give each its own.'),
        ('letter = "B"', "", 16, '[[services]] needs "letter".'),
        ('label = "2"', "label = 2", 29, '"label" in [[counters]] is a text: write it in quotes.'),
        ('label = "2"', 'label = "1"', 29, 'Two of [[counters]] have the label "1"'),
        ('  "renewals",', '  "renewal",', 25, 'Counter 1 names a service "renewal"; did you mean "renewals"?'),
        ('"Africa/Lagos"', '"Africa/Lagoss"', 4, '"time_zone" in [branch] is a zone such as "Africa/Lagos"'),
        ('["en", "fr"]', '["en", "tlh"]', 5, '"languages" in [branch] names "tlh", which is not one of ours'),
        ('["en", "fr"]', "[]", 5, '"languages" in [branch] is a list with at least 1 in it.'),
        ('"08:00-12:30", ', '"08.00-12.30", ', 8, '"mon" in [branch.hours] has openings such as "08:00-12:30"'),
        ('"08:00-12:30", ', '"08:00-12:75", ', 8, '"08:00-12:75" names a time that no clock shows'),
        ('"08:00-12:30", ', '"08:00-14:00", ', 7, '"13:30-16:00" begins before the one before it ends'),
        ('"08:00-12:30", ', '"08:00-08:00", ', 8, "ends when it begins"),
        ("mon = [", "montag = [", 8, '"montag" is not a key of [branch.hours]; did you mean "mon"?'),
        ('id = "harbour"', 'id = "Harbour Branch"', 2, '"id" in [branch] stands in addresses: small letters'),
        ('name = "Renewals"', 'name = { de = "Neu" }', 18, '"de" is not among the languages of the branch'),
        ('name = "Renewals"', 'name = ""', 18, '"name" in [[services]] is empty; write what people should read.'),
        ('name = "Renewals"', 'name = "Re\\u0007newals"', 18, "without control characters"),
        ('name = "Renewals"', "name = 7", 18, '"name" in [[services]] is a text in quotes, or one per language'),
        ('"Needs documents"', '"Resolved"', 14, '"new-passport" has two outcomes "resolved"'),
        ('"Needs documents"', '"更新"', 14, 'has "更新", which makes no id'),
        ("key = true", 'key = "yes"', 38, '"key" in [[people]] is true or false, without quotes.'),
        ('role = "manager"', 'role = "boss"', 37, '"role" in [[people]] is one of "agent", "manager" or "admin".'),
        ("[[priorities]]", "[priorities]", 31, "Write [[priorities]] instead, with double brackets."),
        ("[branch]", "[[branch]]", 1, "Write [branch] instead, with single brackets."),
        ('letter = "B"', 'letter = "B"\noutcome_required = true', 20, '"renewals" requires an outcome and names none'),
        ('letter = "B"', 'letter = "B"\ntarget_wait = 0', 20, '"target_wait" in [[services]] is 1 or more.'),
        ('letter = "B"', 'letter = "B"\ntarget_wait = "15"', 20, "is a whole number, without quotes."),
        ('letter = "B"', 'letter = "B"\ntarget_wait = true', 20, "is a whole number, without quotes."),
        ('letter = "B"', 'letter = "B"\nletter = "C"', 20, "This is not valid TOML: cannot overwrite a value."),
        ('letter = "B"', 'letter = "B', 19, "This is not valid TOML"),
    ],
)
def test_a_slip_is_named_with_its_line(right: str, wrong: str, line: int, sentence: str) -> None:
    found, said = slip(right, wrong)
    assert sentence in said
    assert found == line


def test_a_problem_reads_as_one_sentence_with_its_place() -> None:
    found = problem(HARBOUR.replace('letter = "B"', "letter = 5"))
    assert str(found) == 'branch.toml, line 19: "letter" in [[services]] is a text: write it in quotes.'


def test_of_several_slips_the_first_in_the_file_is_named() -> None:
    text = HARBOUR.replace('kind = "kiosk"', 'kind = "door"').replace('letter = "B"', "letter = 5")
    assert problem(text).line == 19


def test_a_file_without_a_branch_or_without_services_says_which_table_is_missing() -> None:
    assert "The file needs a table [branch]." in problem("").sentence
    assert "The file needs a table [[services]]." in problem('[branch]\nid = "a"\nname = "A"').sentence


def test_hours_without_an_opening_are_named_because_always_open_is_written_by_leaving_them_out() -> None:
    assert "leave the table out" in slip('["08:00-12:30", "13:30-16:00"]', "[]")[1]


def test_a_night_opening_may_not_reach_into_the_next_day_s_first() -> None:
    assert slip('mon = ["08:00-12:30", "13:30-16:00"]', 'sun = ["20:00-09:00"]\nmon = ["08:00-12:00"]')[0] == 7


# What is hostile, or not ours to understand


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe\x00[branch]",
        b"[" * 50_000,
        b"a = " + b"[" * 20_000,
        b"\x00",
        b"[branch]\nid = 1e999\nname = nan",
        b"[branch.hours.mon]\n[[branch.hours.mon.x]]",
        b"services = 7\nbranch = 8",
        b'[branch]\nid = "a"\nname = "A"\n[[services]]\nid = {}\nname = {}\nletter = []\noutcomes = {}',
        b"x = 1\n" * 200_000,
    ],
    ids=["utf-16", "brackets", "nested", "nul", "numbers", "deep", "scalars", "wrong-kinds", "huge"],
)
def test_a_hostile_file_gets_a_sentence_and_nothing_else(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "branch.toml"
    file.write_bytes(content)
    with pytest.raises(BranchFileProblem) as caught:
        branch_file.read(file)
    assert caught.value.sentence.endswith((".", "?"))
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_said_kindly(tmp_path: Path) -> None:
    with pytest.raises(BranchFileProblem, match="There is no such file"):
        branch_file.read(tmp_path / "nowhere.toml")
    with pytest.raises(BranchFileProblem, match="cannot be read"):
        branch_file.read(tmp_path)


def test_a_mark_that_some_editors_write_in_front_is_no_problem(tmp_path: Path) -> None:
    file = tmp_path / "branch.toml"
    file.write_text(HARBOUR, encoding="utf-8-sig")
    assert branch_file.read(file).branch.id == "harbour"
