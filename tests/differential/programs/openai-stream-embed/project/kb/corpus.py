DOCUMENTS = [
    "The pump station runs between six in the morning and ten in the evening.",
    "Filters are changed on the first Monday of every month.",
    "In case of an alarm call the control room before entering the building.",
    "Visitors sign the book at the gate and wear a helmet.",
    "The emergency generator is tested on Fridays at noon.",
]
