"""Which function does a job."""

from chalicelib import jobs


def consumer_of(body: str) -> str:
    """The name of the function whose queue a message of this body is on; jobs_consumer for what is no job."""
    try:
        job = jobs.decode(body)
    except jobs.JobError:
        return "jobs_consumer"
    return "after_call" if isinstance(job, jobs.AfterCall) else "jobs_consumer"
