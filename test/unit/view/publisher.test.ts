import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPublisher, type Sources } from '../../../main/view/publisher';
import {
  Patch as PatchSchema,
  Snapshot as SnapshotSchema,
  type AppView,
  type HostTestView,
  type HostView,
  type NoticeView,
  type Patch,
  type PromptView,
  type Snapshot,
} from '../../../preload/contract/view';
import { applyPatch } from '../../../renderer/sync';
import { demoHost, secretPrompt } from '../../fakes/views';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Things as they are, and a publisher of them. */
function createBench() {
  const hosts = new Map<string, HostView>();
  const notices = new Map<string, NoticeView>();
  const prompts = new Map<string, PromptView>();
  const tests = new Map<string, HostTestView>();
  let app: AppView = {
    version: '1',
    platform: 'linux',
    demo: 'closed',
    settings: {
      notifications: { woken: true, failed: true, late: true },
      startAtLogin: false,
      startAtLoginMissing: null,
      notificationsMissing: null,
      updates: null,
      updatesMissing: null,
      tray: true,
    },
    update: { kind: 'none', looked: null },
  };
  const patches: Patch[] = [];
  const reads: string[] = [];
  const sources: Sources = {
    app: () => app,
    hosts: (id) => (reads.push(id), hosts.get(id)),
    guests: () => undefined,
    notices: (id) => notices.get(id),
    prompts: (id) => prompts.get(id),
    tests: (id) => tests.get(id),
    schedules: () => undefined,
    groups: () => undefined,
    runs: () => undefined,
    graces: () => undefined,
  };
  const publisher = createPublisher('epoch', sources, (patch) => patches.push(structuredClone(patch)));
  return {
    publisher,
    patches,
    reads,
    hosts,
    setHost(id: string, name: string | null) {
      if (name === null) hosts.delete(id);
      else hosts.set(id, { ...demoHost, id, name });
      publisher.touch('hosts', id);
    },
    setNotice(id: string, title: string | null) {
      if (title === null) notices.delete(id);
      else notices.set(id, { id, at: 1, severity: 'info', title, message: '' });
      publisher.touch('notices', id);
    },
    setPrompt(id: string, instruction: string | null) {
      if (instruction === null) prompts.delete(id);
      else prompts.set(id, { ...secretPrompt({ instruction }), id });
      publisher.touch('prompts', id);
    },
    setTest(id: string, detail: string | null) {
      const via = 'nas';
      if (detail === null) tests.delete(id);
      else tests.set(id, { id, address: via, done: false, steps: [{ name: 'tcp', via, state: 'passed', detail }] });
      publisher.touch('tests', id);
    },
    setDemo(demo: AppView['demo']) {
      app = { ...app, demo };
      publisher.touchApp();
    },
    truth: () => ({
      app,
      hosts: Object.fromEntries(hosts),
      guests: {},
      notices: Object.fromEntries(notices),
      prompts: Object.fromEntries(prompts),
      tests: Object.fromEntries(tests),
      schedules: {},
      groups: {},
      runs: {},
      graces: {},
    }),
  };
}

/** What the window does with a patch that follows its snapshot. */
function applied(snapshot: Snapshot, patch: Patch): Snapshot {
  expect(patch.epoch).toBe(snapshot.epoch);
  expect(patch.revision).toBe(snapshot.revision + 1);
  return applyPatch(snapshot, patch);
}

type Step =
  | { do: 'host' | 'notice' | 'prompt' | 'test'; id: string; value: string | null }
  | { do: 'touch'; id: string }
  | { do: 'demo'; value: AppView['demo'] }
  | { do: 'turn' }
  | { do: 'snapshot' };

