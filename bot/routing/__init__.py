"""Message -> Intent by rules, without a model."""
