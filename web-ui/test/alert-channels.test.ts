// @vitest-environment jsdom
import { create } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { describe, expect, it } from 'vitest';
import { isConflict, refusal } from '../src/api/alerts.ts';
import {
  AlertChannelSchema,
  AlertRepeatPolicy,
  AlertSkipReason,
  AlertState,
} from '../src/gen/lampboard/v1/alert_pb.ts';
import {
  channelFaults,
  channelForm,
  type ChannelForm,
  channelOf,
  channelPaths,
  newChannel,
} from '../src/lib/alerts/channel-form.ts';
import { Growing } from '../src/lib/alerts/growing.svelte.ts';
import { historyHref, historyRequest, parseHistory } from '../src/lib/alerts/history.ts';
import { stateLook } from '../src/lib/alerts/looks.ts';
import { blocksOf, pieces } from '../src/lib/alerts/slack.ts';
import { testWords } from '../src/lib/alerts/test-words.ts';

const filled = (more: Partial<ChannelForm>): ChannelForm => ({
  ...newChannel(),
  name: '#ci',
  ...more,
});

describe('the form of a channel', () => {
  it.each<[string, Partial<ChannelForm>, string[]]>([
    ['a Slack webhook', { url: '' }, []],
    ['a Slack webhook', { url: 'https://hooks.slack.com/x' }, ['slack_webhook.url']],
    ['a bot', { kind: 'slackBot', slackChannel: 'C1' }, ['slack_bot.slack_channel']],
    [
      'a bot',
      { kind: 'slackBot', token: 'xoxb-1' },
      ['slack_bot.slack_channel', 'slack_bot.token'],
    ],
    ['e-mail', { kind: 'email' }, ['email.addresses']],
    ['a webhook', { kind: 'webhook', secret: 'whsec_1' }, ['webhook.secret']],
  ])('of %s leaves a secret that was not written (%j)', (_, more, paths) => {
    expect(channelPaths(filled(more))).toEqual(['display_name', 'repeat_policy', ...paths]);
  });

  it('shows what is stored, and sends the etag back', () => {
    const stored = create(AlertChannelSchema, {
      id: '1',
      etag: 'e',
      displayName: 'Mail',
      repeatPolicy: AlertRepeatPolicy.HOLD,
      target: { case: 'email', value: { addresses: ['ada@acme.example', 'bob@acme.example'] } },
    });
    const form = channelForm(stored);
    expect(form).toMatchObject({ kind: 'email', name: 'Mail', holds: true });
    expect(channelOf(form, stored)).toMatchObject({
      id: '1',
      etag: 'e',
      target: { value: { addresses: ['ada@acme.example', 'bob@acme.example'] } },
    });
  });

  it.each<[Partial<ChannelForm>, string]>([
    [{ name: '', url: 'https://a.example' }, 'name'],
    [{ url: '' }, 'url'],
    [{ url: 'hooks' }, 'url'],
    [{ kind: 'slackBot', token: 'xoxp-1', slackChannel: 'C1' }, 'token'],
    [{ kind: 'slackBot', token: 'xoxb-1', slackChannel: '#ci' }, 'slackChannel'],
    [{ kind: 'email', addresses: ' ' }, 'addresses'],
    [{ kind: 'email', addresses: 'ada@acme.example, bob' }, 'addresses'],
    [{ kind: 'webhook', url: 'https://a.example', secret: 'mine' }, 'secret'],
  ])('%j is mended first', (more, field) => {
    expect(Object.keys(channelFaults(filled(more), true))).toEqual([field]);
  });

  it('needs no secret again when it is changed', () => {
    expect(channelFaults(filled({}), false)).toEqual({});
    expect(channelFaults(filled({ kind: 'slackBot', slackChannel: 'C1' }), false)).toEqual({});
  });
});

describe('what a test came to', () => {
  it.each([
    [true, '200', '', 'Delivered in 0.3 s. The provider answered: 200.'],
    [false, '404', 'It is gone.', 'Not accepted: It is gone. The provider answered: 404.'],
    [false, '', '', 'Not accepted: not by all recipients.'],
  ])('%s, %s', (accepted, answer, error, words) => {
    expect(testWords({ accepted, answer, error }, 312)).toBe(words);
  });
});

