"""The proof of what we promise: rules, actions, live wire, screens, browsers and faults."""
