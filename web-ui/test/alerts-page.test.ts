// @vitest-environment jsdom
import { create } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { fireEvent, render, screen } from '@testing-library/svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HOSTILE } from '../mock/hostile.ts';
import {
  createRule,
  findOutbox,
  listAlerts,
  listChannels,
  listIncidents,
  listRules,
  retryAlert,
  updateRule,
} from '../src/api/alerts.ts';
import {
  type AlertChannel,
  AlertChannelSchema,
  AlertKind,
  type AlertRule,
  AlertRuleSchema,
  AlertSchema,
  AlertState,
  EmailRecipientState,
} from '../src/gen/lampboard/v1/alert_pb.ts';
import {
  ListAlertsResponseSchema,
  ListIncidentsResponseSchema,
} from '../src/gen/lampboard/v1/alert_service_pb.ts';
import { Alerting } from '../src/lib/alerts/alerting.svelte.ts';
import { navigate } from '../src/lib/location.svelte.ts';
import AlertsPage from '../src/pages/Alerts.svelte';
import { type AlertsRoute, parseRoute } from '../src/routes.ts';

vi.mock(import('../src/api/alerts.ts'), async (original) => ({
  ...(await original()),
  listRules: vi.fn<typeof listRules>(),
  listChannels: vi.fn<typeof listChannels>(),
  findOutbox: vi.fn<typeof findOutbox>(),
  createRule: vi.fn<typeof createRule>(),
  updateRule: vi.fn<typeof updateRule>(),
  listAlerts: vi.fn<typeof listAlerts>(),
  listIncidents: vi.fn<typeof listIncidents>(),
  retryAlert: vi.fn<typeof retryAlert>(),
}));

const channel = create(AlertChannelSchema, {
  id: 'c',
  displayName: '#ci',
  target: { case: 'slackWebhook', value: { redactedUrl: 'hooks.slack.com/…abcd' } },
});
const rule = create(AlertRuleSchema, {
  id: 'r',
  etag: '1',
  displayName: 'CI',
  trigger: { case: 'change', value: { failures: 1 } },
  channelIds: ['c'],
});
const failed = create(AlertSchema, {
  id: 'a',
  kind: AlertKind.FAILURE,
  state: AlertState.FAILED,
  channelDisplayName: HOSTILE,
  ruleDisplayName: 'CI',
  error: 'Slack answered 404.',
  answer: '404',
});
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const button = (name: string | RegExp) => screen.getByRole('button', { name });

function answer(rules: AlertRule[], channels: AlertChannel[]): void {
  vi.mocked(listRules).mockResolvedValue(rules);
  vi.mocked(listChannels).mockResolvedValue(channels);
}

async function open(path: string) {
  navigate(path);
  const route = parseRoute(new URL(path, 'http://a').pathname) as AlertsRoute;
  const page = render(AlertsPage, { route, alerting: new Alerting() });
  await pass(0);
  return page;
}

beforeEach(() => {
  vi.mocked(findOutbox).mockResolvedValue('');
  vi.useFakeTimers();
  window.scrollTo = () => undefined;
});

afterEach(() => {
  vi.useRealTimers();
  vi.clearAllMocks();
});

describe('the outbox', () => {
  it('is led to where there is one', async () => {
    answer([rule], [channel]);
    vi.mocked(findOutbox).mockResolvedValue('/outbox');
    await open('/alerts');
    const link = screen.getByRole('link', { name: 'Outbox' });
    expect(link.getAttribute('href')).toBe('/outbox');
  });

  it('is not spoken of elsewhere, nor where it can not be found', async () => {
    answer([rule], [channel]);
    await open('/alerts');
    expect(screen.queryByRole('link', { name: 'Outbox' })).toBeNull();
    vi.mocked(findOutbox).mockRejectedValue(new ConnectError('no route', Code.Unavailable));
    await open('/alerts');
    expect(screen.queryByRole('link', { name: 'Outbox' })).toBeNull();
  });
});

