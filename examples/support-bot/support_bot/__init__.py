"""A support desk: answers questions, sorts tickets, writes a nightly digest. The sample that guard's README shows."""
