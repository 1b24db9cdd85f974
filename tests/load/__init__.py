"""`clausewise serve` under load, as a process of its own beside the fake Bot API."""
