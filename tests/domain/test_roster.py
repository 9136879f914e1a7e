"""A table of people is read as spreadsheet programs write it, and each line says what helps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.branch_file import PersonSection
from server.domain.roster import MOST, Line, decoded, read

HEAD = "name;sign-in name;role;branch\n"


def problems(*lines: str) -> dict[int, str]:
    return dict(read(HEAD + "\n".join(lines)).problems)


@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_the_usual_separators_and_line_ends_are_read(separator: str, ends: str) -> None:
    text = (
        (HEAD + "Zainab Bello;Zainab;agent;\n\nIdris;idris;manager;hill\n").replace(";", separator).replace("\n", ends)
    )
    assert read(text).lines == (
        Line(2, "Zainab Bello", "zainab", "agent", ""),
        Line(4, "Idris", "idris", "manager", "hill"),
    )


@pytest.mark.parametrize(
    "table",
    ["nom;rôle\nAïcha;agent".encode(code) for code in ("utf-8", "utf-8-sig", "utf-16", "cp1252")],
    ids=["utf-8", "with a mark", "utf-16", "older Windows"],
)
def test_the_letters_of_every_spreadsheet_program_are_read(table: bytes) -> None:
    assert read(decoded(table)).lines == (Line(2, "Aïcha", "", "agent", ""),)


def test_columns_may_stand_in_any_order_and_in_french() -> None:
    assert read("Rôle;NOM\nResponsable;Idris\n").lines == (Line(2, "Idris", "", "manager", ""),)


def test_a_quoted_cell_may_hold_a_separator() -> None:
    assert read(HEAD + '"Bello; Zainab";;agent;\n').lines[0].name == "Bello; Zainab"


@pytest.mark.parametrize("formula", ["=HYPERLINK(A1)", "+1", "-1", "@SUM(A1)", '"\t=1"'])
def test_what_a_spreadsheet_would_work_out_is_refused(formula: str) -> None:
    assert problems(f"{formula};;agent;") == {2: "cell-formula"}


@pytest.mark.parametrize(
    ("line", "slug"),
    [
        (";;agent;", "name-needed"),
        ("x" * 61 + ";;agent;", "too-long"),
        ("Zainab;za inab;agent;", "login-unclear"),
        ("Zainab;;queen;", "role-unknown"),
        ("Zainab;;;", "role-unknown"),
        ("Zainab", "role-unknown"),
        ("Zain\x07ab;;agent;", "cell-control"),
        ("Zainab;zain\x7fab;agent;", "cell-control"),
    ],
)
def test_what_is_wrong_is_said_of_its_line(line: str, slug: str) -> None:
    assert problems("Idris;;agent;", line) == {3: slug}


def test_one_person_may_have_roles_in_several_branches_under_one_name() -> None:
    assert problems("Idris;idris;manager;hill", "Idris;idris;agent;quay") == {}
    assert problems("Idris;idris;manager;hill", "Zainab;idris;agent;quay") == {3: "login-twice"}


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("", "table-headings"),
        ("Zainab;zainab;agent", "table-headings"),
        (HEAD, "table-empty"),
        (HEAD + "Zainab;;agent;\n" * (MOST + 1), "table-long"),
    ],
)
def test_a_table_that_is_none_says_what_is_missing(text: str, slug: str) -> None:
    assert read(text) == read(text)
    assert dict(read(text).problems) == {0: slug}


@given(st.text())
def test_nothing_anybody_pastes_is_a_fault(text: str) -> None:
    read(text)
    read(HEAD + text)


@given(st.text(st.one_of(st.characters(), st.characters(categories=["Cc", "Zl", "Zp"]), st.sampled_from("Zainab"))))
def test_who_is_let_in_can_stand_in_a_branch_file(name: str) -> None:
    found = read(f"{HEAD}{name};;agent;\n")
    for line in found.lines:
        if line.number not in found.problems:
            assert PersonSection(name=line.name, role="agent").name == line.name


@given(st.binary())
def test_no_file_is_a_fault(table: bytes) -> None:
    read(decoded(table))
