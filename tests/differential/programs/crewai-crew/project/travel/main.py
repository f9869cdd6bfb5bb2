from .crew import crew

if __name__ == "__main__":
    print(crew().kickoff(inputs={"town": "Porto"}))
