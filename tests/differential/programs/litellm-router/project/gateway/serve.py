from .router import router

SYSTEM = "You translate messages of a ticket machine into plain German. Answer with the translation alone."


def translate(text: str) -> str:
    response = router.completion(
        model="main",
        messages=[{"role": "system", "content": SYSTEM}, {"role": "user", "content": text}],
    )
    return response.choices[0].message.content


def main():
    print(translate("Your card could not be read. Insert it again with the chip facing up."))


if __name__ == "__main__":
    main()
