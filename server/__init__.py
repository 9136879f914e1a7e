"""The queue itself; read domain/ticket.py and ordering.py, actions/serving.py, db.py, live/board.py, live/hub.py."""
