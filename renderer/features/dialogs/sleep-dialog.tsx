import type { SubmitEvent } from 'react';
import { useRef, useState } from 'react';
import type { GuestView } from '../../../preload/contract/view';
import type { SleepName } from '../../../preload/contract/vocabulary';
import { actionCommands } from '../../commands';
import { sendAction } from '../../intents';
import { closeDialog } from '../../store';
import { Button } from '../../ui/button';
import { Modal, ModalFoot } from '../../ui/modal';
import { Block } from '../../ui/untrusted';
import { About } from './about';
import { HowStarted } from './how-started';
import { StartCommand } from './start-command';
import type { Reading } from './reading';
import { read, useReading } from './reading';
import { WhenField } from './when-field';

const presets = ['30 min', '1 h', '2 h', '8 h', 'until 07:00'];

/** Puts a guest to sleep, for a time or until somebody wakes it. */
export function SleepDialog({ guest, action }: { guest: GuestView; action: SleepName }) {
  const command = actionCommands[action];
  const [text, setText] = useState('');
  const [refused, setRefused] = useState<{ text: string; reading: Reading } | null>(null);
  const live = useReading(text, false);
  const reading = refused?.text === text ? refused.reading : live;
  const field = useRef<HTMLInputElement>(null);
  const availability = guest.actions[action];
  /** Its alarm starts a hibernated guest again, so the command is seen before. */
  const unseen = action === 'hibernate' && guest.start?.accepted === false ? guest.start : null;

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const now = await read(text, false);
    if (now.kind === 'refused') {
      setRefused({ text, reading: now });
      field.current?.focus();
      return;
    }
    closeDialog();
    await sendAction(guest.id, action, now.kind === 'empty' ? {} : { for: text, ...(unseen === null ? {} : { startAccepted: true }) });
  };
  const note = availability.available ? availability.warning : availability.reason;
  return (
    <Modal
      title={command.label}
      about={<About guest={guest}>{command.ask.kind === 'when' ? command.ask.hint : undefined}</About>}
      initialFocus={field}
      wide={unseen !== null}
    >
      <form onSubmit={(event) => void submit(event)}>
        <WhenField
          label="For"
          text={text}
          onText={setText}
          reading={reading}
          presets={presets}
          whenEmpty="No alarm: it rests until somebody wakes it."
          field={field}
        />
        {reading.kind === 'read' ? <p className="hint">Reveille keeps the alarm: leave it open.</p> : null}
        {unseen === null ? null : (
          <>
            <p>
              With an alarm, Reveille starts the guest again by this command, <HowStarted guest={guest} />.
            </p>
            <StartCommand start={unseen} />
          </>
        )}
        {note === undefined ? null : (
          <p className="note">
            <Block text={note} />
          </p>
        )}
        <ModalFoot>
          <Button onClick={closeDialog}>Cancel</Button>
          <Button look="primary" icon={command.icon} submit>
            {command.label}
          </Button>
        </ModalFoot>
      </form>
    </Modal>
  );
}
