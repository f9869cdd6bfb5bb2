from .agents import cook, critic


def main():
    recipe = cook.run_sync("Something with rice and peas.").output
    verdict = critic.run_sync(f"Judge this recipe: {recipe.title}", model_settings={"max_tokens": 60})
    print(recipe, verdict.output)


if __name__ == "__main__":
    main()
