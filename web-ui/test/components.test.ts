// @vitest-environment jsdom
import { create } from '@bufbuild/protobuf';
import { render, screen } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import BuildHead from '../src/components/BuildHead.svelte';
import BuildRow from '../src/components/BuildRow.svelte';
import Facts from '../src/components/Facts.svelte';
import Failures from '../src/components/Failures.svelte';
import ProblemNote from '../src/components/ProblemNote.svelte';
import { BuildConclusion, BuildStatus } from '../src/gen/lampboard/v1/build_pb.ts';
import { JobSchema } from '../src/gen/lampboard/v1/job_pb.ts';
import { build } from './make.ts';

const HOSTILE = '<img src=x onerror="alert(1)"><script>alert(2)</script>';

const hostile = build('b1', 10, {
  repository: 'acme/api',
  workflow: HOSTILE,
  branch: HOSTILE,
  title: HOSTILE,
  actor: HOSTILE,
  triggeringActor: HOSTILE,
  commitAuthor: HOSTILE,
  commitSha: HOSTILE,
  event: HOSTILE,
  runId: '7',
  runAttempt: 1,
  url: 'javascript:alert(3)',
});

describe('what GitHub says', () => {
  it.each([
    ['a row', BuildRow],
    ['a head', BuildHead],
  ])('stays text in %s', (_name, component) => {
    const { container } = render(component, { build: hostile });
    expect(container.textContent).toContain(HOSTILE);
    expect(container.querySelector('img, script')).toBeNull();
    const addresses = [...container.querySelectorAll('a')].map((link) => link.protocol);
    expect(addresses).not.toContain('javascript:');
  });

  it('leads out over https only, and tells the other side nothing', () => {
    render(BuildHead, { build: { ...hostile, url: 'https://github.com/acme/api/actions/runs/7' } });
    const link = screen.getByRole('link', { name: 'Open on GitHub' });
    expect(link.getAttribute('rel')).toBe('noopener noreferrer');
  });
});

it('names the failing job and step, and its length', () => {
  const failure = { status: BuildStatus.COMPLETED, conclusion: BuildConclusion.FAILURE };
  const job = create(JobSchema, {
    ...failure,
    id: '1',
    name: 'test (2, 5)',
    steps: [
      {
        ...failure,
        number: 6,
        name: 'Run tests',
        startTime: { seconds: 100n },
        endTime: { seconds: 352n },
      },
    ],
  });
  render(Failures, { build: hostile, jobs: [job] });
  expect(screen.getByRole('listitem').textContent?.replace(/\s+/g, ' ')).toContain(
    'test (2, 5) › 6 Run tests failed after 4m 12s',
  );
});

it('offers to try again only what may work then', () => {
  const problem = { sentence: 'This does not exist here.', retry: false, notFound: true };
  const retry = () => undefined;
  const { rerender } = render(ProblemNote, { problem, retry });
  expect(screen.queryByRole('button')).toBeNull();
  void rerender({ problem: { ...problem, retry: true }, retry });
  return expect(screen.findByRole('button', { name: 'Try again' })).resolves.toBeDefined();
});

describe('an end that is only near the truth', () => {
  const ended = build('b1', 10, {
    status: BuildStatus.COMPLETED,
    conclusion: BuildConclusion.SUCCESS,
    duration: { seconds: 252n },
    endTime: { seconds: 262n },
  });

  it('is said about, with the reason for whoever asks', () => {
    render(BuildHead, { build: { ...ended, endTimeApproximate: true } });
    const about = screen.getByRole('button', { name: 'about' });
    expect(about.parentElement?.textContent?.replace(/\s+/g, ' ')).toMatch(
      /passed in about.* 4m 12s/,
    );
    const why = document.getElementById(about.getAttribute('aria-describedby') ?? '');
    expect(why?.textContent).toContain('not told of every job');
  });

  it('is so among the facts', () => {
    const { container } = render(Facts, { build: { ...ended, endTimeApproximate: true } });
    const facts = container.textContent?.replace(/\s+/g, ' ');
    expect(facts).toContain('Wall time about 4m 12s');
    expect(facts).toMatch(/Finished about \d/);
  });

  it('is not made of one that is exact, or not there yet', () => {
    render(BuildHead, { build: ended });
    const running = { ...ended, status: BuildStatus.IN_PROGRESS, endTimeApproximate: true };
    render(BuildHead, { build: running });
    expect(screen.queryByRole('button', { name: 'about' })).toBeNull();
  });
});
