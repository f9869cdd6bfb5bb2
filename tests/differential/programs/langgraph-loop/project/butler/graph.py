from langchain_core.messages import SystemMessage
from langchain_openai import ChatOpenAI
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition

from .tools import temperature

SYSTEM = SystemMessage("You watch over a house. Look up temperatures, never guess. Answer in one sentence.")
model = ChatOpenAI(model="gpt-4o-mini", max_tokens=120).bind_tools([temperature])


def ask(state: MessagesState):
    return {"messages": [model.invoke([SYSTEM, *state["messages"]])]}


def build():
    graph = StateGraph(MessagesState)
    graph.add_node("ask", ask)
    graph.add_node("tools", ToolNode([temperature]))
    graph.add_edge(START, "ask")
    graph.add_conditional_edges("ask", tools_condition)
    graph.add_edge("tools", "ask")
    return graph.compile()
