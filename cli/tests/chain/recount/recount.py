"""Recounts the numbers of MetricsService from GitHub's webhooks, by the published definitions alone.

    recount.py PAYLOADS QUESTIONS

PAYLOADS holds the body of one `workflow_run` or `workflow_job` webhook per line, QUESTIONS one
question per line. For each question a line with the expected answers is printed. Nothing is shared
with the server, and nothing is quick: every question looks at every attempt anew.

Times are whole microseconds since 1970, durations whole nanoseconds. A rate is its shortest decimal
text, so that no reader of JSON can round it.
"""

import json
import re
import sys
from collections import Counter, defaultdict
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
MICROSECOND = timedelta(microseconds=1)
DAY = 24 * 60 * 60 * 1_000_000

# Of two reports of the same moment, the one with the later word here wins. Words that GitHub does
# not have yet come before all others.
STATUSES = ["requested", "queued", "pending", "waiting", "in_progress", "completed"]
CONCLUSIONS = [
    "stale",
    "skipped",
    "neutral",
    "action_required",
    "cancelled",
    "success",
    "startup_failure",
    "timed_out",
    "failure",
]
FAILURES = {"failure", "timed_out", "startup_failure"}


def main(payloads_path, questions_path):
    with open(payloads_path, encoding="utf-8") as lines:
        history = History(json.loads(line) for line in lines)
    with open(questions_path, encoding="utf-8") as lines:
        for line in lines:
            print(json.dumps(answer(history, json.loads(line))))


def instant(text):
    """Reads a time; nothing stays nothing."""
    if text is None:
        return None
    return (datetime.fromisoformat(text) - EPOCH) // MICROSECOND


def place(word, words):
    """Orders words: known ones by their list, unknown ones by the alphabet before them."""
    return (words.index(word), "") if word in words else (-1, word)


# ---- What is known once all reports are in, whatever their order


class Attempt:
    """One attempt of a run: what its greatest report says, and when its jobs ran."""

    def __init__(self, repository_id, run_id, number, reports, jobs):
        latest = max(reports, key=run_rank)
        run = latest["workflow_run"]
        self.repository_id = repository_id
        self.run_id = run_id
        self.number = number
        self.status = run["status"]
        self.completed = is_completed(run)
        self.conclusion = (run["conclusion"] or "") if self.completed else None
        self.workflow_id = run["workflow_id"]
        self.workflow = run["name"]
        self.event = run["event"]
        self.is_fork = run["head_repository"]["id"] != repository_id
        self.plain_branch = run["head_branch"] or ""
        self.branch = self.plain_branch
        if self.is_fork:
            self.branch = run["head_repository"]["full_name"] + ":" + self.plain_branch
        self.actor = actor(latest)
        self.start = instant(run["run_started_at"])
        self.first_job_start = min((job.start for job in jobs if job.start is not None), default=None)
        self.finish = finish(reports, jobs) if self.completed else None
        # Said by `History`, which knows the other attempts of the run.
        self.counted = False
        self.latest = False

    def outcome(self):
        if self.conclusion == "success":
            return "success"
        return "failure" if self.conclusion in FAILURES else None


def finish(reports, jobs):
    """The end of the last job; while no job has ended, GitHub's first word that the run is over.

    While one of the known jobs has not ended, the last end that is known may be too early, so that
    it is not before GitHub's first word either.
    """
    runs = [report["workflow_run"] for report in reports]
    first_word = min(instant(run["updated_at"]) for run in runs if is_completed(run))
    ends = [job.end for job in jobs if job.end is not None]
    if not ends:
        return first_word
    if len(ends) < len(jobs):
        return max(*ends, first_word)
    return max(ends)


def is_completed(thing):
    return thing["status"] == "completed"


def run_rank(report):
    """Completed beats not completed, then the later update, the further status, the conclusion.
    What follows only makes the order total."""
    run = report["workflow_run"]
    completed = is_completed(run)
    return (
        completed,
        instant(run["updated_at"]),
        place(run["status"], STATUSES),
        place(run["conclusion"] or "", CONCLUSIONS) if completed else (),
        instant(run["run_started_at"]),
        actor(report),
    )


def actor(report):
    """Whoever started the attempt, or whoever stands in for them."""
    run = report["workflow_run"]
    for account in (run["triggering_actor"], run["actor"], report["sender"]):
        if account:
            return account["login"]
    return ""


class Job:
    """One job: when it started and ended by its furthest report."""

    def __init__(self, reports):
        job = max((report["workflow_job"] for report in reports), key=job_rank)
        self.start = job_start(job)
        self.end = job_end(job)


def job_rank(job):
    """GitHub gives jobs no time of change: what is over wins, then the later end, then the further
    word. What follows only makes the order total."""
    start = job_start(job)
    return (
        is_completed(job),
        job_end(job) or 0,
        place(job["status"], STATUSES),
        place(job["conclusion"] or "", CONCLUSIONS) if is_completed(job) else (),
        sum(is_completed(step) for step in job["steps"]),
        start is not None,
        start or 0,
    )


