import type { AppView } from '../../../preload/contract/view';
import { appCommands } from '../../commands';
import { runAppCommand } from '../../intents';
import { Button } from '../../ui/button';

/** Opens the dialog that adds a guest or a host. */
export function AddButton({ command }: { command: 'add-guest' | 'add-host' }) {
  const { label, icon } = appCommands[command];
  return (
    <Button icon={icon} onClick={() => void runAppCommand(command)}>
      {label}
    </Button>
  );
}

/** Opens or closes the demo. */
export function DemoButton({ app, look = 'plain' }: { app: AppView; look?: 'plain' | 'primary' }) {
  const command = app.demo === 'open' ? 'close-demo' : 'open-demo';
  const { label, icon } = appCommands[command];
  return (
    <Button look={look} icon={icon} busy={app.demo === 'opening'} onClick={() => void runAppCommand(command)}>
      {app.demo === 'opening' ? 'Opening the demo…' : label}
    </Button>
  );
}
