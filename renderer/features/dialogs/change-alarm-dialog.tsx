import type { SubmitEvent } from 'react';
import { useRef, useState } from 'react';
import type { AlarmView, GuestView } from '../../../preload/contract/view';
import { call } from '../../bridge';
import { closeDialog } from '../../store';
import { Button } from '../../ui/button';
import { Modal, ModalFoot } from '../../ui/modal';
import { WakesText } from '../../ui/times';
import { About } from './about';
import type { Reading } from './reading';
import { useReading } from './reading';
import { WhenField } from './when-field';

const presets = ['-30 min', '+30 min', '+1 h', '8 h', 'until 07:00'];

/** Moves an alarm: by a step, or to a new time counted from now. */
export function ChangeAlarmDialog({ guest, alarm }: { guest: GuestView; alarm: AlarmView }) {
  const [text, setText] = useState('');
  const [refused, setRefused] = useState<{ text: string; reading: Reading } | null>(null);
  const live = useReading(text, true);
  const reading = refused?.text === text ? refused.reading : live;
  const field = useRef<HTMLInputElement>(null);

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (text.trim() === '') {
      field.current?.focus();
      return;
    }
    const moved = await call('moveAlarm', { alarmId: alarm.id, to: text });
    if (moved.ok) {
      closeDialog();
      return;
    }
    setRefused({ text, reading: { kind: 'refused', refusal: moved.refusal } });
    field.current?.focus();
  };
  return (
    <Modal
      title="Change alarm"
      about={
        <About guest={guest}>
          <WakesText alarm={alarm} />
        </About>
      }
      initialFocus={field}
    >
      <form onSubmit={(event) => void submit(event)}>
        <WhenField
          label="New time"
          text={text}
          onText={setText}
          reading={reading}
          presets={presets}
          whenEmpty="A step from the present alarm, or a new time counted from now."
          field={field}
        />
        <ModalFoot>
          <Button onClick={closeDialog}>Cancel</Button>
          <Button look="primary" icon="clock" submit>
            Change alarm
          </Button>
        </ModalFoot>
      </form>
    </Modal>
  );
}
