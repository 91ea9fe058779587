import examples from '@octokit/webhooks-examples';

/** A run, as a test tells of it. */
export interface Run {
  id: number;
  attempt: number;
  repository: string;
  workflow: string;
  branch: string;
  title: string;
  author: string;
  actor: string;
  event: string;
  url: string;
  status: 'requested' | 'in_progress' | 'completed';
  conclusion: string | null;
  /** Milliseconds since 1970. */
  started: number;
  updated: number;
}

export interface Step {
  name: string;
  status: 'queued' | 'in_progress' | 'completed';
  conclusion: string | null;
}

/** A job of a run. */
export interface Job {
  id: number;
  name: string;
  runner: string;
  labels: string[];
  url: string;
  status: 'queued' | 'in_progress' | 'completed';
  conclusion: string | null;
  steps: Step[];
  created: number;
  ended?: number;
}

type Json = Record<string, unknown>;

function example(event: string, index: number): Record<string, Json> {
  const found = examples.find(({ name }) => name === event)?.examples[index];
  if (!found) throw new Error(`GitHub gives no example ${index} of ${event}`);
  return structuredClone(found) as unknown as Record<string, Json>;
}

/** The examples that have every field: a completed run, and a completed job. */
const COMPLETED_RUN = 2;
const COMPLETED_JOB = 2;

function iso(time: number): string {
  return new Date(time).toISOString();
}

/** The same name gives the same number, which no other name in a test has. */
function idOf(text: string): number {
  return [...text].reduce((id, letter) => (id * 31 + (letter.codePointAt(0) ?? 0)) % 2 ** 40, 7);
}

/** 40 hexadecimal digits that are a run's own. */
function shaOf(run: Run): string {
  return run.id.toString(16).padStart(40, 'c0ffee');
}

function repositoryOf(payload: Record<string, Json>, run: Run): Json {
  const [owner, name] = run.repository.split('/');
  return {
    ...payload.repository,
    id: idOf(run.repository),
    name,
    full_name: run.repository,
    owner: { ...(payload.repository?.owner as Json), login: owner },
    default_branch: 'main',
    updated_at: iso(run.started),
  };
}

/** GitHub's event of a run, made of GitHub's own example. */
export function workflowRun(run: Run): Json {
  const payload = example('workflow_run', COMPLETED_RUN);
  const repository = repositoryOf(payload, run);
  const actor = { ...payload.sender, login: run.actor };
  return {
    ...payload,
    action: run.status,
    repository,
    workflow: { ...payload.workflow, id: idOf(run.repository + run.workflow), name: run.workflow },
    workflow_run: {
      ...payload.workflow_run,
      id: run.id,
      name: run.workflow,
      workflow_id: idOf(run.repository + run.workflow),
      run_number: run.id,
      run_attempt: run.attempt,
      display_title: run.title,
      head_branch: run.branch,
      head_sha: shaOf(run),
      head_commit: {
        ...(payload.workflow_run?.head_commit as Json),
        id: shaOf(run),
        message: run.title,
        author: { name: run.author, email: 'author@example.com' },
      },
      head_repository: repository,
      repository,
      pull_requests: [],
      actor,
      triggering_actor: actor,
      event: run.event,
      html_url: run.url,
      status: run.status === 'requested' ? 'queued' : run.status,
      conclusion: run.conclusion,
      created_at: iso(run.started),
      run_started_at: iso(run.started),
      updated_at: iso(run.updated),
    },
  };
}

/** GitHub's event of a job, made of GitHub's own example. */
export function workflowJob(run: Run, job: Job): Json {
  const payload = example('workflow_job', COMPLETED_JOB);
  const started = job.status === 'queued' ? null : iso(job.created);
  const ended = job.ended === undefined ? null : iso(job.ended);
  return {
    ...payload,
    action: job.status,
    repository: repositoryOf(payload, run),
    workflow_job: {
      ...payload.workflow_job,
      id: job.id,
      run_id: run.id,
      run_attempt: run.attempt,
      workflow_name: run.workflow,
      head_branch: run.branch,
      head_sha: shaOf(run),
      name: job.name,
      runner_name: job.runner,
      labels: job.labels,
      html_url: job.url,
      status: job.status,
      conclusion: job.conclusion,
      created_at: iso(job.created),
      started_at: started ?? iso(job.created),
      completed_at: ended,
      steps: job.steps.map((step, index) => ({
        ...step,
        number: index + 1,
        started_at: step.status === 'queued' ? null : started,
        completed_at: step.status === 'completed' ? (ended ?? started) : null,
      })),
    },
  };
}
