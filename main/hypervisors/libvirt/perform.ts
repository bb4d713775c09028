import type { Clock } from '../../clock';
import { RefusedError, type Action, type Refusal } from '../../power/actions';
import type { AgentStatus } from '../../power/standing';
import type { LibvirtClient } from '../../protocols/libvirt/api';
import { AgentError } from '../../protocols/guest-agent/errors';
import { isRefusal, LibvirtError } from '../../protocols/libvirt/errors';
import { SHUTDOWN, SUSPEND_TARGET } from '../../protocols/libvirt/flags';
import { DialError } from '../../protocols/sockets';
import type { Performed } from '../machine';
import { domainAgent } from './agent';
import type { Domain } from './model';

/** Moving a guest's memory to or from disk may take this long, in ms. */
const JOB_MS = 60 * 60_000;
const CALL_MS = 15_000;
/** How long libvirt may wait for a guest's agent, in ms; by itself it waits for ever. */
const AGENT_MS = 30_000;
/** A guest that does not begin to hibernate this long after its agent has agreed does not hibernate, in ms. */
const S4_GRACE_MS = 15_000;

/**
 * Asks libvirt for `action`. What comes of it is to be observed: libvirt answers with success also when nothing happens.
 * @throws RefusedError
 */
export async function perform(action: Action, domain: Domain, agent: AgentStatus, clock: Clock): Promise<Performed> {
  const client = clientOf(domain);
  const dom = domain.ref;
  const options = { timeoutMs: CALL_MS };
  const asked = async (name: string, work: Promise<unknown>): Promise<Performed> => {
    await work.catch(refuse);
    return { refusal: null, by: `libvirt (${name})`, end: () => undefined };
  };
  const sleep = (target: number) =>
    aside(domain, 'virDomainPMSuspendForDuration', async (own) => {
      const args = { dom, target, duration: 0n };
      await own.call('domain_pm_suspend_for_duration', args, { timeoutMs: AGENT_MS }).catch(unlessPossible);
      if (action === 'hibernate') await unlessIgnored(domain, clock);
    });
  if (action !== 'poweroff' && domain.outOfStep && domain.state.name === 'running') await bringInStep(client, domain).catch(refuse);
  switch (action) {
    case 'suspend':
      return sleep(SUSPEND_TARGET.mem);
    case 'hibernate':
      return sleep(SUSPEND_TARGET.disk);
    case 'hybrid':
      return sleep(SUSPEND_TARGET.hybrid);
    case 'wakeup': {
      const { outOfStep } = domain;
      const performed = await asked('virDomainPMWakeup', client.call('domain_pm_wakeup', { dom }, options));
      if (outOfStep) await bringInStep(client, domain).catch(refuse);
      return performed;
    }
    case 'pause':
      return asked('virDomainSuspend', client.call('domain_suspend', { dom }, options));
    case 'resume':
      return asked('virDomainResume', client.call('domain_resume', { dom }, options));
    case 'shutdown':
      return byAgentOrButton(domain, 'virDomainShutdown', agent, (by, flags, ms) =>
        by.call('domain_shutdown_flags', { dom, flags }, { timeoutMs: ms }),
      );
    case 'reboot':
      return byAgentOrButton(domain, 'virDomainReboot', agent, (by, flags, ms) =>
        by.call('domain_reboot', { dom, flags }, { timeoutMs: ms }),
      );
    case 'poweroff':
      return asked('virDomainDestroy', client.call('domain_destroy_flags', { dom }, options));
    case 'reset':
      return asked('virDomainReset', client.call('domain_reset', { dom }, options));
    case 'start':
      return aside(domain, 'virDomainCreate', (own) => own.call('domain_create_with_flags', { dom }, { timeoutMs: JOB_MS }));
    case 'save':
      return aside(domain, 'virDomainManagedSave', (own) => own.call('domain_managed_save', { dom }, { timeoutMs: JOB_MS }));
    case 'discard': {
      // libvirt has no event for it.
      const performed = await asked('virDomainManagedSaveRemove', client.call('domain_managed_save_remove', { dom }, options));
      await domain.daemon.look(domain);
      return performed;
    }
  }
}

/**
 * An agent that did not answer in time may carry the sleep out when it can again (measured): that it was refused is known
 * only where libvirt had not handed it over. @throws RefusedError or `error`
 */
function unlessPossible(error: unknown): never {
  const late =
    isRefusal(error, 'OPERATION_TIMEOUT', 'AGENT_COMMAND_TIMEOUT') ||
    (isRefusal(error, 'AGENT_UNRESPONSIVE') && error instanceof LibvirtError && !/not connected/.test(error.message)) ||
    (error instanceof LibvirtError && error.failure.kind === 'timeout' && error.failure.sent);
  if (!late) throw error;
  throw new RefusedError({
    code: 'outcome-unknown',
    message: 'The guest’s agent did not answer in time. It may still fall asleep.',
    remedy: 'Look at the state shown; restart qemu-guest-agent in the guest if it goes on running.',
  });
}

/** A pause too short to notice: libvirt hears of it, and from then on knows that the guest runs. */
async function bringInStep(client: LibvirtClient, { ref }: Domain): Promise<void> {
  for (const execute of ['stop', 'cont']) {
    const cmd = JSON.stringify({ execute });
    await client.call('domain_monitor_command', { dom: ref, cmd }, { timeoutMs: CALL_MS });
  }
}

