import { describe, expect, it } from 'vitest';
import { nodeSleepOf, sleepsToMemory, suspendNode } from '../../../../main/hypervisors/libvirt/node';
import { wire } from '../../../fakes/libvirt-wire';
import { createBench, createReadyBench } from './bench';

const CAPABILITIES = 7;
const NODE_SUSPEND = 250;
const capabilities = (power: string) => `<capabilities><host><cpu/>${power}</host><guest/></capabilities>`;
const sleeps = capabilities('<power_management><suspend_mem/><suspend_disk/></power_management>');

describe('a host’s libvirt', () => {
  it.each([
    [sleeps, true],
    [capabilities('<power_management><suspend_disk/></power_management>'), false],
    [capabilities('<power_management/>'), false],
    ['<capabilities><guest><power_management><suspend_mem/></power_management></guest></capabilities>', false],
  ])('%s: %s', (xml, expected) => expect(sleepsToMemory(xml)).toBe(expected));

  it('tells whether it can put its host to sleep', async () => {
    const bench = await createReadyBench();
    bench.server.answers[CAPABILITIES] = () => wire.text(sleeps);
    expect(await bench.done(nodeSleepOf(bench.daemon))).toBe('sleeps');
    bench.server.answers[CAPABILITIES] = () => wire.text(capabilities(''));
    expect(await bench.done(nodeSleepOf(bench.daemon))).toBe('cannot-sleep');
    bench.server.answers[CAPABILITIES] = () => ({ error: { code: 1, message: 'out of order' } });
    expect(await bench.done(nodeSleepOf(bench.daemon))).toBe('absent');
  });

  it('is absent without a connection, and for a user’s own session', async () => {
    expect(await nodeSleepOf(undefined)).toBe('absent');
    expect(await nodeSleepOf(createBench().daemon)).toBe('absent');
    const bench = await createReadyBench();
    bench.server.answers[CAPABILITIES] = () => wire.text(sleeps);
    expect(await nodeSleepOf({ ...bench.daemon, client: bench.daemon.client, place: { ...bench.daemon.place, scope: 'session' } })).toBe('absent');
  });

  it('that only lets this user look is forbidden', async () => {
    const bench = createBench();
    bench.sockets.set('/run/libvirt-sock', 'permission');
    bench.sockets.set('/run/libvirt-sock-ro', 'open');
    await bench.done(bench.daemon.connectNow());
    expect(await nodeSleepOf(bench.daemon)).toBe('forbidden');
  });
});

describe('putting a host to sleep by libvirt', () => {
  it('is sent as the .x file has it: memory, the seconds, no flags', async () => {
    const bench = await createReadyBench();
    const sent: unknown[] = [];
    bench.server.answers[NODE_SUSPEND] = ({ args }) => {
      sent.push([args.uint(), args.uhyper(), args.uint(), args.left()]);
      return Buffer.alloc(0);
    };
    await bench.done(suspendNode(bench.daemon, 7200));
    expect(sent).toEqual([[0, 7200n, 0, 0]]);
  });

  it.each([
    ['libvirt’s own words', { error: { code: 8, message: 'Suspend duration is too short, must be at least 60 seconds' } }, 'Suspend duration is too short, must be at least 60 seconds'],
    ['that another is under way', { error: { code: 55, message: 'Suspend operation already in progress' } }, 'already in progress'],
  ] as const)('is refused with %s', async (_what, answer, message) => {
    const bench = await createReadyBench();
    bench.server.answers[NODE_SUSPEND] = () => answer;
    await expect(bench.done(suspendNode(bench.daemon, 60))).rejects.toMatchObject({ connectionLost: false, message: expect.stringContaining(message) });
  });

  it('is refused by a libvirt that does not have it, or is not connected', async () => {
    const bench = await createReadyBench();
    await expect(bench.done(suspendNode(bench.daemon, 60))).rejects.toMatchObject({ connectionLost: false, message: expect.stringContaining('unknown procedure') });
    bench.stop();
    await bench.pass(1);
    await expect(suspendNode(bench.daemon, 60)).rejects.toMatchObject({ connectionLost: false, message: 'libvirt is not connected' });
  });

  it('is not known to be done when the answer does not come', async () => {
    const bench = await createReadyBench();
    bench.server.answers[NODE_SUSPEND] = () => 'silence';
    const asked = suspendNode(bench.daemon, 60);
    const outcome = expect(bench.done(asked)).rejects.toMatchObject({ connectionLost: true });
    await bench.pass(10);
    bench.stop();
    await outcome;
  });
});
