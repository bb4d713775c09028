import type { Clock } from '../../clock';
import { SshError } from '../../protocols/ssh/errors';
import type { SshStep } from '../../protocols/ssh/types';
import { HostError } from '../host';
import { connectTo, type SshSurroundings } from './connect';
import { createRemoteScanMemory, scanRemote, type RemoteScan } from './discovery';

export interface TestStep {
  readonly name: 'address' | 'name' | 'tcp' | 'host-key' | 'authentication' | 'qemu' | 'permissions' | 'guests';
  /** Which computer of a jump chain it is about. */
  readonly via: string;
  readonly state: 'passed' | 'warning' | 'failed';
  readonly detail: string;
  readonly remedy?: string;
}

/** Connects once, looks at the host, and says each step as it passes. Never rejects for what a host does. */
export async function testConnection(
  options: { readonly address: string; readonly signal: AbortSignal; readonly onStep: (step: TestStep) => void },
  around: SshSurroundings & { readonly clock: Clock },
): Promise<void> {
  const { address, signal, onStep } = options;
  let reached: TestStep['name'] = 'address';
  let via = address;
  /** The computers that are not signed in to yet, the nearest first. */
  let ahead: readonly string[] = [];
  const pass = (step: SshStep) => {
    onStep({ name: step.name, via, state: 'passed', detail: step.detail });
    reached = next[step.name];
    if (step.name !== 'authentication') return;
    const [, following] = ahead;
    if (following === undefined) return;
    ahead = ahead.slice(1);
    via = following;
    // Its name is looked up by the computer before it, which does not tell.
    reached = 'tcp';
  };
  try {
    const connection = await connectTo(
      {
        address,
        hostId: null,
        signal,
        onStep: pass,
        onSettings(settings) {
          reached = 'name';
          ahead = [...settings.proxyJump, settings].map(({ host }) => host);
          via = ahead[0] ?? settings.host;
          const ignored = settings.ignored.filter(({ systemDefault }) => !systemDefault).map(({ option, why }) => `${option}: ${why}`);
          const detail = `${settings.user}@${settings.host}:${settings.port}`;
          onStep({
            name: 'address',
            via: settings.host,
            ...(ignored.length === 0 ? { state: 'passed', detail } : { state: 'warning', detail: `${detail}. Not honoured: ${ignored.join(' ')}` }),
          });
        },
      },
      around,
    );
    try {
      reached = 'qemu';
      for (const step of stepsOf(await scanRemote({ remote: connection, memory: createRemoteScanMemory(), clock: around.clock }), via)) onStep(step);
    } finally {
      await connection.close();
    }
  } catch (error) {
    if (!(error instanceof SshError || error instanceof HostError)) throw error;
    if (!signal.aborted) onStep({ name: reached, via, state: 'failed', detail: error.message, remedy: error.remedy });
  }
}

/** What comes after a step has passed, and so what fails when nothing more is heard. */
const next: Readonly<Record<SshStep['name'], TestStep['name']>> = {
  name: 'tcp',
  tcp: 'host-key',
  'host-key': 'authentication',
  authentication: 'qemu',
};

function stepsOf({ guests, user, othersHidden, emulators }: RemoteScan, via: string): TestStep[] {
  const hasQemu = guests.length > 0 || emulators.length > 0;
  const locked = guests.filter(({ problem }) => problem?.reason === 'permission');
  return [
    hasQemu
      ? { name: 'qemu', via, state: 'passed', detail: emulators.join(', ') || 'QEMU runs.' }
      : { name: 'qemu', via, state: 'warning', detail: 'No QEMU was found in the usual folders.', remedy: 'Install QEMU on the host, or start a guest.' },
    locked.length > 0 || othersHidden
      ? {
          name: 'permissions',
          via,
          state: 'warning',
          detail: locked.map(({ name, problem }) => `${name}: ${problem?.detail ?? ''}`).join(' ') || `${user.name} does not see other users’ processes.`,
          remedy: locked[0]?.problem?.remedy ?? 'Connect as the user who runs QEMU, or as root.',
        }
      : { name: 'permissions', via, state: 'passed', detail: `${user.name} may open what was found.` },
    { name: 'guests', via, state: 'passed', detail: guests.length === 1 ? '1 guest' : `${guests.length} guests` },
  ];
}