def job_start(job):
    """When a runner started it. GitHub gives the time of creation for a job that has not started,
    and for one that never will."""
    has_run = bool(job["runner_name"] or job["steps"])
    if is_completed(job):
        started = job["conclusion"] != "skipped" and (job["conclusion"] != "cancelled" or has_run)
    else:
        started = job["status"] == "in_progress"
    return instant(job["started_at"]) if started else None


def job_end(job):
    return instant(job["completed_at"]) if is_completed(job) else None


class History:
    """All attempts, and the names of today."""

    def __init__(self, payloads):
        runs = defaultdict(list)
        jobs = defaultdict(lambda: defaultdict(list))
        repositories = {}
        workflows = {}
        for payload in payloads:
            repository = payload["repository"]
            if "workflow_run" in payload:
                run = payload["workflow_run"]
                runs[repository["id"], run["id"], run["run_attempt"]].append(payload)
                said = instant(run["updated_at"])
                keep(workflows, (repository["id"], run["workflow_id"]), (said, run["name"]))
            else:
                job = payload["workflow_job"]
                build = (repository["id"], job["run_id"], job["run_attempt"])
                jobs[build][job["id"]].append(payload)
                times = (job["created_at"], job["started_at"], job["completed_at"])
                said = max(instant(time) for time in times if time is not None)
            name = (said, repository["full_name"], repository["default_branch"])
            keep(repositories, repository["id"], name)

        self.repository_names = {key: name for key, (_, name, _) in repositories.items()}
        self.default_branches = {key: branch for key, (_, _, branch) in repositories.items()}
        self.workflow_names = {key: name for key, (_, name) in workflows.items()}
        self.attempts = [
            Attempt(*build, reports, [Job(reports) for reports in jobs[build].values()])
            for build, reports in runs.items()
        ]
        mark(self.attempts)


def keep(known, key, value):
    """Keeps the greatest value, which is the latest."""
    known[key] = max(known.get(key, value), value)


def mark(attempts):
    """Says of each run which attempt counts, the highest one that has completed, and which is its
    latest."""
    runs = defaultdict(list)
    for attempt in attempts:
        runs[attempt.repository_id, attempt.run_id].append(attempt)
    for run in runs.values():
        max(run, key=lambda attempt: attempt.number).latest = True
        completed = [attempt for attempt in run if attempt.completed]
        if completed:
            max(completed, key=lambda attempt: attempt.number).counted = True


# ---- Which attempts a question is about


def matches(history, question, attempt):
    """Whether an attempt meets every condition that is set, by any of its values."""
    repository = history.repository_names[attempt.repository_id]
    default_branch = history.default_branches[attempt.repository_id]
    wanted_names = [name.lower() for name in question["repositories"]]
    return (
        any_like(wanted_names, repository.lower())
        and any_like(question["workflows"], attempt.workflow)
        and any_like(question["branches"], attempt.branch)
        and any_like(question["actors"], attempt.actor)
        and any_of(question["events"], attempt.event)
        and any_of(question["workflow_ids"], attempt.workflow_id)
        and any_of(question["conclusions"], shown(attempt.conclusion))
        and (attempt.counted or not question["counted_only"])
        and (attempt.latest or not question["latest_attempts_only"])
        and (
            not question["default_branch_only"]
            or (not attempt.is_fork and attempt.plain_branch == default_branch)
        )
    )


def any_of(wanted, value):
    return not wanted or value in wanted


def any_like(patterns, text):
    """A star stands for any run of characters, everything else for itself."""
    return not patterns or any(
        re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL)
        for pattern in patterns
    )


def shown(conclusion):
    """The word by which a conclusion is counted."""
    if conclusion is None or conclusion in CONCLUSIONS:
        return conclusion
    return "unknown"


def within(attempts, start, end):
    """Those that finished in a half-open window, which may have no start."""
    return [
        attempt
        for attempt in attempts
        if attempt.completed and attempt.finish < end and (start is None or start <= attempt.finish)
    ]


def running(attempts):
    """Those that have not ended. One that a later attempt followed has, though nobody said so."""
    return [attempt for attempt in attempts if not attempt.completed and attempt.latest]


# ---- The numbers


def summary(finished, running_count=0):
    counted = [attempt for attempt in finished if attempt.counted]
    decided = [attempt for attempt in counted if attempt.outcome()]
    successes, failures = outcomes(counted)
    first_successes, first_failures = outcomes(a for a in finished if a.number == 1)
    with_jobs = [attempt for attempt in decided if attempt.first_job_start is not None]
    return {
        "build_count": len(counted),
        "success_count": successes,
        "failure_count": failures,
        "running_count": running_count,
        "replaced_count": len(finished) - len(counted),
        "success_rate": rate(successes, failures),
        "first_try_success_count": first_successes,
        "first_try_failure_count": first_failures,
        "first_try_rate": rate(first_successes, first_failures),
        "wall_duration": statistics([between(a.start, a.finish) for a in decided]),
        "queue_duration": statistics([between(a.start, a.first_job_start) for a in with_jobs]),
        "run_duration": statistics([between(a.first_job_start, a.finish) for a in with_jobs]),
        "conclusion_counts": dict(Counter(shown(attempt.conclusion) for attempt in counted)),
    }


