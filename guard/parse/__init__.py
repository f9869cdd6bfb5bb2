"""The room `parse`: bytes in, syntax with positions out, or a `Problem`. No meaning is given here."""
