import { call } from './bridge';
import type { HostCommandName } from './commands';
import { hostCommands } from './commands';
import { openDialog, showRefusal } from './intents';
import { hostById } from './store';
import { hostName } from './text';

/** What the user wants of a host, carried out. What main refuses is a notice. */

function labelFor(command: HostCommandName, hostId: string): string {
  const { label, longLabel } = hostCommands[command];
  const host = hostById(hostId);
  return host === undefined ? (longLabel ?? label) : `${longLabel ?? label}: ${hostName(host)}`;
}

export async function runHostCommand(hostId: string, command: HostCommandName): Promise<void> {
  switch (command) {
    case 'connect': {
      const result = await call('connectHost', { hostId });
      if (!result.ok) showRefusal(labelFor(command, hostId), null, result.refusal);
      return;
    }
    case 'sleep':
      openDialog({ kind: 'sleep-host', hostId });
      return;
    case 'wake': {
      const result = await call('wakeHost', { hostId });
      if (!result.ok) showRefusal(labelFor(command, hostId), null, result.refusal);
      return;
    }
    case 'edit':
      openDialog({ kind: 'edit-host', hostId });
      return;
    case 'disable':
    case 'enable': {
      const result = await call('setHostEnabled', { hostId, enabled: command === 'enable' });
      if (!result.ok) showRefusal(labelFor(command, hostId), null, result.refusal);
      return;
    }
    case 'remove':
      openDialog({ kind: 'remove-host', hostId });
      return;
  }
}

/** Forgets a host; the dialog has asked before. */
export async function removeHost(hostId: string): Promise<void> {
  const label = labelFor('remove', hostId);
  const result = await call('removeHost', { hostId });
  if (!result.ok) showRefusal(label, null, result.refusal);
}
