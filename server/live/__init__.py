"""The live wire: board (what a branch looks like), hub (who watches it), wire (what is sent)."""
