import type { SubmitEvent } from 'react';
import { useRef, useState } from 'react';
import type { Refusal } from '../../../preload/contract/commands';
import { call } from '../../bridge';
import { closeDialog, useWindow } from '../../store';
import { cleanLine, guestName } from '../../text';
import { Button } from '../../ui/button';
import { Modal, ModalFoot } from '../../ui/modal';
import { Refused } from '../../ui/refused';
import { Segments } from '../../ui/segments';
import { Block } from '../../ui/untrusted';

type Format = 'csv' | 'json';
type Outcome = { kind: 'open' } | { kind: 'busy' } | { kind: 'cancelled' } | { kind: 'saved'; path: string } | { kind: 'refused'; refusal: Refusal };

const formats: readonly { value: Format; label: string }[] = [
  { value: 'csv', label: 'CSV' },
  { value: 'json', label: 'JSON' },
];
const hints: Record<Format, string> = {
  csv: 'A table, for spreadsheets.',
  json: 'With everything that is kept, for programs.',
};

/** Writes the history to a file of the user's choice, and says where it is. `ids` empty: of all guests and hosts. */
export function ExportDialog({ ids }: { ids: readonly string[] }) {
  const [format, setFormat] = useState<Format>('csv');
  const [outcome, setOutcome] = useState<Outcome>({ kind: 'open' });
  const button = useRef<HTMLButtonElement>(null);
  const about = useWindow(({ view }) => {
    const [only] = ids;
    if (ids.length !== 1 || only === undefined) return ids.length === 0 ? 'All guests and hosts' : `${ids.length} guests and hosts`;
    const guest = view?.guests[only];
    return guest === undefined ? cleanLine(view?.hosts[only]?.name ?? only) : guestName(guest.name);
  });
  const saved = outcome.kind === 'saved';
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (outcome.kind === 'busy') return;
    if (saved) {
      closeDialog();
      return;
    }
    setOutcome({ kind: 'busy' });
    const answer = await call('exportHistory', { ids: [...ids], format });
    if (!answer.ok) setOutcome({ kind: 'refused', refusal: answer.refusal });
    else setOutcome(answer.value.path === null ? { kind: 'cancelled' } : { kind: 'saved', path: answer.value.path });
    button.current?.focus();
  };
  return (
    <Modal title="Export history" about={about} initialFocus={button}>
      <form onSubmit={(event) => void submit(event)}>
        <p>All that is kept is written: states over time, and who did what and when.</p>
        <div className="export-format">
          <Segments label="Format" options={formats} value={format} onValue={setFormat} />
          <p className="hint">{hints[format]}</p>
        </div>
        <div role="status" className="export-outcome">
          {outcome.kind === 'saved' ? (
            <p className="mended">
              Saved to <Block text={outcome.path} />
            </p>
          ) : outcome.kind === 'cancelled' ? (
            <p className="hint">No file was chosen; nothing was written.</p>
          ) : null}
        </div>
        <div role="alert">{outcome.kind === 'refused' ? <Refused refusal={outcome.refusal} /> : null}</div>
        <ModalFoot>
          {saved ? null : <Button onClick={closeDialog}>Cancel</Button>}
          <Button look="primary" icon={saved ? 'check' : 'save'} submit busy={outcome.kind === 'busy'} ref={button}>
            {saved ? 'Close' : 'Choose a file…'}
          </Button>
        </ModalFoot>
      </form>
    </Modal>
  );
}
