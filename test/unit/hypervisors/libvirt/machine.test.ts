import { describe, expect, it } from 'vitest';
import { createLibvirtMachine } from '../../../../main/hypervisors/libvirt/machine';
import type { MachineEvent } from '../../../../main/hypervisors/machine';
import { RefusedError } from '../../../../main/power/actions';
import type { FakeServerOptions } from '../../../fakes/libvirt-server';
import { wire } from '../../../fakes/libvirt-wire';
import { AGENT, ASLEEP, createReadyBench, RUNNING, SHUTOFF, tell, tellAgent } from './bench';

const CHANNEL = "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>";
const xmlOf = ({ pm = '', devices = CHANNEL, more = '' } = {}) =>
  `<domain type='kvm'>\n  <name>nas</name>\n  <uuid>5eeb11e0-0000-4000-8000-000000000001</uuid>\n` +
  `  <os><type machine='pc-q35-7.2'>hvm</type></os>\n${more}  ${pm}\n  <devices>\n    ${devices}\n  </devices>\n</domain>`;
const NO_SLEEP = "<pm><suspend-to-mem enabled='no'/><suspend-to-disk enabled='no'/></pm>";
const INFO = JSON.stringify({
  return: {
    version: '8.2',
    supported_commands: [
      { name: 'guest-suspend-ram', enabled: true },
      { name: 'guest-file-open', enabled: false },
    ],
  },
});

interface Given {
  readonly xml?: string;
  readonly state?: readonly [number, number];
  /** Its answer to everything; null for none. */
  readonly agent?: string | { code: number; message: string } | null;
  readonly server?: FakeServerOptions;
}

async function start({ xml = xmlOf(), state = RUNNING, agent = INFO, server = {} }: Given = {}) {
  const bench = await createReadyBench([{ name: 'nas', state, xml }], server);
  const answers = { agent };
  bench.server.answers[AGENT] = () =>
    answers.agent === null ? 'silence' : typeof answers.agent === 'string' ? wire.maybeText(answers.agent) : { error: answers.agent };
  const nas = [...bench.server.domains.values()][0]!;
  const machine = createLibvirtMachine(bench.domain('nas'), bench.clock);
  const events: MachineEvent[] = [];
  machine.subscribe((event) => events.push(event));
  await bench.until('its definition was read', () => machine.sleep !== null);
  return { ...bench, nas, machine, events, answers };
}
const answering = { status: 'answering', disabled: ['guest-file-open'] };

describe('what a domain’s machine shows', () => {
  it('is what its definition says', async () => {
    const { machine } = await start({ xml: xmlOf({ pm: "<pm><suspend-to-mem enabled='yes'/></pm>", devices: `${CHANNEL}<hostdev type='pci'/>` }) });
    expect(machine).toMatchObject({
      ...{ exists: true, persistent: true, sleep: { s3: true }, hasAgentChannel: true, machineType: 'pc-q35-7.2' },
      ...{ hostDevices: ['pci'], mended: [], control: { status: 'ready' }, state: { name: 'running' } },
    });
  });

  it('follows its events', async () => {
    const { machine, events, server, nas, until, ...bench } = await start();
    events.length = 0;
    server.fallAsleep(nas);
    await until('it sleeps', () => machine.state.name === 'suspended');
    tell({ ...bench, server, until }, 'reboot', nas);
    await bench.pass(5);
    expect(events.filter(({ kind }) => kind !== 'standing')).toEqual([
      { kind: 'state', state: expect.objectContaining({ name: 'suspended', source: 'event' }) },
      { kind: 'reset', cause: 'guest' },
    ]);
  });

  it('is read again when the definition changes, and when it is started', async () => {
    const { machine, server, nas, until } = await start({ state: SHUTOFF, xml: xmlOf({ pm: NO_SLEEP }) });
    expect(machine.sleep).toEqual({ s3: false, s4: false });
    nas.xml = xmlOf();
    server.change(nas, SHUTOFF, [0, 1]);
    await until('it is read', () => machine.sleep?.s3 === undefined);
    nas.xml = xmlOf({ pm: NO_SLEEP });
    server.change(nas, RUNNING, [2, 0]);
    await until('it is read', () => machine.sleep?.s3 === false);
  });

  it('says which mendings wait for the next start', async () => {
    const live = xmlOf({ pm: NO_SLEEP, devices: '<console/>' });
    const { machine, heard } = await start({
      server: { answers: { 14: ({ args }) => (args.domain(), wire.text(args.uint() & 2 ? xmlOf() : live)) } },
    });
    expect(machine.mended).toEqual(['enable-sleep', 'add-agent-channel']);
    expect(machine.sleep).toEqual({ s3: false, s4: false });
    expect(machine.agent).toEqual({ status: 'absent' });
    expect(heard('domain_agent_command')).toEqual([]);
  });

  it('is nothing where the definition cannot be read, and heals', async () => {
    const { machine, nas, server, until, pass } = await start();
    nas.xml = '<domain';
    server.change(nas, RUNNING, [0, 1]);
    await pass(10);
    expect(machine).toMatchObject({ sleep: null, machineType: null, hostDevices: [], mended: [], hasAgentChannel: false });
    nas.xml = xmlOf();
    server.change(nas, RUNNING, [0, 1]);
    await until('it is read', () => machine.sleep !== null);
  });

  it('has no control where nobody may act', async () => {
    const bench = await start();
    bench.stop();
    await bench.until('it is lost', () => bench.machine.control.status === 'unavailable');
    bench.sockets.set('/run/libvirt-sock', 'permission').set('/run/libvirt-sock-ro', 'open');
    await bench.until('it looks on', () => bench.daemon.readOnly !== null && bench.machine.state.name === 'running');
    expect(bench.machine.control).toMatchObject({ status: 'unavailable', remedy: expect.stringContaining('usermod') });
  });
});

