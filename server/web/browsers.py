"""What a browser calls itself, in two words: enough to tell one's own phone from a stranger's computer."""

BROWSERS = {
    "Edg": "Edge", "OPR": "Opera", "SamsungBrowser": "Samsung Internet", "Firefox": "Firefox", "FxiOS": "Firefox",
    "CriOS": "Chrome", "Chrome": "Chrome", "Safari": "Safari",
}  # fmt: skip
SYSTEMS = {
    "iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "CrOS": "ChromeOS", "Windows": "Windows",
    "Macintosh": "Mac", "Linux": "Linux",
}  # fmt: skip
"""What stands in a User-Agent → what people say. The first that is found counts: nearly all call themselves Safari."""


def browser_named(user_agent: str) -> str | None:
    """ "Firefox, Linux", or as much of it as can be told; its version and the rest are kept nowhere."""
    told = [_first(BROWSERS, user_agent), _first(SYSTEMS, user_agent)]
    return ", ".join(word for word in told if word) or None


def _first(names: dict[str, str], user_agent: str) -> str | None:
    return next((said for mark, said in names.items() if mark in user_agent), None)
