import { useRef } from 'react';
import { removeSchedule } from '../../schedule-intents';
import { scheduleName } from '../../schedule-words';
import { closeDialog, useWindow } from '../../store';
import { Button } from '../../ui/button';
import { Modal, ModalFoot } from '../../ui/modal';
import { Line } from '../../ui/untrusted';

/** Forgetting a schedule: what it began already is kept. Cancel has the focus. */
export function RemoveScheduleDialog({ scheduleId }: { scheduleId: string }) {
  const schedule = useWindow((state) => state.view?.schedules[scheduleId]);
  const cancel = useRef<HTMLButtonElement>(null);
  if (schedule === undefined) return null;
  const remove = () => {
    closeDialog();
    void removeSchedule(scheduleId);
  };
  return (
    <Modal
      title="Remove schedule"
      about={<Line text={scheduleName(schedule)} className="about-guest" />}
      initialFocus={cancel}
    >
      <p>Nothing is put to sleep or woken by it any more. A guest that sleeps now keeps the alarm it has.</p>
      <ModalFoot>
        <Button onClick={closeDialog} ref={cancel}>
          Cancel
        </Button>
        <Button look="danger" icon="trash" onClick={remove}>
          Remove
        </Button>
      </ModalFoot>
    </Modal>
  );
}
