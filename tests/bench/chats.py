"""The chat sessions and questions of the development data (`../shared/data/README.md`), which are no part of Loci."""

import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "longmemeval_dev.json"


@dataclass(frozen=True)
class Session:
    """A chat: messages of the wire, and when it took place."""

    id: str
    at: datetime
    messages: list[dict[str, str]]

    def add(self, user: str, *, infer: bool) -> dict[str, Any]:
        """Returns the synchronous add that remembers this session for `user`."""
        said = {"messages": self.messages, "timestamp": self.at.isoformat(), "metadata": {"session_id": self.id}}
        return {**said, "user_id": user, "infer": infer, "async_mode": False}


@dataclass(frozen=True)
class Question:
    """A question, the sessions that hold its evidence, and the turns that are it (`<session id>#<index>`)."""

    id: str
    text: str
    answer: str
    sessions: tuple[str, ...]
    turns: frozenset[str]


@dataclass(frozen=True)
class Chats:
    """All sessions by id, and all questions."""

    sessions: dict[str, Session]
    questions: list[Question]


def chats(path: Path) -> Chats:
    """Returns the data of `path`; ends the program with one sentence where there is none."""
    if not path.exists():
        sys.exit(f"{path} is absent: the development data is not part of Loci; name its file with --data.")
    data = json.loads(path.read_text(encoding="utf-8"))
    sessions = [
        Session(row["session_id"], _moment(row["date"]), [dict(turn) for turn in row["turns"]])
        for row in data["sessions"]
    ]
    return Chats({session.id: session for session in sessions}, [_question(row) for row in data["questions"]])


def _moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y/%m/%d (%a) %H:%M").replace(tzinfo=UTC)


def _question(row: dict[str, Any]) -> Question:
    return Question(
        id=row["question_id"],
        text=row["question"],
        answer=str(row["answer"]),
        sessions=tuple(row["gold_sessions"]),
        turns=frozenset(row["gold_turns"]),
    )
