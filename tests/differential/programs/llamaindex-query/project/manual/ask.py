from .index import build


def main():
    engine = build().as_query_engine(similarity_top_k=1)
    print(engine.query("How do I stop the belt?"))


if __name__ == "__main__":
    main()
