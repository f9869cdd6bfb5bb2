import os

from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_openai import ChatOpenAI

PROMPT = ChatPromptTemplate.from_messages(
    [
        ("system", "You write headlines for a local newspaper. At most eight words, no exclamation marks."),
        ("human", "The story: {story}"),
    ]
)


def headline_chain():
    model = ChatOpenAI(model=os.getenv("HEADLINE_MODEL", "gpt-4o-mini"), max_tokens=30, max_retries=1, temperature=0)
    return PROMPT | model | StrOutputParser()


def checked_chain():
    model = ChatOpenAI(model="gpt-4.1", max_completion_tokens=5)
    return (ChatPromptTemplate.from_template("Is this headline fair? Yes or no: {headline}") | model).with_retry(
        stop_after_attempt=2
    ) | StrOutputParser()