def outcomes(attempts):
    counts = Counter(attempt.outcome() for attempt in attempts)
    return counts["success"], counts["failure"]


def rate(successes, failures):
    """No data is neither 0 % nor 100 %."""
    return repr(successes / (successes + failures)) if successes + failures else None


def between(start, end):
    """Never negative, whatever the clocks said."""
    return max(end - start, 0) * 1000


def statistics(durations):
    if not durations:
        return {"count": 0, "mean": None, "p50": None, "p95": None}
    return {
        "count": len(durations),
        # A part of a nanosecond is cut off.
        "mean": sum(durations) // len(durations),
        "p50": percentile(durations, 50),
        "p95": percentile(durations, 95),
    }


def percentile(durations, percent):
    """The smallest one with at least that share of all at or below it, found by counting."""
    for duration in sorted(set(durations)):
        at_or_below = sum(other <= duration for other in durations)
        if 100 * at_or_below >= percent * len(durations):
            return duration
    raise AssertionError("the greatest one has all at or below it")


# ---- The answers


def answer(history, question):
    attempts = [it for it in history.attempts if matches(history, question, it)]
    start, end = instant(question["start"]), instant(question["end"])
    finished = within(attempts, start, end)
    before = None
    if start is not None:
        before = summary(within(attempts, start - (end - start), start))
    return {
        "summary": summary(finished, len(running(attempts))),
        "previous_summary": before,
        "window": [start, end],
        "points": None if start is None else points(finished, start, end, question),
        "rows": rows(history, attempts, start, end, question),
    }


def points(finished, start, end, question):
    """The periods in order, the first of which holds the start of the window."""
    starts = period_starts(start, end, question["period_seconds"] * 1_000_000, question["time_zone"])
    ends = starts[1:] + [end]
    return [
        {"start_time": first, "summary": summary(within(finished, first, last))}
        for first, last in zip(starts, ends)
    ]


def period_starts(start, end, period, zone_name):
    zone = time_zone(zone_name)
    date = (EPOCH + start * MICROSECOND).astimezone(zone).date()
    if period % DAY == 0:
        # By the calendar: a day may have 23 or 25 hours.
        starts = []
        while (next_start := midnight(date, zone)) < end:
            starts.append(next_start)
            date += timedelta(days=period // DAY)
        return starts
    first = midnight(date, zone)
    first += (start - first) // period * period
    return list(range(first, end, period))


def midnight(date, zone):
    """When a day begins: where summer time skips midnight, when it does."""
    begin = datetime(date.year, date.month, date.day, tzinfo=zone)
    return (begin.astimezone(timezone.utc) - EPOCH) // MICROSECOND


def time_zone(name):
    try:
        return ZoneInfo(name or "UTC")
    except ZoneInfoNotFoundError:
        sys.exit(f"no time zone {name}: is the package tzdata installed? `make tools` does that")


def rows(history, attempts, start, end, question):
    """One row for each value; the most failures first, then the most builds, then by name."""
    groups = defaultdict(list)
    for attempt in within(attempts, start, end) + running(attempts):
        groups[value(history, attempt, question["dimension"])].append(attempt)
    result = []
    for (repository, name, repository_id, workflow_id), group in groups.items():
        numbers = summary(within(group, start, end), len(running(group)))
        result.append(
            {
                "repository": repository,
                "value": name,
                "repository_id": repository_id,
                "workflow_id": workflow_id,
                "summary": numbers,
            }
        )
    result.sort(key=row_rank)
    return result[: question["limit"] or 20]


def row_rank(row):
    numbers = row["summary"]
    names = (row["repository"], row["value"], row["repository_id"], row["workflow_id"])
    return (-numbers["failure_count"], -numbers["build_count"], names)


def value(history, attempt, dimension):
    """What the attempts of one row share: repository, value, and the ids of repository and
    workflow."""
    if dimension == "actor":
        return ("", attempt.actor, 0, 0)
    repository_id = attempt.repository_id
    repository = history.repository_names[repository_id]
    if dimension == "repository":
        return (repository, "", repository_id, 0)
    if dimension == "branch":
        return (repository, attempt.branch, repository_id, 0)
    workflow_id = attempt.workflow_id
    return (repository, history.workflow_names[repository_id, workflow_id], repository_id, workflow_id)


if __name__ == "__main__":
    main(*sys.argv[1:])
