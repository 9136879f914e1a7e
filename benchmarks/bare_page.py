"""The anchor in the browser: a page with one key, one request and one swapped fragment, and nothing behind them."""

import sys
from itertools import count
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from fastapi.responses import FileResponse, HTMLResponse

HTMX = Path(__file__).resolve().parents[1] / "server" / "web" / "static" / "vendor" / "htmx.min.js"
PAGE = """<!doctype html><html lang="en"><title>Bare</title>
<script src="/htmx.js" defer></script><script src="/key.js" defer></script>
<div id="card" data-n="0"><p>0</p></div>
<form hx-post="/card" hx-target="#card" hx-swap="outerHTML"><button id="key">Next</button></form></html>"""
KEY = "addEventListener('keydown', ({ key }) => { if (key === 'n') document.getElementById('key').click(); });"


def bare_page() -> FastAPI:
    """GET / is the page; POST /card answers with the next card."""
    app, numbers = FastAPI(openapi_url=None), count(1)

    @app.get("/")
    async def page() -> HTMLResponse:
        return HTMLResponse(PAGE)

    @app.get("/htmx.js")
    async def htmx() -> FileResponse:
        return FileResponse(HTMX, media_type="text/javascript")

    @app.get("/key.js")
    async def key() -> HTMLResponse:
        return HTMLResponse(KEY, media_type="text/javascript")

    @app.post("/card")
    async def card() -> HTMLResponse:
        n = next(numbers)
        return HTMLResponse(f'<div id="card" data-n="{n}"><p>{n}</p></div>')

    return app


if __name__ == "__main__":
    uvicorn.run(bare_page(), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False)
