import type { SubmitEvent } from 'react';
import { useId, useRef, useState } from 'react';
import type { Refusal } from '../../../preload/contract/commands';
import type { GroupView } from '../../../preload/contract/schedules';
import { call } from '../../bridge';
import { focusFirstError } from '../../focus';
import { groupCommands } from '../../commands';
import { closeDialog } from '../../store';
import { Button } from '../../ui/button';
import { Modal, ModalFoot } from '../../ui/modal';
import { Refused } from '../../ui/refused';
import { AddMember } from './add-member';
import { MemberList } from './member-list';
import type { EditedMember } from './order';
import { readMembers } from './order';

interface GroupDialogProps {
  /** null: a new one. */
  group: GroupView | null;
  /** The first members of a new one. */
  guestIds: readonly string[];
}

/** Makes a group or changes one: its name, who is in it, and in which order they are woken. */
export function GroupDialog({ group, guestIds }: GroupDialogProps) {
  const [name, setName] = useState(group?.name ?? '');
  const [members, setMembers] = useState<readonly EditedMember[]>(
    () =>
      group?.members.map(({ guestId, delaySeconds }) => ({ guestId, delay: String(delaySeconds) })) ??
      guestIds.map((guestId) => ({ guestId, delay: '0' })),
  );
  /** The name is asked for once the form was sent without one. */
  const [nameError, setNameError] = useState('');
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [busy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const field = useRef<HTMLInputElement>(null);
  const nameId = useId();

  const change = (next: readonly EditedMember[]) => {
    setMembers(next);
    setRefusal(null);
  };
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (busy) return;
    const read = readMembers(members);
    if (name.trim() === '') setNameError('The group has no name yet. Give it one.');
    if (members.length === 0) setRefusal(noMembers);
    if (name.trim() === '' || members.length === 0 || read === null) {
      focusFirstError(form.current);
      return;
    }
    setBusy(true);
    const draft = { name: name.trim(), members: read };
    const saved = await call('saveGroup', { groupId: group?.id ?? null, draft });
    setBusy(false);
    if (saved.ok) closeDialog();
    else setRefusal(saved.refusal);
  };
  return (
    <Modal
      title={group === null ? 'New group' : (groupCommands.edit.longLabel ?? groupCommands.edit.label)}
      about="Guests that are acted on together. They are woken and started in this order."
      initialFocus={field}
      wide
    >
      <form ref={form} noValidate onSubmit={(event) => void submit(event)}>
        <div className="field">
          <label htmlFor={nameId}>Name</label>
          <input
            id={nameId}
            ref={field}
            type="text"
            className="input"
            value={name}
            placeholder="Storage"
            maxLength={200}
            spellCheck={false}
            autoComplete="off"
            aria-invalid={nameError !== ''}
            aria-describedby={`${nameId}-error`}
            onChange={(event) => {
              setName(event.target.value);
              setNameError('');
              setRefusal(null);
            }}
          />
          <p id={`${nameId}-error`} className="field-error" role="alert">
            {nameError}
          </p>
        </div>
        <MemberList members={members} onMembers={change} />
        <AddMember members={members} onAdd={(guestId) => change([...members, { guestId, delay: '0' }])} />
        <div role="alert">{refusal === null ? null : <Refused refusal={refusal} />}</div>
        <ModalFoot>
          <Button onClick={closeDialog}>Cancel</Button>
          <Button look="primary" icon={group === null ? 'group' : 'check'} submit busy={busy}>
            {group === null ? 'Create group' : 'Save'}
          </Button>
        </ModalFoot>
      </form>
    </Modal>
  );
}

/** The contract would refuse it without a sentence. */
const noMembers: Refusal = { code: 'no-members', message: 'The group has no guests.', remedy: 'Add one, or cancel.' };
