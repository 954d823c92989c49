"""What verbs show: each function draws what it is given, and decides nothing."""
