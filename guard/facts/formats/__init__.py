"""One collector for each configuration format; none is registered so far (data files are read when code loads them)."""
