"""The room `policy`: decides policies and budgets over estimates, then forgives what is excused."""
