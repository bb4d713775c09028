import type { SubmitEvent } from 'react';
import { useId, useState } from 'react';
import type { Target } from '../../../preload/contract/schedules';
import type { HolderChoice, SleepName } from '../../../preload/contract/vocabulary';
import { actionCommands } from '../../commands';
import { sendMany } from '../../many-intents';
import { closeDialog } from '../../store';
import { Button } from '../../ui/button';
import { Choice, Choices } from '../../ui/choices';
import { Modal, ModalFoot } from '../../ui/modal';
import { holderChoiceWords } from '../../words';
import { AboutMany, useTarget } from './about-many';
import { InUse } from './in-use';
import { LeftOutGuests } from './left-out';
import { sleepPresets, useWhen } from './use-when';
import { WhenField } from './when-field';

const holders = Object.keys(holderChoiceWords) as HolderChoice[];

/** Puts several guests to sleep, for a time or until somebody wakes them. */
export function SleepManyDialog({ target, action }: { target: Target; action: SleepName }) {
  const command = actionCommands[action];
  const { words, guests } = useTarget(target);
  const when = useWhen();
  const [holder, setHolder] = useState<HolderChoice>('auto');
  const name = useId();

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const settled = await when.settle();
    if (settled === null) return;
    closeDialog();
    const alarm = settled.for === undefined || holder === 'auto' ? {} : { alarm: holder };
    await sendMany(target, action, { ...settled, ...alarm });
  };
  return (
    <Modal title={command.label} about={<AboutMany words={words} guests={guests} />} initialFocus={when.field}>
      <form onSubmit={(event) => void submit(event)}>
        <WhenField
          label="For"
          text={when.text}
          onText={when.setText}
          reading={when.reading}
          presets={sleepPresets}
          whenEmpty="No alarm: they rest until somebody wakes them."
          field={when.field}
        />
        {when.timed ? (
          <Choices legend="Woken by">
            {holders.map((value) => (
              <Choice
                key={value}
                name={name}
                value={value}
                chosen={holder}
                onChoose={setHolder}
                label={holderChoiceWords[value].label}
              >
                {holderChoiceWords[value].many}
              </Choice>
            ))}
          </Choices>
        ) : null}
        <InUse guests={guests} />
        <LeftOutGuests guests={guests} action={action} />
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