describe('the rules', () => {
  it('are waited for without a word about them', async () => {
    vi.mocked(listRules).mockReturnValue(new Promise(() => undefined));
    vi.mocked(listChannels).mockResolvedValue([]);
    const { container } = await open('/alerts');
    expect(container.querySelector('.skeleton')).not.toBeNull();
    expect(screen.queryByText(/Nobody is told/)).toBeNull();
  });

  it('that cannot be had are not said to be none, and are asked for again', async () => {
    const unreachable = new ConnectError('no route', Code.Unavailable);
    vi.mocked(listRules).mockRejectedValue(unreachable);
    vi.mocked(listChannels).mockRejectedValue(unreachable);
    await open('/alerts');
    expect(screen.getByRole('alert').textContent).toContain('cannot be reached');
    expect(screen.queryByText(/Nobody is told/)).toBeNull();
    answer([rule], [channel]);
    await fireEvent.click(button('Try again'));
    await pass(0);
    expect(screen.getByRole('heading', { name: 'CI' })).toBeDefined();
    expect(screen.queryByRole('alert')).toBeNull();
  });

  it('are recommended where there is none, to a channel that works', async () => {
    const off = create(AlertChannelSchema, {
      ...channel,
      id: 'd',
      displayName: 'old',
      disabled: true,
    });
    answer([], [off, channel]);
    await open('/alerts');
    await fireEvent.click(button('Add the recommended rule'));
    const [added] = vi.mocked(createRule).mock.calls[0] ?? [];
    expect(added).toMatchObject({ channelIds: ['c'], filter: { defaultBranchOnly: true } });
  });

  it('say which of their channels is silent', async () => {
    answer([rule], [create(AlertChannelSchema, { ...channel, disabled: true })]);
    await open('/alerts');
    expect(screen.getByText(/Nothing is sent to/).textContent).toMatch(/#ci.*disabled/);
  });

  it('are switched by their etag, and shown as they are when somebody was faster', async () => {
    answer([rule], [channel]);
    await open('/alerts');
    vi.mocked(updateRule).mockRejectedValue(new ConnectError('changed', Code.Aborted));
    answer([create(AlertRuleSchema, { ...rule, etag: '2', displayName: 'Theirs' })], [channel]);
    await fireEvent.click(button(/^Disable/));
    await pass(0);
    expect(vi.mocked(updateRule)).toHaveBeenCalledWith({ id: 'r', etag: '1', disabled: true }, [
      'disabled',
    ]);
    expect(screen.getByRole('alert').textContent).toContain('Somebody else changed this rule');
    expect(screen.getByRole('heading', { name: 'Theirs' })).toBeDefined();
  });

  it('are not saved before they can be, and keep what was written when they are refused', async () => {
    answer([rule], [channel]);
    await open('/alerts/rules/new');
    await fireEvent.click(button('Save rule'));
    expect(vi.mocked(createRule)).not.toHaveBeenCalled();
    expect(screen.getByRole('alert').textContent).toContain('Choose who is told. Give it a name.');
    vi.mocked(createRule).mockRejectedValue(new ConnectError('no such zone', Code.InvalidArgument));
    await fireEvent.click(screen.getByRole('checkbox', { name: /#ci/ }));
    const name = screen.getByLabelText('Name');
    await fireEvent.input(name, { target: { value: 'Mine' } });
    await fireEvent.click(button('Save rule'));
    await pass(0);
    expect(screen.getByRole('alert').textContent).toContain('Not accepted: no such zone.');
    expect((name as HTMLInputElement).value).toBe('Mine');
  });

  it('that go by the clock are not tried on what ended', async () => {
    answer([rule], [channel]);
    await open('/alerts/rules/new');
    await fireEvent.click(screen.getByRole('radio', { name: /stays red/ }));
    expect(screen.getByText(/goes by the clock/)).toBeDefined();
    expect(screen.queryByRole('button', { name: /^Try it/ })).toBeNull();
  });

  it('that are gone are said to be', async () => {
    answer([rule], [channel]);
    await open('/alerts/rules/gone');
    expect(screen.getByText(/There is no such rule/)).toBeDefined();
  });
});

it('a channel says what waits for it and who gets no more', async () => {
  const recipient = {
    address: 'ada@acme.example',
    state: EmailRecipientState.REFUSED,
    answer: '550 no',
  };
  const mail = create(AlertChannelSchema, {
    id: 'm',
    displayName: 'Mail',
    pendingCount: '1204',
    pause: { reason: 'The mail server does not answer.' },
    target: { case: 'email', value: { recipients: [recipient] } },
  });
  answer([], [mail]);
  await open('/alerts/channels');
  const waiting = screen.getByRole('link', { name: '1,204 waiting' });
  expect(waiting.getAttribute('href')).toBe('/alerts/history?state=pending&channel=m');
  expect(screen.getByRole('list', { name: 'Recipients' }).textContent).toMatch(/refused.*550 no/);
  expect(screen.getByText(/Nothing is sent since/).textContent).toContain('does not answer');
});

it('a failed alert is retried, and foreign names stay text', async () => {
  answer([], []);
  vi.mocked(listAlerts).mockResolvedValue(
    create(ListAlertsResponseSchema, { alerts: [failed], nextPageToken: 'more' }),
  );
  const pending = create(AlertSchema, { ...failed, state: AlertState.PENDING, error: '' });
  vi.mocked(retryAlert).mockResolvedValue(pending);
  await open('/alerts/history?state=failed&channel=c');
  expect(vi.mocked(listAlerts).mock.calls[0]?.[0]).toMatchObject({
    states: [AlertState.FAILED],
    channelId: 'c',
  });
  expect(screen.getByText(HOSTILE).tagName).toBe('BDI');
  await fireEvent.click(button('Retry'));
  await pass(0);
  expect(vi.mocked(retryAlert)).toHaveBeenCalledWith('a');
  expect(screen.queryByRole('button', { name: 'Retry' })).toBeNull();
  expect(button('Show more')).toBeDefined();
});

it('no incident at all is a good thing, and said', async () => {
  vi.mocked(listIncidents).mockResolvedValue(create(ListIncidentsResponseSchema));
  await open('/alerts/incidents');
  expect(screen.getByText(/Nothing is red/)).toBeDefined();
  expect(screen.getByText('No incident was resolved yet.')).toBeDefined();
});
