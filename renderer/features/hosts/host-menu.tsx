import type { HostView } from '../../../preload/contract/view';
import { hostCommands, offeredHostCommands } from '../../commands';
import { runHostCommand } from '../../host-intents';
import { MenuItem } from '../guests/menu-item';

export function HostItems({ host }: { host: HostView }) {
  return offeredHostCommands(host).map(({ command, whyNot }) => (
    <MenuItem
      key={command}
      words={hostCommands[command]}
      danger={command === 'remove'}
      why={whyNot}
      disabled={whyNot !== undefined}
      run={() => void runHostCommand(host.id, command)}
    />
  ));
}
