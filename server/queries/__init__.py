"""Every question put to the database, named as a question."""
