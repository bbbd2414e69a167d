"""The words of the field and their small truths. Standard library only; knows no other room."""
