import type { Clock } from '../../clock';
import { RefusedError, type Fix } from '../../power/actions';
import type { AgentStatus, Control, SleepSupport } from '../../power/standing';
import { AgentError } from '../../protocols/guest-agent/errors';
import { DEFINE, XML } from '../../protocols/libvirt/flags';
import { everyAgentFact, factOf, readAgentFacts, readBootId, setGuestClock } from '../agent-facts';
import type { Machine, MachineEvent, Mending } from '../machine';
import { wakeClockBy } from '../wake-clock';
import { domainAgent } from './agent';
import { DefinitionError, mended, readDefinition, type Definition } from './definition';
import type { Domain, DomainNews } from './model';
import { clientOf, perform, refusedBy } from './perform';
import { createDomainStats } from './stats';

/** Waits between looks at an agent that does not answer, in ms: a guest that boots has one soon. */
const AGENT_LOOK_MS = [1000, 2000, 2000, 4000, 8000, 15_000, 30_000];
const PROBE_MS = 3000;
const XML_MS = 10_000;
/** A definition that could not be read is read again after this, in ms. */
const READ_AGAIN_MS = 10_000;
const MAX_SCREEN_BYTES = 64 * 1024 * 1024;

/** Watches and controls one domain through its libvirt. */
export function createLibvirtMachine(domain: Domain, clock: Clock): Machine {
  const { daemon } = domain;
  const agentCalls = domainAgent(domain);
  const stats = createDomainStats(domain, clock);
  const listeners = new Set<(event: MachineEvent) => void>();
  let closed = false;
  /** What is in force now, and what is from the next start on; null until libvirt has told. */
  let definition: { readonly now: Definition; readonly next: Definition } | null = null;
  let reading: Promise<void> | null = null;
  let readAgain = false;
  let cancelReading = () => {};
  let agent: AgentStatus = { status: 'unknown' };
  /** Whether the guest has its agent's channel open, as far as libvirt told. */
  let channelOpen: boolean | undefined;
  /** Grows with everything that makes an answer about the agent out of date. */
  let agentNews = 0;
  let agentLooks = 0;
  let cancelAgentLook = () => {};

  const emit = (event: MachineEvent) => {
    for (const listener of [...listeners]) listener(event);
  };

  const agentIs = (next: AgentStatus) => {
    if (JSON.stringify(next) === JSON.stringify(agent)) return;
    agent = next;
    if (!closed) emit({ kind: 'standing' });
  };

  /** Reads the definition anew; what changes meanwhile is read after that. Never rejects. */
  const readDefinitions = (): Promise<void> => {
    readAgain = true;
    return (reading ??= (async () => {
      while (readAgain && !closed) {
        readAgain = false;
        await readOnce();
      }
    })().finally(() => (reading = null)));
  };

  const readOnce = async () => {
    const { client } = daemon;
    if (!client) return;
    const read = async (flags: number) =>
      readDefinition((await client.call('domain_get_xml_desc', { dom: domain.ref, flags }, { timeoutMs: XML_MS })).xml);
    try {
      const now = await read(0);
      const next = domain.active ? await read(XML.inactive) : now;
      definition = { now, next };
      channelOpen = now.agentConnected;
      if (!now.hasAgentChannel) agentIs({ status: 'absent' });
      emit({ kind: 'standing' });
    } catch (error) {
      // It may be gone, or be defined in a way that nobody can read: then nothing is known of it.
      if (!(error instanceof DefinitionError) && !refusedBy(error)) throw error;
      if (definition === null || error instanceof DefinitionError) definition = null;
      cancelReading();
      cancelReading = clock.setTimer(READ_AGAIN_MS, () => void readDefinitions());
    }
  };

  const isAwake = () => domain.state.name === 'running';

  const forgetAgent = () => {
    agentNews += 1;
    cancelAgentLook();
    agentIs(definition && !definition.now.hasAgentChannel ? { status: 'absent' } : { status: 'unknown' });
  };

  const lookAtAgent = async (timeoutMs = PROBE_MS): Promise<AgentStatus> => {
    if (!definition) await readDefinitions();
    if (!isAwake() || !definition?.now.hasAgentChannel) {
      forgetAgent();
      return agent;
    }
    if (daemon.readOnly) {
      const { reason, remedy } = daemon.readOnly;
      agentIs({ status: 'unreachable', reason, remedy });
      return agent;
    }
    const asOf = agentNews;
    const answer = await askAgent(timeoutMs);
    if (asOf === agentNews && !closed) {
      agentIs(isAwake() ? answer : { status: 'unknown' });
      if (agent.status !== 'answering') expectAgent();
    }
    return agent;
  };

  const askAgent = async (timeoutMs: number): Promise<AgentStatus> => {
    try {
      const info = await agentCalls.call('guest-info', {}, { timeoutMs });
      const disabled = info.supported_commands.filter(({ enabled }) => !enabled).map(({ name }) => name);
      return { status: 'answering', disabled };
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
      if (error.kind === 'command') return { status: 'answering', disabled: [] };
      return channelOpen === false ? { status: 'closed' } : { status: 'silent' };
    }
  };

  /** libvirt tells when an agent opens its channel, not when it begins to answer. */
  const expectAgent = () => {
    cancelAgentLook();
    if (closed || !daemon.client) return;
    const wait = AGENT_LOOK_MS[Math.min(agentLooks, AGENT_LOOK_MS.length - 1)] ?? 0;
    agentLooks += 1;
    cancelAgentLook = clock.setTimer(wait, () => void lookAtAgent());
  };

  const beginWithAgent = () => {
    agentNews += 1;
    agentLooks = 0;
    void lookAtAgent();
  };

  const hear = (news: DomainNews) => {
    switch (news.kind) {
      case 'state':
        if (news.state.name === 'running') beginWithAgent();
        else forgetAgent();
        return emit({ kind: 'state', state: news.state });
      case 'reset':
        forgetAgent();
        expectAgent();
        return emit({ kind: 'reset', cause: 'guest' });
      case 'agent':
        channelOpen = news.connected;
        if (news.connected) return beginWithAgent();
        agentNews += 1;
        cancelAgentLook();
        return agentIs(isAwake() ? { status: 'closed' } : { status: 'unknown' });
      case 'definition':
        return void readDefinitions();
      case 'connection':
        if (daemon.client) void readDefinitions().then(beginWithAgent);
        return emit({ kind: 'standing' });
    }
  };

  const unsubscribe = domain.subscribe(hear);
  if (daemon.client) void readDefinitions().then(beginWithAgent);

  const control = (): Control => {
    const { readOnly } = daemon;
    if (daemon.control.status === 'ready' && readOnly)
      return { status: 'unavailable', reason: readOnly.reason, remedy: readOnly.remedy };
    return daemon.control;
  };

  const sleep = (): SleepSupport | null => {
    if (!definition) return null;
    const { s3, s4 } = definition.now;
    return { ...(s3 === undefined ? {} : { s3 }), ...(s4 === undefined ? {} : { s4 }) };
  };

  /** The definition from the next start on, with what only its owner may see: it is given back as it is. */
  const persistentXml = async (): Promise<string> => {
    const flags = XML.inactive | XML.secure;
    try {
      return (await clientOf(domain).call('domain_get_xml_desc', { dom: domain.ref, flags }, { timeoutMs: XML_MS })).xml;
    } catch (error) {
      throw asRefusal(error);
    }
  };

  return {
    get state() {
      return domain.state;
    },
    get exists() {
      return domain.active;
    },
    persistent: true,
    get control() {
      return control();
    },
    get agent() {
      return agent;
    },
    get sleep() {
      return sleep();
    },
    get hasAgentChannel() {
      return definition?.now.hasAgentChannel ?? false;
    },
    get machineType() {
      return definition?.now.machineType ?? null;
    },
    get mended() {
      return definition ? mendedBy(definition.now, definition.next) : [];
    },
    get hostDevices() {
      return definition?.now.hostDevices ?? [];
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async look() {
      await daemon.look(domain);
      if (!definition) await readDefinitions();
    },
    lookAtAgent,
    perform: (action) => perform(action, domain, agent, clock),
    setClock: () => setGuestClock(agentCalls, clock),
    readBootId: () => readBootId(agentCalls),
    ...wakeClockBy({ talk: (work) => work(agentCalls), status: () => agent, clock }),
    async facts() {
      const { client } = daemon;
      const missing = { missing: 'libvirt is not connected.' } as const;
      const [hypervisor, told] = await Promise.all([
        client ? factOf(client.call('connect_get_version').then(({ hv_ver }) => `QEMU ${versionOf(hv_ver)}, libvirt ${libvirtVersion(client)}`)) : missing,
        agent.status === 'answering'
          ? readAgentFacts(agentCalls)
          : everyAgentFact('Told by the guest agent, which does not answer now.'),
      ]);
      const { memoryMiB, vcpus } = domain.record;
      const machineType = definition?.now.machineType ?? null;
      const orMissing = <T>(value: T | null) => (value === null ? { missing: 'libvirt does not tell.' } : { value });
      return { hypervisor, machine: orMissing(machineType), memoryMiB: orMissing(memoryMiB), vcpus: orMissing(vcpus), ...told };
    },
    stats,
    async screenshot() {
      if (definition && !definition.now.hasScreen) throw new Error('It has no screen.');
      const client = clientOf(domain);
      const options = { maxBytes: MAX_SCREEN_BYTES, timeoutMs: XML_MS };
      const { result, data } = await client.download('domain_screenshot', { dom: domain.ref, screen: 0 }, options);
      return { mime: result.mime ?? 'application/octet-stream', bytes: data };
    },
    async mending(fix: Fix) {
      const xml = await persistentXml();
      try {
        return { ...mended(xml, fix), effect: domain.active ? 'next-start' : 'now' };
      } catch (error) {
        throw asRefusal(error);
      }
    },
    async mend({ before, after }: Mending) {
      if ((await persistentXml()) !== before) {
        throw new RefusedError({
          code: 'wrong-state',
          message: 'Its definition became another since you read this change.',
          remedy: 'Read the change again.',
        });
      }
      try {
        await clientOf(domain).call('domain_define_xml_flags', { xml: after, flags: DEFINE.validate }, { timeoutMs: XML_MS });
      } catch (error) {
        throw asRefusal(error);
      }
      await readDefinitions();
    },
    // What is not defined any more was told by its last event.
    unlisted: () => undefined,
    close() {
      closed = true;
      unsubscribe();
      cancelAgentLook();
      cancelReading();
      listeners.clear();
    },
  };
}

/** What was changed in the definition and is not in force yet. */
function mendedBy(now: Definition, next: Definition): Fix[] {
  const sleeps = (now.s3 === false && next.s3 !== false) || (now.s4 === false && next.s4 !== false);
  const channel = !now.hasAgentChannel && next.hasAgentChannel;
  return [...(sleeps ? (['enable-sleep'] as const) : []), ...(channel ? (['add-agent-channel'] as const) : [])];
}

function asRefusal(error: unknown): unknown {
  if (error instanceof DefinitionError)
    return new RefusedError({ code: 'unsupported', message: error.message, remedy: 'Change it with virsh edit.' });
  const refusal = refusedBy(error);
  return refusal ? new RefusedError(refusal) : error;
}

/** libvirt's way to write versions: major * 1 000 000 + minor * 1000 + micro. */
const versionOf = (number: bigint): string =>
  [number / 1_000_000n, (number / 1000n) % 1000n, number % 1000n].map(String).join('.');

const libvirtVersion = ({ libVersion: { major, minor, micro } }: NonNullable<Domain['daemon']['client']>): string =>
  `${major}.${minor}.${micro}`;