const id = fc.constantFrom('a', 'b', 'c', 'constructor', 'toString');
const value = fc.option(fc.constantFrom('x', 'y', 'z'));
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constantFrom('host' as const, 'notice' as const, 'prompt' as const, 'test' as const), id, value }),
  fc.record({ do: fc.constant('touch' as const), id: fc.oneof(id, fc.constant('__proto__')) }),
  fc.record({
    do: fc.constant('demo' as const),
    value: fc.constantFrom('closed' as const, 'opening' as const, 'open' as const),
  }),
  fc.record({ do: fc.constant('turn' as const) }),
  fc.record({ do: fc.constant('snapshot' as const) }),
);

describe('the view', () => {
  it('of any older snapshot becomes the newest by the patches since, without a gap', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80, size: 'max' }), async (steps) => {
        const bench = createBench();
        const snapshots: Snapshot[] = [bench.publisher.snapshot()];
        for (const one of steps) {
          if (one.do === 'host') bench.setHost(one.id, one.value);
          else if (one.do === 'notice') bench.setNotice(one.id, one.value);
          else if (one.do === 'prompt') bench.setPrompt(one.id, one.value);
          else if (one.do === 'test') bench.setTest(one.id, one.value);
          else if (one.do === 'touch') bench.publisher.touch('hosts', one.id);
          else if (one.do === 'demo') bench.setDemo(one.value);
          else if (one.do === 'turn') await turn();
          else snapshots.push(bench.publisher.snapshot());
        }
        await turn();
        const newest = bench.publisher.snapshot();
        SnapshotSchema.parse(newest);
        expect(newest).toMatchObject(bench.truth());
        expect(bench.patches.map(({ revision }) => revision)).toEqual(
          bench.patches.map((_, index) => index + 1),
        );
        for (const older of snapshots) {
          const since = bench.patches.filter(({ revision }) => revision > older.revision);
          expect(since.reduce(applied, older)).toEqual(newest);
        }
        for (const patch of bench.patches) {
          PatchSchema.parse(patch);
          expect(Object.keys(patch).length).toBeGreaterThan(2);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('sends one patch for a turn, however much changes in it', async () => {
    const { patches, reads, setHost, setNotice, setDemo } = createBench();
    for (let n = 0; n < 100; n += 1) setHost('a', `name ${n}`);
    setNotice('n', 'title');
    setDemo('open');
    expect(patches).toEqual([]);
    await turn();
    expect(patches).toMatchObject([
      {
        epoch: 'epoch',
        revision: 1,
        hosts: { a: { name: 'name 99' } },
        notices: { n: {} },
        app: { demo: 'open' },
      },
    ]);
    expect(reads).toEqual(['a']);
  });

  it('sends nothing when nothing changed', async () => {
    const { patches, publisher, setHost } = createBench();
    setHost('a', 'x');
    await turn();
    publisher.touch('hosts', 'a');
    publisher.touch('hosts', 'nobody');
    publisher.touch('notices', 'constructor');
    publisher.touch('notices', '__proto__');
    publisher.touchApp();
    await turn();
    expect(patches).toHaveLength(1);
  });

  it('names what is gone by null, once', async () => {
    const { patches, setHost } = createBench();
    setHost('a', 'x');
    await turn();
    setHost('a', null);
    await turn();
    setHost('a', null);
    await turn();
    expect(patches.map(({ hosts }) => hosts)).toEqual([{ a: expect.any(Object) }, { a: null }]);
  });

  it('sends what is owed before a snapshot, so that the patches go on from it', () => {
    const { patches, publisher, setHost } = createBench();
    setHost('a', 'x');
    const snapshot = publisher.snapshot();
    expect(patches).toHaveLength(1);
    expect(snapshot).toMatchObject({ revision: 1, hosts: { a: { name: 'x' } } });
  });

  it('gives snapshots that nobody can change by', () => {
    const { publisher, setHost, hosts } = createBench();
    setHost('a', 'x');
    const snapshot = publisher.snapshot();
    snapshot.hosts['a'] = { ...demoHost, id: 'a', name: 'changed' };
    expect(publisher.snapshot().hosts['a']).toEqual(hosts.get('a'));
  });
});
