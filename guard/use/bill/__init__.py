"""What is made of a report's requests for those who pay: groups (`views`) and the sums of a group (`sums`).

In: a `Report` and its `Config`. Out: the types of `guard.bill`. `guard.commands.cost` asks.
"""
