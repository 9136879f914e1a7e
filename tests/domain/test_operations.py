"""The operator's page explains the branch file as it is: every key, and every default a rule has."""

import re
from pathlib import Path

from server.branch_file import BranchSection
from server.branch_file.sections import TABLES, BranchFile

PAGE = (Path(__file__).parents[2] / "docs" / "OPERATIONS.md").read_text()
BRANCH_FILE = PAGE.split("\n### The branch file\n", 1)[1].split("\n## ", 1)[0]


def test_every_key_of_the_branch_file_is_explained() -> None:
    explained = set(re.findall(r"`\[*([a-z_.]+)\]*`", BRANCH_FILE))
    keys = {key for section in TABLES.values() if section is not BranchFile for key in section.model_fields}
    assert keys - explained == set()


def test_every_rule_is_explained_with_its_default() -> None:
    told = dict(re.findall(r"^\| `([a-z_]+)` \| `([^`]+)` \|", BRANCH_FILE.split("`[[services]]`")[0], re.MULTILINE))
    for key, field in BranchSection.model_fields.items():
        if key in told:
            default = field.default if not isinstance(field.default, tuple) else list(field.default)
            assert told[key].replace('"', "'") == repr(default), key
    assert len(told) == len(BranchSection.model_fields) - 4  # id, name and colour have none, hours are a table
