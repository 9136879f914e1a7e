"""What stands in a form, and reading it: texts, lines, numbers and choices as they were typed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from server.domain.base import Words


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of one form with what is stored or was typed; `problems`: field → slug of what is wrong with it.

    `name` tells the forms of one page apart.
    """

    typed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)
    name: str = "form"

    def id(self, name: str) -> str:
        return f"{self.name}-{name}"

    def value(self, name: str) -> str:
        return self.typed.get(name, ("",))[0] if self.typed.get(name) else ""

    def has(self, name: str, value: str) -> bool:
        return value in self.typed.get(name, ())

    def problem(self, name: str) -> str | None:
        return self.problems.get(name)

    def with_problems(self, problems: Mapping[str, str], first: str = "") -> "Form":
        """What is wrong with a text in several languages is said beside its field in the `first`."""
        placed = {
            f"{field}_{first}"
            if first and field in ("name", "bring", "notice") and field not in self.typed
            else field: slug
            for field, slug in problems.items()
        }
        return replace(self, problems=placed)

    def text(self, name: str) -> str:
        """One line, its spaces tidied."""
        return " ".join(self.value(name).split())

    def words(self, name: str, languages: Iterable[str]) -> Words:
        """The text of each language that has one."""
        texts = {language: self.text(f"{name}_{language}") for language in languages}
        return {language: text for language, text in texts.items() if text}

    def lines(self, name: str) -> list[str]:
        tidy = (" ".join(line.split()) for line in self.value(name).splitlines())
        return [line for line in tidy if line]

    def number(self, name: str) -> int | None:
        """A whole number of at most six digits; None for anything else, so that a rule can name it."""
        typed = self.value(name).strip()
        return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= 6 else None


def filled(name: str = "form", /, **values: str | Iterable[str] | None) -> Form:
    """A form as it stands before anybody types: `filled(letter="A", services=("a", "b"))`."""
    typed = {key: (value,) if isinstance(value, str) else tuple(value or ()) for key, value in values.items()}
    return Form(typed, name=name)


def in_languages(name: str, words: Words | None, languages: Iterable[str]) -> dict[str, str]:
    """The fields `name_en`, `name_fr` … of a stored text; one given without a language stands in the first."""
    texts = words or {}
    fields = {f"{name}_{language}": texts.get(language, "") for language in languages}
    first = next(iter(fields), None)
    if first and not fields[first]:
        fields[first] = texts.get("*", "")
    return fields
