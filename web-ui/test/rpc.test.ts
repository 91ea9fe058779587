import { create } from '@bufbuild/protobuf';
import { expect, it, vi } from 'vitest';
import { listBuilds } from '../src/api/rpc.ts';
import { BuildFilterSchema } from '../src/gen/lampboard/v1/build_pb.ts';

const asked = vi.hoisted(() => [] as string[]);

// What the server answers where few of many builds match: where to go on, and nothing yet.
vi.mock('$transport', async () => {
  const { createRouterTransport } = await import('@connectrpc/connect');
  const { BuildService } = await import('../src/gen/lampboard/v1/build_service_pb.ts');
  const transport = createRouterTransport(({ service }) => {
    service(BuildService, {
      listBuilds({ filter, pageToken }) {
        asked.push(`${filter?.branches.join(' ') ?? ''} from ${pageToken}`);
        if (pageToken === '') return { nextPageToken: 'second' };
        return pageToken === 'second'
          ? { builds: [{ id: '7-1' }], nextPageToken: 'third' }
          : { nextPageToken: '' };
      },
    });
  });
  return { transport };
});

const filter = create(BuildFilterSchema, { branches: ['main'] });

it('goes on where the server has found nothing yet', async () => {
  const page = await listBuilds(filter, { size: 50 });
  expect(page.builds.map((build) => build.id)).toEqual(['7-1']);
  expect(page.next).toBe('third');
  expect(asked).toEqual(['main from ', 'main from second']);
});

it('ends where there is nothing more', async () => {
  expect(await listBuilds(filter, { size: 50, token: 'third' })).toEqual({ builds: [], next: '' });
});
