import { describe, expect, it } from 'vitest';
import { githubLink, githubPage, safeLink } from '../src/lib/links.ts';
import { searchHref } from '../src/lib/search.ts';
import { buildHref, parseRoute } from '../src/routes.ts';

describe('a path', () => {
  it.each([
    ['/', { page: 'overview' }],
    ['/builds', { page: 'builds' }],
    ['/builds/', { page: 'builds' }],
    ['/system', { page: 'system' }],
    ['/alerts', { page: 'alerts', tab: 'rules' }],
    ['/alerts/rules/new', { page: 'alerts', tab: 'rules', id: 'new' }],
    ['/alerts/channels', { page: 'alerts', tab: 'channels' }],
    ['/alerts/channels/7', { page: 'alerts', tab: 'channels', id: '7' }],
    ['/alerts/incidents', { page: 'alerts', tab: 'incidents' }],
    ['/alerts/history', { page: 'alerts', tab: 'history' }],
    ['/alerts/ci/actions/runs/7', { page: 'build', repository: 'alerts/ci', runId: '7' }],
    ['/builds/abc', { page: 'build-by-id', id: 'abc' }],
    ['/r/acme/api/runs/7', { page: 'build', repository: 'acme/api', runId: '7' }],
    ['/acme/api/actions/runs/7', { page: 'build', repository: 'acme/api', runId: '7' }],
    ['/acme/api/actions/runs/7/job/55', { page: 'build', repository: 'acme/api', runId: '7' }],
    [
      '/r/acme/api/runs/7/attempts/2',
      { page: 'build', repository: 'acme/api', runId: '7', attempt: 2 },
    ],
    [
      '/acme/api/actions/runs/7/attempts/2',
      { page: 'build', repository: 'acme/api', runId: '7', attempt: 2 },
    ],
  ])('%s leads to its page', (path, route) => expect(parseRoute(path)).toEqual(route));

  it.each([
    '/nope',
    '/builds/a/b',
    '/system/a',
    '/alerts/nope',
    '/alerts/history/7',
    '/alerts/rules/7/more',
    '/r/acme/api',
    '/r/acme/api/runs',
    '/r/acme/api/runs/seven',
    '/r/acme/api/runs/0',
    '/r/acme/api/runs/7/attempts',
    '/r/acme/api/runs/7/attempts/x',
    '/r/acme/api/runs/7/attempts/2/more',
    '/r/acme/api/runs/1234567890123456789012',
    '/%E0%A4%A',
  ])('%s leads nowhere', (path) => expect(parseRoute(path)).toEqual({ page: 'not-found' }));

  it('of a build is read as it was written', () => {
    const path = buildHref('ac me/a%b', '12', 3);
    expect(parseRoute(path)).toMatchObject({ repository: 'ac me/a%b', runId: '12', attempt: 3 });
  });
});

describe('a search', () => {
  it.each([
    ['3f2c1ab', '/builds?sha=3f2c1ab'],
    ['#42', '/builds?pr=42'],
    ['18000000001', '/builds?run=18000000001'],
    ['acme/api', '/builds?repo=*acme%2Fapi*'],
    ['acme/*', '/builds?repo=acme%2F*'],
    ['facade', '/builds?repo=*facade*'],
    ['https://github.com/acme/api/actions/runs/7', '/r/acme/api/runs/7'],
    [
      'https://ghe.example/acme/api/actions/runs/7/attempts/2?pr=1#x',
      '/r/acme/api/runs/7/attempts/2',
    ],
    ['https://github.com/acme/api/actions/runs/7/job/99', '/r/acme/api/runs/7'],
    ['https://github.com/acme/api/commit/3f2c1ab', '/builds?sha=3f2c1ab'],
    ['https://github.com/acme/api/pull/5/files', '/builds?repo=acme%2Fapi&pr=5'],
  ])('for %s leads to %s', (text, href) => expect(searchHref(text)).toBe(href));

  it.each(['', '   ', 'https://example.com/', 'https://'])('for "%s" leads nowhere', (text) =>
    expect(searchHref(text)).toBeUndefined(),
  );
});

describe('a link out', () => {
  it.each(['javascript:alert(1)', 'http://github.com/x', 'data:text/html,x', '//x', 'not one', ''])(
    'to %s is not made',
    (address) => expect(safeLink(address)).toBeUndefined(),
  );

  it('stays on the GitHub that the build came from, whatever the names are', () => {
    const link = githubLink('https://ghe.example/a/b/actions/runs/1', 'a/b', 'commit', '"><x?y#z');
    expect(link).toBe('https://ghe.example/a/b/commit/%22%3E%3Cx%3Fy%23z');
    expect(githubLink('javascript:alert(1)', 'a/b', 'commit', 'c')).toBeUndefined();
  });

  it.each([
    ['https://github.com/settings/installations/1', 'https://github.com/apps/x', true],
    ['https://github.com/settings/installations/1', '', true],
    ['https://ghe.example/settings/installations/1', 'https://ghe.example/github-apps/x', true],
    ['https://ghe.example/settings/installations/1', '', false],
    ['https://github.com.evil.example/1', 'https://github.com/apps/x', false],
    ['https://github.com/1', 'https://ghe.example/github-apps/x', false],
    ['https://github.com:8443/1', 'https://github.com/apps/x', false],
    ['http://github.com/1', 'https://github.com/apps/x', false],
    ['javascript:alert(1)', 'javascript:alert(1)', false],
    ['', '', false],
  ])('to %s is one to the GitHub of the app at "%s": %s', (address, app, is) =>
    expect(githubPage(address, app)).toBe(is ? address : undefined),
  );
});
