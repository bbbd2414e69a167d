"""The only writers: one function per act, with its permission and its journal entry."""
