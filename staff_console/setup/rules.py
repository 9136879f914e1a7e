"""The page of a branch's rules: joining, waiting, calling, what is kept how long, languages and the clock."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from zoneinfo import available_timezones

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from server import words
from server.actions.arranging import rules
from server.actions.arranging.checks import checked
from server.branch_file import BranchSection
from server.domain.errors import Invalid
from server.queries.arranged import Arrangement
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
SPEECH = ("languages", "first", "time_zone", "day_starts_at")
router = APIRouter(prefix="/setup/{branch_id}/rules")
Here = Annotated[Room, Depends(room)]


@dataclass(frozen=True, slots=True)
class Rule:
    """A number that can be set, with its unit and the least and the most it can be."""

    name: str
    unit: str
    least: int
    most: int


@router.get("")
async def show(here: Here) -> Response:
    return await _page(here, await here.arrangement())


@router.post("")
async def set_rules(here: Here) -> Response:
    setup, form = await here.arrangement(), await here.form("remote_joining", *NUMBERS)
    numbers = {rule: form.number(rule) for rule in NUMBERS}
    try:
        await _set(here, setup, form, numbers | {"remote_joining": form.value("remote_joining")})
    except Invalid as refused:
        return await _page(here, setup, form=form.with_problems(refused.fields))
    return here.back("rules", done="saved")


@router.post("/retention")
async def set_retention(here: Here) -> Response:
    setup, form = await here.arrangement(), await here.form("retention_days", name="kept")
    try:
        await _set(here, setup, form, {"retention_days": form.number("retention_days")})
    except Invalid as refused:
        return await _page(here, setup, kept_form=form.with_problems(refused.fields))
    return here.back("rules", done="saved", at="#kept")


@router.post("/languages")
async def set_languages(here: Here) -> Response:
    """The first is the one that people read who have not chosen."""
    setup, form = await here.arrangement(), await here.form(*SPEECH, name="speech")
    chosen = sorted(form.typed.get("languages", ()), key=lambda language: language != form.value("first"))
    values = {"languages": chosen, "time_zone": form.text("time_zone"), "day_starts_at": form.text("day_starts_at")}
    try:
        await _set(here, setup, form, values)
    except Invalid as refused:
        return await _page(here, setup, speech_form=form.with_problems(refused.fields))
    return here.back("rules", done="saved", at="#speech")


async def _set(here: Room, setup: Arrangement, form: Form, values: Mapping[str, Any]) -> None:
    known = {rule: setup.branch.rules[rule] for rule in rules.RULES}
    section = checked(BranchSection, {"id": here.branch_id, "name": setup.branch.name, **known, **values})
    await here.act(form, rules.set_rules, section=section)


async def _page(
    here: Room,
    setup: Arrangement,
    *,
    form: Form | None = None,
    kept_form: Form | None = None,
    speech_form: Form | None = None,
) -> Response:
    """422 when one of the forms comes back with what to look at."""
    known = setup.branch.rules
    numbers = {rule: str(known[rule]) for rule in NUMBERS}
    languages = known["languages"]
    clock = {"time_zone": known["time_zone"], "day_starts_at": known["day_starts_at"]}
    return await here.page(
        "setup/rules.html", "rules", status=422 if form or kept_form or speech_form else 200, setup=setup,
        form=form or filled(remote_joining=known["remote_joining"], **numbers),
        kept_form=kept_form or filled("kept", retention_days=str(known["retention_days"])),
        speech_form=speech_form or filled("speech", languages=languages, first=languages[0], **clock),
        groups={name: [_rule(rule, unit) for rule, unit in group] for name, group in GROUPS.items()},
        retention=_rule("retention_days", "days"), zones=sorted(available_timezones()),
        spoken=[(language, words.language_name(language)) for language in words.LANGUAGES],
    )  # fmt: skip


def _rule(name: str, unit: str) -> Rule:
    limits = BranchSection.model_fields[name].metadata
    least = next(limit.ge for limit in limits if hasattr(limit, "ge"))
    most = next(limit.le for limit in limits if hasattr(limit, "le"))
    return Rule(name, unit, least, most)