/** A Linux guest without swap agrees to hibernate, and goes on. @throws RefusedError */
async function unlessIgnored(domain: Domain, clock: Clock): Promise<void> {
  await new Promise<void>((resolve) => void clock.setTimer(S4_GRACE_MS, resolve));
  const isRunning = () => domain.active && !domain.sleptToDisk && domain.state.name === 'running';
  // A guest that writes its memory to disk answers nothing any more; a large one takes its time.
  if (!isRunning() || !(await answers(domain)) || !isRunning()) return;
  throw new RefusedError({
    code: 'agent-refused',
    message: 'The guest agreed to hibernate, but goes on running.',
    remedy: 'A Linux guest needs a swap device as large as its memory, and resume= on its kernel command line. Its own log says more.',
  });
}

async function answers(domain: Domain): Promise<boolean> {
  try {
    await domainAgent(domain).call('guest-ping', {}, { timeoutMs: 3000 });
    return true;
  } catch (error) {
    if (error instanceof AgentError) return false;
    throw error;
  }
}

/** @throws RefusedError when nothing may be asked */
export function clientOf({ daemon }: Domain): LibvirtClient {
  const { client, readOnly, control } = daemon;
  if (!client) {
    throw new RefusedError({
      code: 'no-control',
      message: control.status === 'unavailable' ? control.reason : 'libvirt is not connected.',
      remedy: control.status === 'unavailable' ? control.remedy : 'Try again in a moment.',
    });
  }
  if (readOnly) throw new RefusedError({ code: 'no-control', message: readOnly.reason, remedy: readOnly.remedy });
  return client;
}

type Ask = (by: LibvirtClient, flags: number, timeoutMs: number) => Promise<unknown>;

/** By the agent where it answers, else by the ACPI power button; also when the agent cannot. */
async function byAgentOrButton(domain: Domain, name: string, agent: AgentStatus, ask: Ask): Promise<Performed> {
  const client = clientOf(domain);
  const press = () => ask(client, SHUTDOWN.acpiPowerButton, CALL_MS);
  if (agent.status !== 'answering') {
    await press().catch(refuse);
    return { refusal: null, by: `libvirt (${name}, by the ACPI power button)`, end: () => undefined };
  }
  return aside(domain, `${name}, through the guest agent`, (own) =>
    ask(own, SHUTDOWN.guestAgent, AGENT_MS).catch((error: unknown) => {
      if (wasCutOff(error)) return;
      // Whatever kept the agent from it, there is the button; not for a request that is over.
      if (!(error instanceof LibvirtError) || error.kind === 'closed') throw error;
      return press();
    }),
  );
}

/** A guest that ends fast takes its agent along before libvirt has its answer: it does what it was asked for. */
const wasCutOff = (error: unknown): boolean =>
  error instanceof LibvirtError && error.refusal?.name === 'INTERNAL_ERROR' && !/agent command/.test(error.refusal.message);

/** Asks by a connection of its own, and does not wait for the answer: it may come late, or never. */
async function aside(
  domain: Domain,
  name: string,
  work: (own: LibvirtClient) => Promise<unknown>,
): Promise<Performed> {
  // polkit may ask for each connection, and nobody may be there: then the one that is there is used.
  const shared = clientOf(domain);
  const own = await domain.daemon.connectAlone().catch((error: unknown) => {
    if (refusedBy(error) === null) throw error;
    return shared;
  });
  let ended = false;
  const refusal = new Promise<Refusal>((resolve, reject) => {
    work(own).catch((error: unknown) => {
      if (ended) return;
      const refused = refusedBy(error);
      if (refused) resolve(refused);
      else reject(error instanceof Error ? error : new Error(String(error)));
    });
  });
  return {
    refusal,
    by: `libvirt (${name})`,
    end() {
      ended = true;
      if (own !== shared) own.close();
    },
  };
}

function refuse(error: unknown): never {
  const refusal = refusedBy(error);
  throw refusal ? new RefusedError(refusal) : error;
}

/** @returns null for what is a fault of ours */
export function refusedBy(error: unknown): Refusal | null {
  if (error instanceof RefusedError) return error.refusal;
  if (error instanceof DialError)
    return { code: 'no-control', message: `libvirt cannot be reached: ${error.message}`, remedy: 'Reveille connects again by itself.' };
  if (!(error instanceof LibvirtError)) return null;
  const message = `${error.message}.`;
  if (isRefusal(error, 'AGENT_UNRESPONSIVE', 'AGENT_UNSYNCED', 'AGENT_COMMAND_TIMEOUT'))
    return { code: 'agent-silent', message, remedy: 'Restart qemu-guest-agent in the guest, then try again.' };
  if (isRefusal(error, 'ACCESS_DENIED', 'OPERATION_DENIED'))
    return {
      code: 'no-control',
      message,
      remedy: 'Add your user to the group libvirt on its host, or allow it in polkit there.',
    };
  if (error.kind === 'unsupported' || isRefusal(error, 'OPERATION_UNSUPPORTED', 'CONFIG_UNSUPPORTED', 'ARGUMENT_UNSUPPORTED'))
    return { code: 'unsupported', message, remedy: 'Its libvirt, QEMU or definition does not offer this.' };
  if (error.refusal)
    return {
      code: 'hypervisor-refused',
      message,
      remedy: 'Look again: the guest may have changed its state meanwhile. libvirt’s log on the host may say more.',
    };
  return {
    code: 'outcome-unknown',
    message: `Whether libvirt did it is not known. ${message}`,
    remedy: 'Look at the state shown, which is asked for anew.',
  };
}
