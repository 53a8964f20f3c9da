"""One module per version of the tables; its revision is the version's number."""
