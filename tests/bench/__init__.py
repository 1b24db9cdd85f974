"""What is measured is measured as in operation: `bot` says how numpy is to work, before that is loaded."""

import bot as bot
