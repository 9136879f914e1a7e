"""The load tool: thousands of phones, agents who work, and a look at what every phone shows in the end."""
