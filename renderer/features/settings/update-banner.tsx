import { useState } from 'react';
import type { UpdateChoice } from '../../../preload/contract/settings';
import { changeSettings, openDialog } from '../../intents';
import { useWindow } from '../../store';
import { Button } from '../../ui/button';
import { Icon } from '../../ui/icon';
import { Line } from '../../ui/untrusted';
import { updateWords } from './update-settings';

const answers: readonly { choice: UpdateChoice; label: string }[] = [
  { choice: 'notify', label: 'Tell me' },
  { choice: 'install', label: 'Install when I quit' },
  { choice: 'off', label: 'No' },
];

/** Asks once whether newer versions may be looked for; tells of one that was found. */
export function UpdateBanner() {
  const app = useWindow((state) => state.view?.app);
  const [hidden, setHidden] = useState<string | null>(null);
  if (app === undefined || app.settings.updatesMissing !== null) return null;
  const { settings, update, version } = app;
  if (settings.updates === null) {
    return (
      <section className="banner banner-update" aria-label="Newer versions">
        <Icon name="bell" />
        <p>May Reveille look for newer versions of itself, once a day? Nothing is looked for until you say so.</p>
        <div className="grace-buttons">
          {answers.map(({ choice, label }) => (
            <Button key={choice} onClick={() => void changeSettings({ updates: choice })}>
              {label}
            </Button>
          ))}
        </div>
      </section>
    );
  }
  if ((update.kind !== 'found' && update.kind !== 'ready') || hidden === update.version) return null;
  return (
    <section className="banner banner-update" aria-label="Newer version">
      <Icon name="bell" />
      <p>
        <Line text={updateWords(update, version)} />
      </p>
      <div className="grace-buttons">
        <Button onClick={() => openDialog({ kind: 'settings' })}>Show</Button>
        <Button onClick={() => setHidden(update.version)}>Not now</Button>
      </div>
    </section>
  );
}
