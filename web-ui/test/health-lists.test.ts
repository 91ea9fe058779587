// @vitest-environment jsdom
import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError } from '@connectrpc/connect';
import { fireEvent, within } from '@testing-library/svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Backfills } from '../mock/backfills.ts';
import { listRepositories } from '../src/api/rpc.ts';
import {
  cancelBackfill,
  getSystem,
  listBackfills,
  listDeliveries,
  listInstallations,
  startBackfill,
} from '../src/api/system.ts';
import { RepositorySchema } from '../src/gen/lampboard/v1/repository_pb.ts';
import { navigate } from '../src/lib/location.svelte.ts';
import { open, pass, section } from './health-server.ts';

vi.mock(import('../src/api/rpc.ts'), async (original) => ({
  ...(await original()),
  listRepositories: vi.fn<typeof listRepositories>(),
}));
vi.mock(import('../src/api/system.ts'), async (original) => ({
  ...(await original()),
  getSystem: vi.fn<typeof getSystem>(),
  listDeliveries: vi.fn<typeof listDeliveries>(),
  listInstallations: vi.fn<typeof listInstallations>(),
  listBackfills: vi.fn<typeof listBackfills>(),
  startBackfill: vi.fn<typeof startBackfill>(),
  cancelBackfill: vi.fn<typeof cancelBackfill>(),
}));

beforeEach(() => {
  vi.useFakeTimers();
  window.scrollTo = () => undefined;
  navigate('/system');
});

afterEach(() => {
  vi.useRealTimers();
  vi.clearAllMocks();
});

describe('deliveries', () => {
  const table = () => section('Deliveries');
  const rows = () => table().getAllByRole('row').slice(1);
  const press = async (name: string) => {
    await fireEvent.click(table().getByRole('button', { name }));
    await pass(0);
  };

  it('turn a page at a time, and back', async () => {
    await open('well');
    const newest = rows().map((row) => row.textContent);
    expect(newest).toHaveLength(10);
    await press('Newer');
    expect(vi.mocked(listDeliveries)).toHaveBeenCalledTimes(1);
    await press('Older');
    expect(vi.mocked(listDeliveries).mock.lastCall?.[0].token).toBe('10');
    expect(rows().map((row) => row.textContent)).not.toEqual(newest);
    await press('Newer');
    expect(rows().map((row) => row.textContent)).toEqual(newest);
  });

  it('stay on an older page when all is fetched again', async () => {
    await open('well');
    await press('Older');
    const asked = vi.mocked(listDeliveries).mock.calls.length;
    await pass(10_000);
    expect(vi.mocked(listDeliveries)).toHaveBeenCalledTimes(asked);
  });

  it('do not change under the focus', async () => {
    await open('well');
    within(rows()[0]!).getByRole('link').focus();
    await pass(10_000);
    expect(vi.mocked(getSystem)).toHaveBeenCalledTimes(3);
    expect(vi.mocked(listDeliveries)).toHaveBeenCalledTimes(1);
  });

  it('that were quarantined have an address, and say why', async () => {
    await open('missed');
    navigate(table().getByRole('link', { name: 'Quarantined' }).getAttribute('href') ?? '');
    await pass(0);
    expect(rows()).toHaveLength(2);
    expect(rows()[0]?.textContent).toContain('head_repository.full_name is missing');
    expect(vi.mocked(listDeliveries).mock.lastCall?.[0].quarantinedOnly).toBe(true);
  });
});

describe('backfills', () => {
  const list = () => section('Backfills');
  const field = () => list().getByRole('combobox', { name: 'Load the history of' });

  it('say how far they are, and what they wait for', async () => {
    await open('missed');
    const bar = list().getByRole('progressbar', { name: 'History of acme/web' });
    expect(bar.getAttribute('aria-valuenow')).toBe('63');
    expect(list().getByText(/Waits until \d\d:\d\d\./)).toBeDefined();
    expect(list().getByText('1,204 runs, 34 requests')).toBeDefined();
    expect(list().getByText('3 to go')).toBeDefined();
  });

  it('are cancelled, which is shown at once', async () => {
    await open('missed');
    const [first] = list().getAllByRole('listitem');
    const button = within(first!).getByRole('button', {
      name: 'Cancel the backfill of acme/web',
    });
    await fireEvent.click(button);
    await pass(0);
    expect(vi.mocked(cancelBackfill)).toHaveBeenCalledWith('b2');
    expect(list().getAllByRole('listitem')[0]?.textContent).toContain('cancelled');
  });

  it('that could not be cancelled say so', async () => {
    await open('missed');
    vi.mocked(cancelBackfill).mockRejectedValue(new ConnectError('', Code.PermissionDenied));
    await fireEvent.click(list().getAllByRole('button', { name: /^Cancel/ })[0]!);
    await pass(0);
    expect(list().getByRole('alert').textContent).toContain('Not cancelled. You may not see this.');
  });

  it('are started for a repository that is suggested', async () => {
    await open('well');
    vi.mocked(listRepositories).mockResolvedValue([create(RepositorySchema, { name: 'acme/x' })]);
    await fireEvent.focus(field());
    await pass(0);
    expect(document.querySelector('datalist option')?.getAttribute('value')).toBe('acme/x');

    const { backfill } = new Backfills('well').start({
      $typeName: 'lampboard.v1.StartBackfillRequest',
      repository: 'acme/web',
      sinceTime: timestampFromMs(0),
    });
    vi.mocked(startBackfill).mockResolvedValue(backfill);
    await fireEvent.input(field(), { target: { value: ' acme/web ' } });
    await fireEvent.change(list().getByLabelText('for the last'), { target: { value: '90' } });
    await fireEvent.submit(field().closest('form')!);
    await pass(0);
    const [repository, since] = vi.mocked(startBackfill).mock.lastCall!;
    expect(repository).toBe('acme/web');
    expect(Date.now() - since).toBe(90 * 24 * 3_600_000);
    expect(list().getAllByRole('listitem')[0]?.textContent).toContain('acme/web');
    expect(list().getByRole('status').textContent).toContain('are being loaded');
  });

  it.each([
    [Code.NotFound, 'No installation of the app sees this repository.'],
    [Code.FailedPrecondition, 'The app has no key to ask GitHub with.'],
    [Code.Unavailable, 'The server cannot be reached.'],
  ])('that are refused with code %i say why', async (code, why) => {
    await open('well');
    vi.mocked(startBackfill).mockRejectedValue(new ConnectError('', code));
    await fireEvent.input(field(), { target: { value: 'acme/web' } });
    await fireEvent.submit(field().closest('form')!);
    await pass(0);
    expect(list().getByRole('alert').textContent).toBe(why);
    expect(field().getAttribute('aria-invalid')).toBe('true');
  });

  it('are not asked for without a name of a repository', async () => {
    await open('well');
    await fireEvent.input(field(), { target: { value: 'https://github.com/acme/web' } });
    await fireEvent.submit(field().closest('form')!);
    expect(vi.mocked(startBackfill)).not.toHaveBeenCalled();
    expect(list().getByRole('alert').textContent).toContain('owner/name');
  });
});
