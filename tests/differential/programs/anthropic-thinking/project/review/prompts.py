CLAUSE = """\
The tenant bears the cost of small repairs up to 150 euros each, at most one monthly rent a year, in every part of the
flat, including the pipes in the walls and the lift of the building."""

QUESTION = "Is this clause of a lease valid under German law? Name the parts that are not, with the reason.\n\n" + CLAUSE
HEADING = "Give a heading of at most six words for a review of this clause:\n\n" + CLAUSE
