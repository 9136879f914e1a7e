"""What a manager arranges: a branch from its file, services, counters, outcomes, people, devices; each change leaves an audit line."""
