"""The house knows its own files, with git and without."""

from pathlib import Path

from tests.house.sources import ROOT, tracked, unpacked


def test_an_unpacked_archive_has_the_files_that_git_knows() -> None:
    assert {file for file in unpacked(ROOT) if file.suffix in (".md", ".py", ".toml", ".yaml")} == {
        file for file in tracked() if file.suffix in (".md", ".py", ".toml", ".yaml")
    }


def test_what_a_run_leaves_behind_is_not_taken_for_ours(tmp_path: Path) -> None:
    for name in ("README.md", ".venv/LICENSE.md", "data/secret.key", "server/__pycache__/x.pyc"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    assert unpacked(tmp_path) == [tmp_path / "README.md"]
