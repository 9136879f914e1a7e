"""The lobby: what everybody in the branch sees and hears."""
