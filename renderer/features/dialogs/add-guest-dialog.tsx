import type { RefObject, SubmitEvent } from 'react';
import { useId, useRef, useState } from 'react';
import type { ManualGuest, Refusal } from '../../../preload/contract/commands';
import { call } from '../../bridge';
import { appCommands } from '../../commands';
import { closeDialog, selectGuest } from '../../store';
import { Button } from '../../ui/button';
import { Modal, ModalFoot } from '../../ui/modal';
import { Refused } from '../../ui/refused';

interface FieldWords {
  label: string;
  hint: string;
  example: string;
  lines?: number;
}

const fields: Record<keyof ManualGuest, FieldWords> = {
  name: { label: 'Name', hint: '', example: 'nas' },
  qmp: {
    label: 'QMP address',
    hint: 'Where its QMP monitor listens: a socket’s path, or a host and port.',
    example: '/run/user/1000/nas-qmp.sock or 127.0.0.1:4444',
  },
  agent: {
    label: 'Agent address',
    hint: 'Optional. Without the guest agent it can’t be put to sleep.',
    example: '/run/user/1000/nas-agent.sock',
  },
  command: {
    label: 'Start command',
    hint: 'Optional. The executable, then one argument a line. Never read by a shell.',
    example: '/usr/bin/qemu-system-x86_64\n-name\nnas',
    lines: 3,
  },
  workingDirectory: { label: 'Working directory', hint: '', example: '/home/me/vms' },
};

const order = Object.keys(fields) as (keyof ManualGuest)[];
const nothing: ManualGuest = { name: '', qmp: '', agent: '', command: '', workingDirectory: '' };

/** Adds a guest that was not found by itself. Main checks the addresses; what it refuses is said here. */
export function AddGuestDialog() {
  const { label, icon } = appCommands['add-guest'];
  const [guest, setGuest] = useState(nothing);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [busy, setBusy] = useState(false);
  const first = useRef<HTMLInputElement>(null);

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    const added = await call('addGuest', guest);
    setBusy(false);
    if (added.ok) {
      closeDialog();
      selectGuest(added.value.guestId);
    } else setRefusal(added.refusal);
  };
  return (
    <Modal title={label} about="By the address of its QMP monitor." initialFocus={first} wide>
      <form onSubmit={(event) => void submit(event)}>
        {order.map((name) => (
          <Field
            key={name}
            words={fields[name]}
            value={guest[name]}
            field={name === 'name' ? first : undefined}
            onValue={(value) => setGuest((before) => ({ ...before, [name]: value }))}
          />
        ))}
        <div role="alert">{refusal === null ? null : <Refused refusal={refusal} />}</div>
        <ModalFoot>
          <Button onClick={closeDialog}>Cancel</Button>
          <Button look="primary" icon={icon} submit busy={busy}>
            {label}
          </Button>
        </ModalFoot>
      </form>
    </Modal>
  );
}

interface FieldProps {
  words: FieldWords;
  value: string;
  onValue: (value: string) => void;
  field: RefObject<HTMLInputElement | null> | undefined;
}

function Field({ words, value, onValue, field }: FieldProps) {
  const id = useId();
  const common = {
    id,
    className: 'input',
    value,
    placeholder: words.example,
    spellCheck: false,
    autoComplete: 'off',
    'aria-describedby': words.hint === '' ? undefined : `${id}-hint`,
  };
  return (
    <div className="field">
      <label htmlFor={id}>{words.label}</label>
      {words.lines === undefined ? (
        <input {...common} type="text" ref={field} onChange={(event) => onValue(event.target.value)} />
      ) : (
        <textarea {...common} rows={words.lines} onChange={(event) => onValue(event.target.value)} />
      )}
      {words.hint === '' ? null : (
        <p className="hint" id={`${id}-hint`}>
          {words.hint}
        </p>
      )}
    </div>
  );
}
