from .models import embed, sum_up
from .store import page


def sync():
    cursor = 0
    while cursor is not None:
        rows, cursor = page(cursor)
        embed(rows)
        print(sum_up(rows))


if __name__ == "__main__":
    sync()
