"""Files in adds, as requests carry them, and what becomes of them."""

import base64
from datetime import timedelta

from django.utils import timezone

from loci.tenancy.context import tenant_tx
from memories.models import Blob
from tests.conftest import Person
from tests.fakes.llm import FakeLLM
from tests.media import files
from tests.memories.support import Json, change_job, work
from workers.models import Job, JobState

MIB = 1024 * 1024
PHOTO = files.image((600, 400), colour="blue")


def data_url(content: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def part(kind: str, url: str) -> Json:
    return {"type": kind, kind: {"url": url}}


def says(*parts: Json | str) -> list[Json]:
    """One message of these parts."""
    return [{"role": "user", "content": list(parts)}]


def finished(person: Person, event_id: str, *, runs: int = 20) -> Json:
    """Does all steps of an add as workers do, each as soon as the one before has ended."""
    for _ in range(runs):
        change_job(person, event_id, not_before=timezone.now() - timedelta(seconds=1))
        done: Json = work(person, event_id)
        if done["status"] in {"SUCCEEDED", "FAILED"}:
            return done
    raise AssertionError("The add does not end.")


def blobs(person: Person) -> int:
    with tenant_tx(person.tenant):
        return int(Blob.objects.count())


def images_of(llm: FakeLLM) -> list[Json]:
    """The images that the model was shown."""
    contents = [message["content"] for request in llm.requests for message in request["messages"]]
    return [part["image_url"] for content in contents if isinstance(content, list) for part in content]


def rejected(done: Json) -> list[tuple[str, str]]:
    return [(row["memory"], row["reason"]) for row in done["verdicts"] if row["verdict"] == "rejected"]


def open_jobs(person: Person) -> list[Job]:
    with tenant_tx(person.tenant):
        return list(Job.objects.filter(state=JobState.PENDING))
