"""Messages on their way: claimed, looked at once more, composed, sent, recorded."""
