"""The agents' side in Telegram: one supergroup, a topic for each conversation that a person is asked into."""
