"""Small files, small functions, and one sentence at the top of each module."""

import ast
from collections.abc import Iterable
from pathlib import Path
from statistics import median

from tests.house import sources

FILE = 300  # lines
FUNCTION = 50  # lines
USUAL_FUNCTION = 10  # lines, in the median
STYLE = 450  # lines of CSS: one declaration a line makes it long without making it hard

MEASURED = (*sources.ROOMS, "tests", "benchmarks")


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    ours = sources.python(*MEASURED) + sources.templates() + sources.scripts_and_styles()
    sources.nothing(long_files(ours))


def test_no_function_is_longer_than_a_page() -> None:
    sources.nothing([complaint for file in sources.python(*MEASURED) for complaint in long_functions(file)])


def test_functions_are_mostly_a_few_lines_long() -> None:
    lengths = [size for file in sources.python(*sources.ROOMS) for _, size in functions(file)]
    assert median(lengths) <= USUAL_FUNCTION


def test_every_module_opens_with_one_sentence() -> None:
    sources.nothing(without_sentence(sources.python(*MEASURED, "migrations")))


def test_a_long_file_is_noticed(tmp_path: Path) -> None:
    planted = tmp_path / "long.py"
    planted.write_text("x = 1\n" * (FILE + 1))
    assert long_files([planted]) == ["long.py has 301 lines"]


def test_a_long_function_is_noticed(tmp_path: Path) -> None:
    planted = tmp_path / "long.py"
    planted.write_text("def endless():\n" + "    x = 1\n" * FUNCTION)
    assert long_functions(planted) == ["long.py: endless has 51 lines"]


def test_a_module_without_its_sentence_is_noticed(tmp_path: Path) -> None:
    silent, short = tmp_path / "silent.py", tmp_path / "short.py"
    silent.write_text("x = 1\n")
    short.write_text('"""no sentence"""\n')
    assert without_sentence([silent, short]) == ["silent.py", "short.py"]


def long_files(files: Iterable[Path]) -> list[str]:
    sizes = [(file, len(file.read_text().splitlines())) for file in files]
    return [
        f"{sources.name(file)} has {size} lines"
        for file, size in sizes
        if size > (STYLE if file.suffix == ".css" else FILE)
    ]


def long_functions(file: Path) -> list[str]:
    return [f"{sources.name(file)}: {name} has {size} lines" for name, size in functions(file) if size > FUNCTION]


def functions(file: Path) -> list[tuple[str, int]]:
    """Name and length in lines of every function and method."""
    return [
        (node.name, (node.end_lineno or node.lineno) - node.lineno + 1)
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def without_sentence(files: Iterable[Path]) -> list[str]:
    """Modules whose docstring's first line is not a sentence."""
    return [
        sources.name(file)
        for file in files
        if not (ast.get_docstring(ast.parse(file.read_text())) or "")
        .split("\n\n")[0]
        .rstrip()
        .endswith((".", ":", "?"))
    ]
