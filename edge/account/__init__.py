"""What the account of a day rests on, what the hall holds of a terminal and day; and its proof as files."""
