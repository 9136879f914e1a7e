"""Checks of the machine: the data folder, its disk, open files, time zones and the words of the program."""

import os
import resource
import shutil
from pathlib import Path

from server import words
from server.doctor.finding import Finding, good, mind, wrong
from server.listening import FILES_WANTED
from server.settings import Settings

MEGABYTE = 1024 * 1024
LEAST_FREE = 50 * MEGABYTE  # below it /readyz says 503
LITTLE_FREE = 1024 * MEGABYTE  # a busy branch writes about that much in a year
FEW_FILES = 1024


def folder(settings: Settings) -> Finding:
    """The data folder can be written, and nobody else can read the key in it."""
    path = settings.data_dir
    if not path.exists():
        return mind("data folder", f"{path} is not there yet", "The first start makes it; else set DATA_DIR.")
    if not os.access(path, os.W_OK | os.X_OK):
        return wrong("data folder", f"{path} cannot be written", "Give it to the user that runs the server (chown).")
    key = path / "secret.key"
    if key.exists() and key.stat().st_mode & 0o077:
        return wrong("data folder", f"{key} can be read by others", f"chmod 600 {key}")
    return good("data folder", f"{path} can be written")


def disk(settings: Settings) -> Finding:
    """Room for what is written next."""
    free = shutil.disk_usage(_there(settings.data_dir)).free
    found = f"{free // MEGABYTE:,} MB are free"
    if free < LEAST_FREE:
        return wrong("disk", found, "Make room: below 50 MB nothing more is promised to be saved.")
    if free < LITTLE_FREE:
        return mind("disk", found, "Make room before it is short: a busy branch writes about 1 GB in a year.")
    return good("disk", found)


def files() -> Finding:
    """Each phone that watches is an open file."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY or hard >= FILES_WANTED:
        return good("open files", "as many as ten thousand phones need")
    do = f"Raise it: ulimit -n {FILES_WANTED}, or LimitNOFILE={FILES_WANTED} in the service."
    found = f"{hard:,} may be open, about as many phones"
    return wrong("open files", found, do) if hard < FEW_FILES else mind("open files", found, do)


def catalogues() -> Finding:
    """Every language says everything."""
    english = words.catalogue(words.LANGUAGES[0]).sentences.keys()
    for language in words.LANGUAGES:
        try:
            missing = english - words.read_catalogue(words.LOCALES / language).sentences.keys()
        except words.CatalogueProblem as problem:
            return wrong("languages", str(problem), "Install the program again: a file of its words is damaged.")
        if missing or not english:
            found = f"{words.language_name(language)} lacks {len(missing)} sentences"
            return wrong("languages", found, "Install the program again: files of its words are missing.")
    return good("languages", " and ".join(map(words.language_name, words.LANGUAGES)) + " are complete")


def _there(path: Path) -> Path:
    """The nearest folder that exists."""
    path = path.resolve()
    return path if path.exists() else _there(path.parent)
