import { createHmac, randomUUID } from 'node:crypto';
import { type Job, type Run, workflowJob, workflowRun } from './payloads.ts';
import { Installation } from './lampboard.ts';

/** When Lampboard said that it has recorded a delivery, in milliseconds since 1970. */
export interface Receipt {
  answered: number;
}

/** Stands in for GitHub: tells Lampboard of runs and jobs by signed webhooks. */
export class GitHub {
  #lastId = 1000;

  constructor(private readonly origin: string) {}

  /** A run that nobody has heard of, in progress for a minute. */
  newRun(told: Partial<Run> = {}): Run {
    const id = ++this.#lastId;
    const repository = told.repository ?? 'acme/web';
    const now = Date.now();
    return {
      id,
      attempt: 1,
      repository,
      workflow: 'CI',
      branch: 'main',
      title: `Change number ${id}`,
      author: 'Mona Lisa',
      actor: 'mona',
      event: 'push',
      url: `https://github.com/${repository}/actions/runs/${id}`,
      status: 'in_progress',
      conclusion: null,
      started: now - 60_000,
      updated: now,
      ...told,
    };
  }

  /** A job of a run, not started yet. */
  newJob(run: Run, told: Partial<Job> = {}): Job {
    const id = ++this.#lastId;
    return {
      id,
      name: `job ${id}`,
      runner: 'GitHub Actions 5',
      labels: ['ubuntu-latest'],
      url: `${run.url}/job/${id}`,
      status: 'queued',
      conclusion: null,
      steps: [],
      created: run.started,
      ...told,
    };
  }

  async report(run: Run): Promise<Receipt> {
    return this.#deliver('workflow_run', workflowRun(run));
  }

  async reportJob(run: Run, job: Job): Promise<Receipt> {
    return this.#deliver('workflow_job', workflowJob(run, job));
  }

  /** Reports a new run and tells what it is. */
  async start(told: Partial<Run> = {}): Promise<Run> {
    const run = this.newRun(told);
    await this.report(run);
    return run;
  }

  async #deliver(event: string, payload: unknown): Promise<Receipt> {
    const body = JSON.stringify(payload);
    const signature = createHmac('sha256', Installation.SECRET).update(body).digest('hex');
    const response = await fetch(`${this.origin}/api/webhook/github-actions`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-github-event': event,
        'x-github-delivery': randomUUID(),
        'x-hub-signature-256': `sha256=${signature}`,
      },
      body,
    });
    const answered = Date.now();
    const text = await response.text();
    if (response.status !== 200)
      throw new Error(`${event} was answered ${response.status} ${text}`);
    return { answered };
  }
}