describe('the agent of a domain', () => {
  it('is looked at when the guest runs, and is nobody’s while it sleeps', async () => {
    const { machine, server, nas, until } = await start();
    await until('it answers', () => machine.agent.status === 'answering');
    expect(machine.agent).toEqual(answering);
    server.fallAsleep(nas);
    await until('it sleeps', () => machine.agent.status === 'unknown');
    server.wakeUp(nas);
    await until('it answers', () => machine.agent.status === 'answering');
  });

  it('of a guest that sleeps is not asked', async () => {
    const { machine, heard, done } = await start({
      state: ASLEEP,
      server: { answers: { 10_001: () => wire.text('{"return":{"status":"suspended"}}') } },
    });
    expect(await done(machine.lookAtAgent())).toEqual({ status: 'unknown' });
    expect(heard('domain_agent_command')).toEqual([]);
  });

  it('that does not answer is asked ever more seldom, and found when it does', async () => {
    const { machine, heard, answers, pass, until } = await start({ agent: { code: 86, message: 'not connected' } });
    await until('it is silent', () => machine.agent.status === 'silent');
    await pass(60_000);
    const asked = heard('domain_agent_command').length;
    expect(asked).toBeGreaterThan(4);
    expect(asked).toBeLessThan(10);
    answers.agent = INFO;
    await until('it answers', () => machine.agent.status === 'answering', 31_000);
    const then = heard('domain_agent_command').length;
    await pass(600_000);
    expect(heard('domain_agent_command')).toHaveLength(then);
  });

  it('that opens and closes its channel is believed at once', async () => {
    const bench = await start({ agent: { code: 86, message: 'not connected' } });
    const { machine, nas, answers, until } = bench;
    await until('it is silent', () => machine.agent.status === 'silent');
    tellAgent(bench, nas, 2);
    await until('it is closed', () => machine.agent.status === 'closed', 100);
    answers.agent = INFO;
    tellAgent(bench, nas, 1);
    await until('it answers', () => machine.agent.status === 'answering', 100);
  });

  it('an answer that was asked for before the guest slept does not count', async () => {
    const { machine, server, nas, heard, until, pass } = await start({ agent: null });
    await until('it is asked', () => heard('domain_agent_command').length === 1);
    server.fallAsleep(nas);
    await pass(30_000);
    expect(machine.agent).toEqual({ status: 'unknown' });
  });
});

