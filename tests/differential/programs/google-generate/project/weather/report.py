from .client import MODEL, client, config

MEASURED = "Buoy 7: wind 14 m/s from the northwest, gusts 19 m/s, waves 2.4 m, water 11 degrees. Pressure is falling."


def write_report() -> str:
    response = client.models.generate_content(
        model=MODEL, contents=f"Write the report for tonight from this measurement.\n{MEASURED}", config=config(350)
    )
    return response.text


def warn() -> str:
    response = client.models.generate_content(
        model="gemini-2.5-flash-lite", contents=["Is a warning needed? Answer yes or no.", MEASURED], config=config(5)
    )
    return response.text


def main():
    if "yes" in warn().lower() or MEASURED:
        print(write_report())


if __name__ == "__main__":
    main()
