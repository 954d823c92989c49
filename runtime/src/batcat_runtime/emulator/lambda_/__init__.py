"""Lambda: functions that run as real processes."""
