import { describe, expect, it } from 'vitest';
import { domainAgent } from '../../../../main/hypervisors/libvirt/agent';
import { AgentError } from '../../../../main/protocols/guest-agent/errors';
import { wire } from '../../../fakes/libvirt-wire';
import { AGENT, createReadyBench, RUNNING } from './bench';

const start = async (answer: string | null | { code: number; message: string } | undefined) => {
  const bench = await createReadyBench([{ name: 'nas', state: RUNNING }]);
  bench.server.answers[AGENT] = () =>
    answer === undefined ? 'silence' : answer === null || typeof answer === 'string' ? wire.maybeText(answer) : { error: answer };
  return { ...bench, agent: domainAgent(bench.domain('nas')) };
};

describe('a guest’s agent, through libvirt', () => {
  it('is asked by a connection of its own, in libvirt’s words and seconds', async () => {
    const { agent, done, heard } = await start('{"return":{"host-name":"nas"}}');
    expect(await done(agent.call('guest-get-host-name', {}, { timeoutMs: 2500 }))).toEqual({ 'host-name': 'nas' });
    const [{ args, by }] = heard('domain_agent_command') as [ReturnType<typeof heard>[number]];
    expect(by).toBe(1);
    expect([args.domain().name, JSON.parse(args.text()), args.int(), args.uint()]).toEqual([
      'nas',
      { execute: 'guest-get-host-name', arguments: {} },
      3,
      0,
    ]);
  });

  it('tells the time to the nanosecond', async () => {
    const { agent, done } = await start('{"return":1795348800123456789}');
    expect(await done(agent.call('guest-get-time'))).toBe(1795348800123456789n);
  });

  it.each([
    ['is not connected', { code: 86, message: 'Guest agent is not responding: QEMU guest agent is not connected' }, 'silent'],
    ['is out of sync', { code: 97, message: 'x' }, 'silent'],
    ['did not answer the command', { code: 112, message: 'x' }, 'timeout'],
    ['is held by somebody else', { code: 68, message: 'cannot acquire state change lock' }, 'timeout'],
    ['refused the command', { code: 113, message: 'not found' }, 'command'],
    ['failed', { code: 1, message: "unable to execute QEMU agent command 'guest-get-time'" }, 'command'],
    ['is not configured', { code: 74, message: 'QEMU guest agent is not configured' }, 'command'],
    ['belongs to a guest that sleeps', { code: 55, message: 'domain is not running' }, 'closed'],
    ['belongs to a guest that is gone', { code: 42, message: 'Domain not found' }, 'closed'],
    ['may not be asked', { code: 29, message: 'read only access prevents it' }, 'closed'],
    ['answered no JSON', '{"return":', 'protocol'],
    ['answered nothing', null, 'protocol'],
    ['answered something else', '{"error":{}}', 'protocol'],
    ['answered in another shape', '{"return":"now"}', 'protocol'],
  ] as const)('that %s', async (_, answer, kind) => {
    const { agent, done } = await start(answer);
    await expect(done(agent.call('guest-get-time'))).rejects.toMatchObject({ name: 'AgentError', kind });
  });

  it('that never answers is given up after its time and libvirt’s', async () => {
    const { agent, done, clock } = await start(undefined);
    const began = clock.monotonic();
    await expect(done(agent.call('guest-get-time', {}, { timeoutMs: 3000 }))).rejects.toMatchObject({ kind: 'timeout' });
    expect(clock.monotonic() - began).toBe(9000);
  });

  it('can be given up by its caller, with the caller’s reason', async () => {
    const { agent, done, until, heard } = await start(undefined);
    const controller = new AbortController();
    const asking = done(agent.call('guest-get-time', {}, { signal: controller.signal }));
    await until('it is asked', () => heard('domain_agent_command').length === 1);
    controller.abort(new Error('not needed any more'));
    await expect(asking).rejects.toThrow('not needed any more');
  });

  it('is away without a connection, and shares the one there is where no further can be made', async () => {
    const lost = await start('{"return":{}}');
    lost.stop();
    await lost.shows('nas', 'unknown');
    await expect(lost.done(lost.agent.call('guest-get-host-name'))).rejects.toBeInstanceOf(AgentError);
    const busy = await start('{"return":{}}');
    busy.sockets.set('/run/libvirt-sock', 'busy');
    expect(await busy.done(busy.agent.call('guest-ping'))).toEqual({});
    expect(busy.heard('domain_agent_command').map(({ by }) => by)).toEqual([0]);
  });
});
