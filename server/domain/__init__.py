"""Rules and stored things: no I/O, no clock, no framework but SQLAlchemy's mapping."""
