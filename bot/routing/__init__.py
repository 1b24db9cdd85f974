"""Message -> Intent: rules over lexicons, and the encoder where they are weak."""
