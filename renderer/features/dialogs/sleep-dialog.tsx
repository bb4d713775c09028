import type { SubmitEvent } from 'react';
import { useState } from 'react';
import type { GuestView } from '../../../preload/contract/view';
import type { HolderChoice, SleepName } from '../../../preload/contract/vocabulary';
import { actionCommands } from '../../commands';
import { sendAction } from '../../intents';
import { closeDialog } from '../../store';
import { Button } from '../../ui/button';
import { Modal, ModalFoot } from '../../ui/modal';
import { Block } from '../../ui/untrusted';
import { About } from './about';
import { HolderField } from './holders';
import { InUse } from './in-use';
import { HowStarted } from './how-started';
import { StartCommand } from './start-command';
import { sleepPresets, useWhen } from './use-when';
import { WhenField } from './when-field';

/** Puts a guest to sleep, for a time or until somebody wakes it. */
export function SleepDialog({ guest, action }: { guest: GuestView; action: SleepName }) {
  const command = actionCommands[action];
  const when = useWhen();
  const [holder, setHolder] = useState<HolderChoice>('auto');
  /** Once asked, the answer is kept while the text goes from a time to none and back. */
  const [asked, setAsked] = useState(false);
  if (when.timed && !asked) setAsked(true);
  const availability = guest.actions[action];
  /** Its alarm starts a hibernated guest again, which a hybrid sleep may end as, so the command is seen before. */
  const unseen = action !== 'suspend' && guest.start?.accepted === false ? guest.start : null;

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const settled = await when.settle();
    if (settled === null) return;
    closeDialog();
    const timed = settled.for !== undefined;
    await sendAction(guest.id, action, {
      ...settled,
      ...(timed && unseen !== null ? { startAccepted: true } : {}),
      ...(timed && holder !== 'auto' ? { alarm: holder } : {}),
    });
  };
  const note = availability.available ? availability.warning : availability.reason;
  return (
    <Modal
      title={command.label}
      about={<About guest={guest}>{command.ask.kind === 'when' ? command.ask.hint : undefined}</About>}
      initialFocus={when.field}
      wide={unseen !== null}
    >
      <form onSubmit={(event) => void submit(event)}>
        <WhenField
          label="For"
          text={when.text}
          onText={when.setText}
          reading={when.reading}
          presets={sleepPresets}
          whenEmpty="No alarm: it rests until somebody wakes it."
          field={when.field}
        />
        <div hidden={!when.timed}>
          {asked ? <HolderField guest={guest} action={action} choice={holder} onChoice={setHolder} /> : null}
        </div>
        {unseen === null ? null : (
          <>
            <p>
              With an alarm, Reveille starts the guest again{action === 'hybrid' ? ' if it ended as a hibernation,' : ''} by this command, <HowStarted guest={guest} />.
            </p>
            <StartCommand start={unseen} />
          </>
        )}
        <InUse guests={[guest]} />
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
