import { create, type Message, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { installationsOf } from '../mock/installations.ts';
import { AppMode, type AppStatusSchema, GapKind } from '../src/gen/lampboard/v1/status_pb.ts';
import { GetSystemResponseSchema } from '../src/gen/lampboard/v1/system_service_pb.ts';
import { doubtOfGaps } from '../src/lib/health/doubts.ts';
import { gapLines } from '../src/lib/health/gaps.ts';
import { refusalWords } from '../src/lib/health/refusals.ts';
import { causesOf } from '../src/lib/health/silence.ts';
import { type Evidence, isSilent, unanswered, verdictOf } from '../src/lib/health/verdict.ts';

type System = Exclude<MessageInitShape<typeof GetSystemResponseSchema>, Message>;
type App = Exclude<MessageInitShape<typeof AppStatusSchema>, Message>;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOW = Date.parse('2026-11-21T14:02:11Z');
const ago = (ms: number) => timestampFromMs(NOW - ms);
const gap = (kind: GapKind, count: number) => ({ kind, count: String(count) });

/** A Lampboard that is well, but for what is said. */
function evidence(system: System = {}, app: App | undefined = {}): Evidence {
  const well: App = {
    mode: AppMode.CONNECTED,
    startTime: ago(80 * HOUR),
    lastRound: { startTime: ago(30_000) },
  };
  return {
    system: create(GetSystemResponseSchema, {
      app: { ...well, ...app },
      appReportTime: ago(20_000),
      lastDeliveryTime: ago(12_000),
      examinedUntilTime: ago(40_000),
      ...system,
    }),
    installations: installationsOf('well'),
    openBackfills: 0,
    now: NOW,
    zone: 'utc',
  };
}

function sentence(given: Evidence): string {
  return verdictOf(given).sentence;
}

describe('the answer', () => {
  it.each<[string, Evidence]>([
    ['Everything GitHub said is here. Last webhook 12 s ago.', evidence()],
    [
      'Everything that came from GitHub is here. Last webhook 12 s ago.',
      evidence({}, { mode: AppMode.WEBHOOKS, lastRound: undefined }),
    ],
    [
      'Everything GitHub said is here. Last asked 30 s ago.',
      evidence({ lastDeliveryTime: undefined }, { mode: AppMode.POLLING }),
    ],
    [
      'Not connected to GitHub yet: open the set-up link that the terminal printed.',
      evidence({}, { mode: AppMode.SETUP }),
    ],
    [
      'The database cannot be written, so nothing new is shown.',
      evidence({ databaseProblem: 'The disk is full' }),
    ],
    ['The GitHub App has not connected to this server yet.', evidence({ app: undefined })],
    [
      'The GitHub App has not been heard of for 4 min: it may take in no webhooks.',
      evidence({ appReportTime: ago(4 * MINUTE) }),
    ],
    ['1 thing keeps the app from doing its work.', evidence({}, { problems: ['No key'] })],
    ['2 things keep the app from doing its work.', evidence({}, { problems: ['a', 'b'] })],
    [
      'The app is installed on no account yet.',
      { ...evidence(), installations: installationsOf('set-up') },
    ],
    [
      'No installation works: each was suspended or uninstalled.',
      { ...evidence(), installations: installationsOf('problems').slice(1) },
    ],
    [
      '3 webhooks were missed and are being fetched.',
      evidence({ gaps: [gap(GapKind.DELIVERY, 3)] }),
    ],
    ['1 webhook was missed and is being fetched.', evidence({ gaps: [gap(GapKind.DELIVERY, 1)] })],
    [
      '2 webhooks were missed, and the app has no key to fetch what was said.',
      evidence({ gaps: [gap(GapKind.DELIVERY, 2)] }, { mode: AppMode.WEBHOOKS }),
    ],
    [
      'GitHub has been silent for 26 h while 42 repositories are watched.',
      evidence({ lastDeliveryTime: ago(26 * HOUR) }),
    ],
    [
      'No webhook has come yet, in 12 min of listening.',
      evidence({ lastDeliveryTime: undefined }, { startTime: ago(12 * MINUTE) }),
    ],
    [
      'Asking GitHub for what is missing went wrong the last time.',
      evidence({}, { lastRound: { startTime: ago(1000), problem: '502' } }),
    ],
    [
      'GitHub takes no more requests until 14:19; then it goes on.',
      evidence(
        {},
        {
          lastRound: { startTime: ago(1000), problem: 'limited' },
          budgets: [{ installationId: '1', limitedUntilTime: ago(-17 * MINUTE) }],
        },
      ),
    ],
    [
      'GitHub has not been asked for what is missing for 40 min.',
      evidence({}, { lastRound: { startTime: ago(40 * MINUTE) } }),
    ],
    [
      'Whether webhooks were missed in the last 2 h is not known yet.',
      evidence({ examinedUntilTime: ago(2 * HOUR) }),
    ],
    [
      '2 webhooks of the last 24 hours cannot be had any more.',
      evidence({ deliveries: { lost: '2' } }),
    ],
    [
      'What became of 6 builds is not known yet; GitHub is being asked.',
      evidence({ gaps: [gap(GapKind.END, 5), gap(GapKind.ATTEMPT, 1)] }),
    ],
    [
      'What became of 1 build is not known.',
      evidence({ gaps: [gap(GapKind.END, 1)] }, { mode: AppMode.WEBHOOKS }),
    ],
    [
      'Everything is here, but 1 webhook was not understood.',
      evidence({ deliveries: { quarantined: '1' } }),
    ],
  ])('%s', (text, given) => expect(sentence(given)).toBe(text));

  it('names the worst of several', () => {
    const both = { gaps: [gap(GapKind.DELIVERY, 3)], deliveries: { quarantined: '1' } };
    expect(sentence(evidence(both))).toContain('were missed');
    expect(sentence(evidence({ ...both, databaseProblem: 'full' }))).toContain('database');
  });

  it('stays good while only jobs are to be fetched, and says so', () => {
    const { tone, detail } = verdictOf(evidence({ gaps: [gap(GapKind.JOBS, 1204)] }));
    expect(tone).toBe('success');
    expect(detail).toBe('The jobs of 1,204 builds are still to be fetched.');
  });

  it('says calmly that history is being loaded, and still names what is worse', () => {
    const loading = (gaps: System['gaps']) =>
      verdictOf({ ...evidence({ gaps }), openBackfills: 42 });
    const { tone, sentence } = loading([gap(GapKind.ATTEMPT, 9)]);
    expect(tone).toBe('muted');
    expect(sentence).toBe('The history of 42 repositories is still being loaded.');
    expect(loading([gap(GapKind.END, 1)]).sentence).toContain('What became of 1 build');
  });

  it('says until when GitHub wants no requests', () => {
    const budgets = [
      { installationId: '1', limitedUntilTime: ago(5 * MINUTE) },
      { installationId: '2', limitedUntilTime: ago(-17 * MINUTE) },
    ];
    const { detail } = verdictOf(evidence({ gaps: [gap(GapKind.DELIVERY, 3)] }, { budgets }));
    expect(detail).toBe('GitHub takes no more requests until 14:19; then it goes on.');
  });

  it('does not doubt what was not examined yet right after the start', () => {
    const young = evidence(
      { examinedUntilTime: undefined },
      { startTime: ago(MINUTE), lastRound: undefined },
    );
    expect(sentence(young)).toContain('Everything GitHub said is here.');
  });

  it('expects no webhook where none can come', () => {
    const polling = evidence({ lastDeliveryTime: undefined }, { mode: AppMode.POLLING });
    expect(isSilent(polling)).toBe(false);
    const silent = evidence({ lastDeliveryTime: ago(26 * HOUR) });
    expect(isSilent(silent)).toBe(true);
    expect(isSilent({ ...silent, installations: [] })).toBe(false);
  });

  it('is not the old one when nobody answers', () => {
    expect(unanswered(NOW, 'utc').sentence).toBe(
      'Not known since 14:02: the server does not answer.',
    );
  });
});

describe('the causes of silence', () => {
  it('put first what something speaks for', () => {
    const refused = [{ reason: 'unauthorized', count: '14', lastTime: ago(3 * MINUTE) }];
    const silent = evidence({ lastDeliveryTime: ago(26 * HOUR) }, { refused });
    const [first, ...others] = causesOf(silent, 'https://x/hook');
    expect(first?.title).toBe('GitHub signs with another secret.');
    expect(first?.evidence).toBe(
      '14 were refused for that since the app started, the last 3 min ago.',
    );
    expect(others.every((cause) => cause.evidence === undefined)).toBe(true);
  });

  it('are not what was mended before webhooks came', () => {
    const refused = [{ reason: 'unauthorized', count: '1', lastTime: ago(30 * HOUR) }];
    const found = causesOf(evidence({ lastDeliveryTime: ago(26 * HOUR) }, { refused }), '');
    expect(found.filter((cause) => cause.evidence)).toEqual([]);
  });

  it('see what is not granted or not active', () => {
    const given = { ...evidence(), installations: installationsOf('problems') };
    const found = causesOf(given, '').filter((cause) => cause.evidence);
    expect(found.map((cause) => cause.evidence)).toEqual(['1 account has not granted everything.']);
    const none = causesOf({ ...evidence(), installations: [] }, '');
    expect(none[0]?.evidence).toBe('It is installed on no account.');
  });

  it('name the address that GitHub must reach', () => {
    const fixes = causesOf(evidence(), 'https://x/hook').map((cause) => cause.fix);
    expect(fixes.some((fix) => fix.endsWith(' https://x/hook'))).toBe(true);
  });
});

describe('what is missing', () => {
  const gaps = evidence({
    gaps: [gap(GapKind.JOBS, 1204), gap(GapKind.DELIVERY, 1), gap(GapKind.END, 0)],
  }).system.gaps;

  it('is said in words, the gravest first', () => {
    const lines = gapLines(gaps, evidence().system.app);
    expect(lines.map(({ what }) => what)).toEqual([
      '1 webhook that GitHub could not deliver',
      '1,204 builds that are over and whose jobs may not all be known',
    ]);
    expect(lines[1]?.then).toContain('failed builds first');
  });

  it.each<[string, Evidence]>([
    ['', evidence()],
    ['', evidence({ gaps: [gap(GapKind.DELIVERY, 3)] })],
    [
      'Without its key, the app cannot ask GitHub for builds, or for jobs that webhooks left out.',
      evidence({}, { mode: AppMode.WEBHOOKS }),
    ],
    ['More may be: see above for why.', evidence({ databaseProblem: 'full' })],
    ['More may be: see above for why.', { ...evidence(), installations: [] }],
    ['More may be: see above for why.', evidence({}, { problems: ['No key'] })],
    ['More may be: see above for why.', evidence({ examinedUntilTime: ago(2 * HOUR) })],
  ])('may be more than is known: "%s"', (doubt, given) => expect(doubtOfGaps(given)).toBe(doubt));

  it('stays so without a key', () => {
    const lines = gapLines(gaps, evidence({}, { mode: AppMode.WEBHOOKS }).system.app);
    // Of every build, and for ever: nothing to point at.
    expect(lines.map(({ kind }) => kind)).toEqual([GapKind.DELIVERY]);
    expect(lines[0]?.then).toContain('no key');
  });
});

it('a refusal of a kind that this version does not know keeps its name', () => {
  expect(refusalWords('unauthorized')).toBe('not signed with our secret');
  expect(refusalWords('too_old')).toBe('too old');
});