describe('a mending', () => {
  it('is read, made, and told to wait for the next start', async () => {
    const { machine, nas, done, heard } = await start({ xml: xmlOf({ pm: NO_SLEEP }) });
    const before = nas.xml;
    const read = await done(machine.mending('enable-sleep'));
    expect(read).toMatchObject({ before, effect: 'next-start' });
    expect(nas.xml).toBe(before);
    await done(machine.mend(read));
    expect(nas.xml).toBe(read.after);
    const { args } = heard('domain_define_xml_flags')[0]!;
    // virDomainDefineFlags VALIDATE.
    expect([args.text(), args.uint()]).toEqual([read.after, 1]);
    // What only the owner may see is given back: VIR_DOMAIN_XML_SECURE | INACTIVE.
    expect(heard('domain_get_xml_desc').map(({ args: one }) => (one.domain(), one.uint()))).toContain(3);
  });

  it('of a domain that is off takes effect now', async () => {
    const { machine, done } = await start({ state: SHUTOFF, xml: xmlOf({ devices: '<console/>' }) });
    expect(await done(machine.mending('add-agent-channel'))).toMatchObject({ effect: 'now' });
  });

  it('that was read before somebody else changed the definition is not made', async () => {
    const { machine, nas, done } = await start({ xml: xmlOf({ pm: NO_SLEEP }) });
    const read = await done(machine.mending('enable-sleep'));
    nas.xml = nas.xml.replace('7.2', '8.0');
    const changed = nas.xml;
    await expect(done(machine.mend(read))).rejects.toMatchObject({ refusal: { code: 'wrong-state' } });
    expect(nas.xml).toBe(changed);
  });

  it('that libvirt refuses says why', async () => {
    const { machine, server, done } = await start({ xml: xmlOf({ pm: NO_SLEEP }) });
    server.answers[350] = () => ({ error: { code: 92, message: 'Element domain failed to validate' } });
    const read = await done(machine.mending('enable-sleep'));
    await expect(done(machine.mend(read))).rejects.toMatchObject({
      refusal: { code: 'hypervisor-refused', message: expect.stringContaining('failed to validate') },
    });
  });

  it('of what cannot be read is refused', async () => {
    const { machine, nas, done } = await start();
    nas.xml = '<network/>';
    const refused = done(machine.mending('enable-sleep'));
    await expect(refused).rejects.toBeInstanceOf(RefusedError);
    await expect(refused).rejects.toMatchObject({ refusal: { code: 'unsupported', remedy: expect.stringContaining('virsh edit') } });
  });
});

describe('what is told of a domain', () => {
  it('the facts, with versions in libvirt’s way', async () => {
    const { machine, done, until } = await start({ server: { answers: { 4: () => wire.uhyper(7_002_022n) } } });
    await until('its agent answers', () => machine.agent.status === 'answering');
    expect(await done(machine.facts())).toMatchObject({
      hypervisor: { value: 'QEMU 7.2.22, libvirt 9.0.0' },
      machine: { value: 'pc-q35-7.2' },
    });
  });

  it('a fact that cannot be had says why', async () => {
    const { machine, done, server } = await start({ agent: null });
    server.answers[4] = () => ({ error: { code: 38, message: 'no room' } });
    const facts = await done(machine.facts());
    expect(facts.hypervisor).toMatchObject({ missing: expect.stringContaining('no room') });
    expect(facts.os).toMatchObject({ missing: expect.stringContaining('agent') });
  });

  it('its screen, in the type that libvirt names', async () => {
    const { machine, server, done } = await start({ xml: xmlOf({ devices: "<video><model type='vga'/></video>" }) });
    server.answers[211] = () => ({ reply: wire.maybeText('image/png'), packets: [Buffer.from('pic'), Buffer.from('ture')] });
    expect(await done(machine.screenshot())).toEqual({ mime: 'image/png', bytes: Buffer.from('picture') });
    const blind = await start();
    await expect(blind.done(blind.machine.screenshot())).rejects.toThrow('It has no screen.');
  });
});

describe('the end of a machine', () => {
  it('leaves its domain alone, and no timer beside the daemon’s', async () => {
    const bench = await start({ agent: { code: 86, message: 'not connected' } });
    await bench.until('it is silent', () => bench.machine.agent.status === 'silent');
    bench.machine.close();
    const asked = bench.heard().length;
    const told = bench.events.length;
    bench.server.fallAsleep(bench.nas);
    await bench.pass(120_000);
    expect(bench.heard()).toHaveLength(asked);
    expect(bench.events).toHaveLength(told);
    expect(bench.domain('nas').state.name).toBe('suspended');
    bench.daemon.close();
    await bench.pass(0);
    expect(bench.clock.pendingTimers()).toBe(0);
  });
});
