"""Every step from an older database to this version's."""
