"""What a manager arranges: a branch from its file, services, counters, people, devices; each leaves an audit line."""
