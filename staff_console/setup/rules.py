"""The page of a branch's rules: joining, waiting, calling, what is kept how long, languages and the clock."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any
from zoneinfo import available_timezones

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from server import words
from server.actions.arranging import rules
from server.actions.arranging.checks import checked
from server.branch_file import BranchSection
from server.branch_file.comparing import Change
from server.domain.errors import Invalid
from server.queries.arranged import Arrangement
from server.queries.consequences import Consequence, consequences
from staff_console.setup.forms import Form, filled
from staff_console.setup.room import Room, room

GROUPS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "joining": (("arrive_by", "min"), ("open_tickets_per_visitor", "tickets"), ("full_at", "tickets")),
    "waiting": (
        ("away_limit", "min"),
        ("postponements", "times"),
        ("return_behind", "people"),
        ("return_grace", "min"),
    ),
    "calling": (("recall_gap", "sec"), ("recall_limit", "times"), ("miss_after", "min"), ("undo_seconds", "sec")),
    "after": (("rating_days", "days"),),
}
"""The numbers of the first form, each with its unit."""
NUMBERS = tuple(rule for group in GROUPS.values() for rule, _ in group)
router = APIRouter(prefix="/setup/{branch_id}/rules")
Here = Annotated[Room, Depends(room)]


@dataclass(frozen=True, slots=True)
class Rule:
    """A number that can be set, with its unit and the least and the most it can be."""

    name: str
    unit: str
    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Part:
    """One of the page's forms: where it is sent, its fields, and the rules that they make."""

    name: str
    path: str
    fields: tuple[str, ...]
    read: Callable[[Form], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Preview:
    """What saving `form` would change, and what that would do at once; nothing has happened yet."""

    part: Part
    form: Form
    change: Change | None = None
    would: Sequence[Consequence] = ()


def _numbers(form: Form) -> dict[str, Any]:
    return {rule: form.number(rule) for rule in NUMBERS} | {"remote_joining": form.value("remote_joining")}


def _speech(form: Form) -> dict[str, Any]:
    """The first is the one that people read who have not chosen."""
    chosen = sorted(form.typed.get("languages", ()), key=lambda language: language != form.value("first"))
    return {"languages": chosen, "time_zone": form.text("time_zone"), "day_starts_at": form.text("day_starts_at")}


def _kept(form: Form) -> dict[str, Any]:
    return {"retention_days": form.number("retention_days")}


NUMBERED, SPEECH, KEPT = PARTS = (
    Part("numbers", "rules", ("remote_joining", *NUMBERS), _numbers),
    Part("speech", "rules/languages", ("languages", "first", "time_zone", "day_starts_at"), _speech),
    Part("kept", "rules/retention", ("retention_days",), _kept),
)


@router.get("")
async def show(here: Here) -> Response:
    """`?preview=`: one of the forms as it is filled in, and what it would change, without being saved."""
    setup, query = await here.arrangement(), here.request.query_params
    part = next((part for part in PARTS if part.name == query.get("preview")), None)
    if part is None:
        return await _page(here, setup)
    form = Form({field: tuple(query.getlist(field)) for field in part.fields if field in query}, name=part.name)
    try:
        section = _section(setup, part, form)
    except Invalid as refused:
        return await _page(here, setup, form.with_problems(refused.fields))
    return await _page(here, setup, form, await _preview(here, setup, Preview(part, form), section))


@router.post("")
async def set_rules(here: Here) -> Response:
    return await _save(here, NUMBERED)


@router.post("/retention")
async def set_retention(here: Here) -> Response:
    return await _save(here, KEPT, at="#kept")


@router.post("/languages")
async def set_languages(here: Here) -> Response:
    return await _save(here, SPEECH, at="#speech")


async def _save(here: Room, part: Part, at: str = "") -> Response:
    setup, form = await here.arrangement(), await here.form(*part.fields, name=part.name)
    try:
        await here.act(form, rules.set_rules, section=_section(setup, part, form))
    except Invalid as refused:
        return await _page(here, setup, form.with_problems(refused.fields))
    return here.back("rules", done="saved", at=at)


def _section(setup: Arrangement, part: Part, form: Form) -> BranchSection:
    """The branch's rules with what stands in this form; Invalid says what to look at again."""
    known = {rule: setup.branch.rules[rule] for rule in rules.RULES}
    return checked(BranchSection, {"id": setup.branch.id, "name": setup.branch.name, **known, **part.read(form)})


async def _preview(here: Room, setup: Arrangement, asked: Preview, section: BranchSection) -> Preview:
    known = setup.branch.rules
    wanted = {rule: value for rule, value in rules.rules_of(section).items() if known[rule] != value}
    if not wanted:
        return asked
    change = Change("branch.rules", setup.branch.name, {rule: known[rule] for rule in wanted}, wanted)
    counted = partial(consequences, branch_id=here.branch_id, wanted=wanted, now=here.kit.now())
    return replace(asked, change=change, would=await here.kit.ask(counted))


async def _page(here: Room, setup: Arrangement, typed: Form | None = None, preview: Preview | None = None) -> Response:
    """422 when one of the forms comes back with what to look at."""
    forms = _filled(setup) | ({typed.name: typed} if typed else {})
    return await here.page(
        "setup/rules.html", "rules", status=422 if typed and typed.problems else 200, setup=setup, preview=preview,
        **{f"{name}_form": form for name, form in forms.items()},
        groups={name: [_rule(rule, unit) for rule, unit in group] for name, group in GROUPS.items()},
        retention=_rule("retention_days", "days"), zones=sorted(available_timezones()),
        spoken=[(language, words.language_name(language)) for language in words.LANGUAGES],
    )  # fmt: skip


def _filled(setup: Arrangement) -> dict[str, Form]:
    known = setup.branch.rules
    values: dict[str, dict[str, Any]] = {
        "numbers": {rule: str(known[rule]) for rule in NUMBERED.fields},
        "speech": {
            "languages": known["languages"], "first": known["languages"][0], "time_zone": known["time_zone"],
            "day_starts_at": known["day_starts_at"],
        },
        "kept": {"retention_days": str(known["retention_days"])},
    }  # fmt: skip
    return {name: filled(name, **fields) for name, fields in values.items()}


def _rule(name: str, unit: str) -> Rule:
    limits = BranchSection.model_fields[name].metadata
    least = next(limit.ge for limit in limits if hasattr(limit, "ge"))
    most = next(limit.le for limit in limits if hasattr(limit, "le"))
    return Rule(name, unit, least, most)
