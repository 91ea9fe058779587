// @vitest-environment jsdom
import { create } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { fireEvent, screen, within } from '@testing-library/svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HOSTILE } from '../mock/hostile.ts';
import type { Scenario } from '../mock/scenario.ts';
import { systemOf } from '../mock/system.ts';
import {
  cancelBackfill,
  getSystem,
  listBackfills,
  listDeliveries,
  listInstallations,
  startBackfill,
} from '../src/api/system.ts';
import { GetSystemResponseSchema } from '../src/gen/lampboard/v1/system_service_pb.ts';
import { navigate } from '../src/lib/location.svelte.ts';
import { answerAs, answerNothing, CALLS, open, pass, section, show } from './health-server.ts';

vi.mock(import('../src/api/system.ts'), async (original) => ({
  ...(await original()),
  getSystem: vi.fn<typeof getSystem>(),
  listDeliveries: vi.fn<typeof listDeliveries>(),
  listInstallations: vi.fn<typeof listInstallations>(),
  listBackfills: vi.fn<typeof listBackfills>(),
  startBackfill: vi.fn<typeof startBackfill>(),
  cancelBackfill: vi.fn<typeof cancelBackfill>(),
}));

const heading = () => screen.getByRole('heading', { level: 1 }).textContent.trim();

beforeEach(() => {
  vi.useFakeTimers();
  window.scrollTo = () => undefined;
  navigate('/system');
});

afterEach(() => {
  vi.useRealTimers();
  vi.clearAllMocks();
});

describe('the page of health', () => {
  it('shows nothing that it does not know while it loads', async () => {
    answerNothing();
    vi.mocked(getSystem).mockReturnValue(new Promise(() => undefined));
    const { container } = await show();
    expect(heading()).toBe('Health');
    expect(container.querySelector('.skeleton')).not.toBeNull();
    expect(screen.queryByRole('region')).toBeNull();
  });

  it('asks again every five seconds, and shows what is new', async () => {
    await open('well');
    expect(heading()).toContain('Everything GitHub said is here.');
    expect(vi.mocked(getSystem)).toHaveBeenCalledTimes(1);
    answerAs('missed');
    await pass(5000);
    expect(heading()).toContain('3 webhooks were missed and are being fetched.');
    for (const call of CALLS) expect(vi.mocked(call).mock.calls).toHaveLength(2);
  });

  it('asks nothing more once it is left', async () => {
    const { unmount } = await open('well');
    unmount();
    await pass(20_000);
    expect(vi.mocked(getSystem)).toHaveBeenCalledTimes(1);
  });

  it('keeps what it has when nobody answers, does not vouch for it, and recovers', async () => {
    await open('well');
    answerNothing();
    await pass(5000);
    expect(heading()).toMatch(/^Not known since \d\d:\d\d: the server does not answer\.$/);
    expect(screen.getByRole('alert').textContent).toMatch(/cannot be reached\.\s+Shown as of/);
    expect(section('Webhooks of the last 24 hours').getByText('5,183')).toBeDefined();
    answerAs('well');
    await pass(5000);
    expect(screen.queryByRole('alert')).toBeNull();
    expect(heading()).toContain('Everything GitHub said is here.');
  });

  it('says that nothing is known when nobody ever answered, and tries again', async () => {
    answerNothing();
    await show();
    expect(heading()).toBe('Not known: the server does not answer.');
    answerAs('well');
    await fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
    await pass(0);
    expect(heading()).toContain('Everything GitHub said is here.');
  });

  it('shows what an older server can tell, when that cannot answer everything', async () => {
    answerAs('well');
    vi.mocked(listBackfills).mockRejectedValue(new ConnectError('?', Code.Unimplemented));
    await show();
    expect(heading()).toContain('Everything GitHub said is here.');
    expect(screen.queryByRole('region', { name: 'Backfills' })).toBeNull();
    expect(screen.getByRole('alert').textContent).toContain('does not know how to answer');
  });

  it.each<[Scenario, string]>([
    ['silent', 'GitHub signs with another secret.'],
    ['listening', 'GitHub cannot reach this server.'],
  ])('names causes when it is %s', async (scenario, cause) => {
    await open(scenario);
    expect(section('Why no webhook may come').getByText(cause)).toBeDefined();
  });

  it('has no cause of silence to name when all is well', async () => {
    await open('well');
    expect(screen.queryByRole('region', { name: 'Why no webhook may come' })).toBeNull();
  });

  it('waits for no webhook where none can come', async () => {
    await open('polling');
    const text = 'No webhook comes: GitHub is asked instead.';
    expect(section('Deliveries').getByText(text)).toBeDefined();
  });

  it('offers and claims nothing that takes a key when there is none', async () => {
    await open('no-key');
    expect(heading()).toContain('Everything that came from GitHub is here.');
    expect(section('Webhooks of the last 24 hours').queryByText('Lost')).toBeNull();
    expect(section('Backfills').getByText(/no key/)).toBeDefined();
    expect(section('Backfills').queryByRole('button', { name: 'Load' })).toBeNull();
    expect(section('Installations').getByText(/no key/)).toBeDefined();
    answerAs('well');
    await pass(5000);
    expect(section('Webhooks of the last 24 hours').getByText('Lost')).toBeDefined();
    expect(section('Backfills').getByRole('button', { name: 'Load' })).toBeDefined();
  });

  it('claims nothing of GitHub while it is not set up', async () => {
    await open('set-up');
    expect(screen.getAllByRole('region')).toHaveLength(1);
    expect(screen.getByRole('region', { name: 'Server and app' })).toBeDefined();
  });

  it('does not claim that nothing is missing when nobody can look', async () => {
    await open('well');
    expect(section('Known to be missing').getByText('Nothing.')).toBeDefined();
    answerAs('problems');
    await pass(5000);
    expect(section('Known to be missing').queryByText('Nothing.')).toBeNull();
  });

  it('lists what keeps the app from its work', async () => {
    await open('problems');
    const list = screen.getByRole('list', { name: 'What keeps the app from doing its work' });
    expect(within(list).getAllByRole('listitem')).toHaveLength(2);
  });

  it('says how many requests are left, for those who see the bar and those who do not', async () => {
    await open('well');
    const meter = screen.getByRole('meter', { name: 'Requests left: acme' });
    expect(meter.getAttribute('aria-valuenow')).toBe('4312');
    expect(meter.getAttribute('aria-valuetext')).toBe('4,312 of 5,000 left');
    expect(section('Requests to GitHub').getByText('4,312 of 5,000 left')).toBeDefined();
  });
});

