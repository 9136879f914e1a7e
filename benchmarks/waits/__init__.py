"""How good the forecast is and what it costs: made-up branches over many days, from a cold start."""
