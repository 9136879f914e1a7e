"""The queue itself: read domain/ticket.py, domain/ordering.py, actions/serving.py, db.py, live/board.py, live/hub.py, app.py."""