describe('an installation', () => {
  it('leads to the page on which its owner grants what is missing', async () => {
    await open('problems');
    const { getByRole, getByText, getAllByRole } = section('Installations');
    expect(getByText('actions: read')).toBeDefined();
    expect(getByRole('link', { name: 'Grant on GitHub' }).getAttribute('href')).toBe(
      'https://github.com/organizations/acme/settings/installations/11',
    );
    const states = ['active', 'suspended', 'uninstalled'];
    expect(
      getAllByRole('listitem').map((row) =>
        states.find((state) => row.textContent?.includes(state)),
      ),
    ).toEqual(states);
  });
});

describe('what is not ours to trust', () => {
  it('stays text, keeps to itself and leads nowhere', async () => {
    const { container } = await open('hostile');
    expect(container.textContent).toContain(HOSTILE);
    expect(container.querySelector('img, script')).toBeNull();
    const out = [...container.querySelectorAll('a')].filter(
      ({ origin }) => origin !== window.location.origin,
    );
    expect(out).toEqual([]);

    const walker = document.createTreeWalker(container, NodeFilter.SHOW_TEXT);
    const bare: string[] = [];
    while (walker.nextNode()) {
      const { textContent, parentElement } = walker.currentNode;
      if (!textContent?.includes(HOSTILE)) continue;
      const isolated = textContent.includes(`\u2068${HOSTILE}\u2069`);
      if (!isolated && !parentElement?.closest('bdi, code')) bare.push(textContent);
    }
    expect(bare).toEqual([]);
  });

  it('cannot say where the app’s own page is, but on GitHub', async () => {
    answerAs('well');
    vi.mocked(getSystem).mockResolvedValue(
      create(GetSystemResponseSchema, {
        ...systemOf('well', Date.now()),
        app: { ...systemOf('well', Date.now()).app!, appUrl: 'javascript:alert(1)' },
      }),
    );
    await show();
    expect(section('Server and app').getByText('lampboard-acme').closest('a')).toBeNull();
  });
});
