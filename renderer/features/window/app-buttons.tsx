import type { AppView } from '../../../preload/contract/view';
import { appCommands } from '../../commands';
import { runAppCommand } from '../../intents';
import { Button } from '../../ui/button';

export function AddGuestButton() {
  const { label, icon } = appCommands['add-guest'];
  return (
    <Button icon={icon} onClick={() => void runAppCommand('add-guest')}>
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
