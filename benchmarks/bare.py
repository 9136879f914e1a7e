"""The anchor: a bare FastAPI endpoint that commits one row to SQLite with synchronous=FULL, and does nothing else."""

import sqlite3
import sys
import threading

import uvicorn
from fastapi import FastAPI


def bare_app(file: str) -> FastAPI:
    """POST /rows commits one row; a lock stands for the one writer that SQLite allows."""
    connection = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY, said TEXT)")
    lock = threading.Lock()
    app = FastAPI(openapi_url=None)

    @app.post("/rows")
    def add(said: dict[str, str]) -> dict[str, int | None]:
        with lock:
            return {"id": connection.execute("INSERT INTO rows (said) VALUES (?)", (said["said"],)).lastrowid}

    return app


def autocommit_inserts(file: str, count: int) -> sqlite3.Connection:
    """`count` rows, each durable by itself, as fast as the sqlite3 module alone does it."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY, said TEXT)")
    for number in range(count):
        connection.execute("INSERT INTO rows (said) VALUES (?)", (f"row {number}",))
    return connection


if __name__ == "__main__":
    uvicorn.run(bare_app(sys.argv[1]), host="127.0.0.1", port=int(sys.argv[2]), log_level="warning", access_log=False)
