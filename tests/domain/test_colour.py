"""A branch's colour is dark enough to be read on from ten metres, or it is refused with one that is."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from server.branch_file import BranchFileProblem, parse
from server.domain.colour import NEEDED, contrast, darker, is_dark_enough
from tests.world import harbour

COLOURS = some.integers(0, 0xFFFFFF).map(lambda n: f"#{n:06x}")


def test_the_measure_is_that_of_wcag() -> None:
    assert round(contrast("#000000"), 1) == 21.0
    assert round(contrast("#ffffff"), 1) == 1.0
    assert round(contrast("#767676"), 2) == 4.54
    assert is_dark_enough("#1e2c7a")


@given(COLOURS)
def test_what_is_offered_instead_is_dark_enough_and_no_darker_than_it_must_be(colour: str) -> None:
    shade = darker(colour)
    assert contrast(shade) >= NEEDED
    assert shade == colour or contrast(shade) < NEEDED + 2


@pytest.mark.parametrize(
    ("colour", "said"),
    [
        ("#ffb81f", 'is too light: white words on it are 1.7 to one and need 11; "#'),
        ("red", 'is a colour such as "#1e2c7a"; not "red".'),
    ],
)
def test_a_file_with_a_colour_that_cannot_be_read_is_refused_with_the_reason(colour: str, said: str) -> None:
    with pytest.raises(BranchFileProblem) as refused:
        parse(harbour().replace('id = "harbour"', f'id = "harbour"\ncolour = "{colour}"'))
    assert said in refused.value.sentence
