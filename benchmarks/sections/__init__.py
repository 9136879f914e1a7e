"""One question about cost each; every module's docstring says how its figure is made."""
