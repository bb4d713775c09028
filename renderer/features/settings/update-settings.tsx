import { useId, useState } from 'react';
import type { Refusal } from '../../../preload/contract/commands';
import type { SettingsView, UpdateChoice, UpdateView } from '../../../preload/contract/settings';
import { call } from '../../bridge';
import { useWindow } from '../../store';
import { Button } from '../../ui/button';
import { Choice, Choices } from '../../ui/choices';
import { Refused } from '../../ui/refused';
import { Block, Line } from '../../ui/untrusted';

const choices: readonly { value: UpdateChoice; label: string }[] = [
  { value: 'off', label: 'Do not look for newer versions' },
  { value: 'notify', label: 'Tell me about newer versions' },
  { value: 'install', label: 'Install newer versions when I quit' },
];

interface Props {
  settings: Pick<SettingsView, 'updates' | 'updatesMissing'>;
  onChoice: (choice: UpdateChoice) => void;
}

/** Whether newer versions are looked for, and what there is. */
export function UpdateSettings({ settings: { updates, updatesMissing }, onChoice }: Props) {
  const name = useId();
  return (
    <>
      <Choices legend="Newer versions">
        {choices.map(({ value, label }) => (
          <Choice
            key={value}
            name={name}
            value={value}
            chosen={updates ?? ''}
            onChoose={() => onChoice(value)}
            label={label}
            disabled={updatesMissing !== null}
          />
        ))}
      </Choices>
      {updatesMissing === null ? (
        <UpdateState />
      ) : (
        <p className="hint">
          <Block text={updatesMissing} />
        </p>
      )}
    </>
  );
}

function UpdateState() {
  const update = useWindow((state) => state.view?.app.update);
  const version = useWindow((state) => state.view?.app.version ?? '');
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  if (update === undefined) return null;
  const run = async (name: 'lookForUpdate' | 'installUpdate') => {
    setRefusal(null);
    const done = await call(name, {});
    if (!done.ok) setRefusal(done.refusal);
  };
  const busy = update.kind === 'looking' || update.kind === 'downloading';
  return (
    <div className="update-state">
      <p role="status">
        <Line text={updateWords(update, version)} />
      </p>
      {update.kind === 'ready' ? (
        <Button onClick={() => void run('installUpdate')}>Restart and install</Button>
      ) : (
        <Button busy={busy} onClick={() => void run('lookForUpdate')}>
          Look now
        </Button>
      )}
      {refusal === null ? null : (
        <div role="alert">
          <Refused refusal={refusal} />
        </div>
      )}
    </div>
  );
}

/** What is known of newer versions, in a sentence. */
export function updateWords(update: UpdateView, version: string): string {
  switch (update.kind) {
    case 'none':
      return update.looked === null ? `This is Reveille ${version}.` : `Reveille ${version} is the newest version.`;
    case 'looking':
      return 'Looking for a newer version…';
    case 'found':
      return update.canInstall
        ? `Reveille ${update.version} can be installed.`
        : `Reveille ${update.version} is there. Install it the way you installed this one.`;
    case 'downloading':
      return `Fetching Reveille ${update.version}…`;
    case 'ready':
      return `Reveille ${update.version} is ready to be installed.`;
  }
}