describe('an error', () => {
  it('of somebody else’s change is a conflict', () => {
    expect(isConflict(new ConnectError('changed', Code.Aborted))).toBe(true);
    expect(isConflict(new ConnectError('no', Code.InvalidArgument))).toBe(false);
  });

  it.each([
    [Code.FailedPrecondition, 'set LAMPBOARD_SMTP_URL', 'Not accepted: set LAMPBOARD_SMTP_URL.'],
    [Code.InvalidArgument, 'rule: no.', 'Not accepted: rule: no.'],
    [Code.NotFound, 'rule', 'It is gone: somebody deleted it.'],
    [Code.Unavailable, 'x', 'The server cannot be reached.'],
  ])('%i says what to do', (code, why, words) => {
    expect(refusal(new ConnectError(why, code))).toBe(words);
  });
});

describe('the address of a history', () => {
  it('is read as it was written', () => {
    const query = {
      state: 'failed',
      kind: 'stays-red',
      channel: '1',
      rule: '2',
      build: '3',
      incident: '4',
    };
    const href = historyHref(query);
    expect(parseHistory(new URL(href, 'http://a').search)).toEqual(query);
    expect(historyRequest(query)).toMatchObject({
      states: [AlertState.FAILED],
      channelId: '1',
      ruleId: '2',
      buildId: '3',
      incidentId: '4',
    });
  });

  it('leaves out what it does not know', () => {
    expect(historyHref({})).toBe('/alerts/history');
    expect(parseHistory('?state=lost&kind=7').state).toBe('');
  });
});

it('a duplicate is called so', () => {
  const duplicate = { state: AlertState.SKIPPED, skipReason: AlertSkipReason.DUPLICATE };
  expect(stateLook(duplicate).word).toBe('duplicate');
});

describe('a message for Slack', () => {
  it('is taken apart, and foreign text stays text', () => {
    expect(
      pieces('*FAILED* `a&amp;b` <https://ci.example/1|open &lt;b&gt;> &lt;!here&gt;'),
    ).toEqual([
      { text: 'FAILED', style: 'bold' },
      { text: ' ' },
      { text: 'a&b', style: 'code' },
      { text: ' ' },
      { text: 'open <b>', link: 'https://ci.example/1' },
      { text: ' <!here>' },
    ]);
  });

  it('says dates in the words that Slack would fall back to', () => {
    const date = '<!date^1795968175^{date_short_pretty} {time}|2026-11-29 16:02 UTC>';
    expect(pieces(`since ${date}`).map(({ text }) => text)).toEqual([
      'since ',
      '2026-11-29 16:02 UTC',
    ]);
  });

  it('keeps plain text as it is, and shows buttons as links', () => {
    const text = { type: 'plain_text', text: '*not bold*' };
    const json = JSON.stringify({
      blocks: [
        { type: 'header', text },
        { type: 'section', fields: [{ type: 'mrkdwn', text: '*Branch*\nmain' }] },
        { type: 'actions', elements: [{ type: 'button', text, url: 'https://ci.example/' }] },
        { type: 'image' },
      ],
    });
    expect(blocksOf(json)).toEqual([
      { type: 'header', texts: [[{ text: '*not bold*' }]] },
      { type: 'fields', texts: [[{ text: 'Branch', style: 'bold' }, { text: '\nmain' }]] },
      { type: 'actions', texts: [[{ text: '*not bold*', link: 'https://ci.example/' }]] },
    ]);
    expect(blocksOf('no json')).toEqual([]);
  });
});

describe('a list that grows', () => {
  const pageOf = (ids: string[], next = '') => ({ items: ids.map((id) => ({ id })), next });

  it('keeps the pages that were fetched when its start is fetched again', async () => {
    const pages = [pageOf(['4', '3'], 'a'), pageOf(['2', '1']), pageOf(['5', '4', '3', '2'], 'b')];
    const asked: [number, string][] = [];
    const list = new Growing(async (size, token) => {
      asked.push([size, token]);
      return pages.shift() ?? pageOf([]);
    }, 2);
    await list.refresh();
    expect(list.hasMore).toBe(true);
    await list.more();
    expect(list.hasMore).toBe(false);
    await list.refresh();
    expect(list.items.map(({ id }) => id)).toEqual(['5', '4', '3', '2', '1']);
    expect(list.hasMore).toBe(false);
    expect(asked).toEqual([
      [2, ''],
      [2, 'a'],
      [4, ''],
    ]);
  });

  it('lets go what is no longer in it', async () => {
    const pages = [pageOf(['3', '2', '1']), pageOf(['3'])];
    const list = new Growing(async () => pages.shift() ?? pageOf([]));
    await list.refresh();
    await list.refresh();
    expect(list.items.map(({ id }) => id)).toEqual(['3']);
  });
});
