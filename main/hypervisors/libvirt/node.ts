import { parseXml, XmlElement } from '@rgrove/parse-xml';
import { LibvirtError } from '../../protocols/libvirt/errors';
import { SUSPEND_TARGET } from '../../protocols/libvirt/flags';
import type { Daemon } from './model';

/** Why libvirt did not put its host to sleep. `connectionLost`: whether it took the call is not known. */
export class NodeSleepError extends Error {
  override readonly name = 'NodeSleepError';
  constructor(
    message: string,
    readonly connectionLost: boolean,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

/** The host's own sleep, as its libvirt offers it. Only the system's libvirt has the right to it. */
export async function nodeSleepOf(daemon: Daemon | undefined): Promise<'sleeps' | 'cannot-sleep' | 'forbidden' | 'absent'> {
  if (!daemon || daemon.place.scope !== 'system') return 'absent';
  if (daemon.readOnly) return 'forbidden';
  if (!daemon.client) return 'absent';
  try {
    const { capabilities } = await daemon.client.call('connect_get_capabilities');
    return sleepsToMemory(capabilities) ? 'sleeps' : 'cannot-sleep';
  } catch (error) {
    if (error instanceof LibvirtError) return 'absent';
    throw error;
  }
}

/** formatcaps: <host><power_management><suspend_mem/>. @throws Error for what is no XML */
export function sleepsToMemory(capabilities: string): boolean {
  const child = (element: XmlElement | null | undefined, name: string): XmlElement | undefined =>
    element?.children.find((node): node is XmlElement => node instanceof XmlElement && node.name === name);
  const { root } = parseXml(capabilities);
  return child(child(child(root, 'host'), 'power_management'), 'suspend_mem') !== undefined;
}

/**
 * Has libvirt put its host to sleep (ACPI S3). Answers when the host's clock is set to wake it `seconds` from then;
 * about 10 s later the host is put to sleep, and what comes of that is only in the log there
 * (src/util/virnodesuspend.c: SUSPEND_DELAY, virNodeSuspendHelper).
 * @throws NodeSleepError
 */
export async function suspendNode(daemon: Daemon | undefined, seconds: number): Promise<void> {
  const client = daemon?.client;
  if (!client) throw new NodeSleepError('libvirt is not connected', false);
  try {
    await client.call('node_suspend_for_duration', { target: SUSPEND_TARGET.mem, duration: BigInt(seconds) });
  } catch (error) {
    if (!(error instanceof LibvirtError)) throw error;
    const unanswered = error.kind === 'closed' || error.kind === 'protocol' || (error.failure.kind === 'timeout' && error.failure.sent);
    throw new NodeSleepError(error.refusal?.message ?? error.message, unanswered, { cause: error });
  }
}
