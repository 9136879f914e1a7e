"""Load, let the domain move, answer: one file per actor; no action calls another."""
